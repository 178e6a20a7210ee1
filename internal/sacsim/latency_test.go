package sacsim

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sacbridge/internal/sacsim/service"
)

func TestBehaviour60_CostsFollowThePublishedFigures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		work service.Work
		want float64
	}{
		"a token":                                {service.Work{Kind: workToken}, 0.2},
		"a CSRF token":                           {service.Work{Kind: workCSRF}, 0.15},
		"one user":                               {service.Work{Kind: service.WorkGetUser}, 0.15},
		"nothing found":                          {service.Work{Kind: service.WorkNotFound}, 0.15},
		"a full page":                            {service.Work{Kind: service.WorkPage, Rows: 200, Users: 500}, 0.7},
		"a full page of a large tenant":          {service.Work{Kind: service.WorkPage, Rows: 200, Users: 80_000}, 1.4},
		"a create":                               {service.Work{Kind: service.WorkCreateUser}, 0.35},
		"a conflict costs 1.08 of a read":        {service.Work{Kind: service.WorkConflict}, 0.162},
		"an update of a user":                    {service.Work{Kind: service.WorkWriteUser}, 0.5},
		"a delete of a user":                     {service.Work{Kind: service.WorkDeleteUser}, 0.2},
		"an update that changes nothing":         {service.Work{Kind: service.WorkTeam}, 0.3},
		"380 people into an empty team":          {service.Work{Kind: service.WorkTeam, MemberChanges: 380}, 10.3},
		"people into a team of 10,000":           {service.Work{Kind: service.WorkTeam, TeamSize: 10_000, MemberChanges: 300}, 10.3},
		"the slowest rate of a small tenant":     {service.Work{Kind: service.WorkTeam, TeamSize: 100_000, MemberChanges: 80}, 10.3},
		"170 people in a large tenant":           {service.Work{Kind: service.WorkTeam, MemberChanges: 170, Users: 80_000}, 10.3},
		"a large team of a large tenant":         {service.Work{Kind: service.WorkTeam, TeamSize: 25_000, MemberChanges: 100, Users: 80_000}, 10.3},
		"two roles on 92 members":                {service.Work{Kind: service.WorkTeam, TeamSize: 92, RoleChanges: 2}, 4.3},
		"roles on an empty team are nearly free": {service.Work{Kind: service.WorkTeam, RoleChanges: 50}, 0.3},
		"a delete of a team of 10,000":           {service.Work{Kind: service.WorkDeleteTeam, TeamSize: 10_000}, 0.3 + 10_000.0/30},
		"Bulk costs 0.6 of its parts": {service.Work{Kind: service.WorkBulk, Items: []service.Work{
			{Kind: service.WorkWriteUser}, {Kind: service.WorkDeleteUser},
		}}, 0.3 + 0.6*0.7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Real().Seconds(c.work); math.Abs(got-c.want) > 1e-9 {
				t.Errorf("Seconds = %v, want %v", got, c.want)
			}
		})
	}
}

func TestLatencyNeverFallsWithMoreWork(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kinds := []service.WorkKind{service.WorkPage, service.WorkTeam, service.WorkDeleteTeam, service.WorkGetTeam}
		draw := func(label string) int { return rapid.IntRange(0, 200_000).Draw(t, label) }
		small := service.Work{
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Rows: draw("rows"), TeamSize: draw("size"),
			MemberChanges: draw("members"), RoleChanges: draw("roles"), Users: draw("users"),
		}
		large := small
		large.Rows += draw("more rows")
		large.TeamSize += draw("more size")
		large.MemberChanges += draw("more members")
		large.RoleChanges += draw("more roles")
		large.Users += draw("more users")
		got, least := Real().Seconds(large), Real().Seconds(small)
		if got < least-1e-9 {
			t.Fatalf("%+v costs %v, less than the %v of %+v", large, got, least, small)
		}
	})
}

func TestParseLatency(t *testing.T) {
	t.Parallel()
	slow := Real()
	slow.Token, slow.SmallTenant.Start, slow.Parallel = 2, 5, 3
	slow.SmallTenant.Floor = 1
	for name, c := range map[string]struct {
		in   string
		want Latency
		err  string
	}{
		"an empty object is the profile real":  {`{}`, Real(), ""},
		"given keys replace those of real":     {`{"token":2,"smallTenant":{"start":5,"floor":1},"parallel":3}`, slow, ""},
		"an unknown key is refused":            {`{"tokens":2}`, Latency{}, `unknown field "tokens"`},
		"a negative time is refused":           {`{"token":-1}`, Latency{}, `"token" is -1`},
		"a rate of zero is refused":            {`{"roleRate":0}`, Latency{}, `"roleRate"`},
		"a text for a number names the place":  {"{\n \"token\":\"2\"}", Latency{}, "line 2"},
		"a list is refused":                    {`[]`, Latency{}, "line 1"},
		"more behind the object is refused":    {`{} {}`, Latency{}, "more input"},
		"a large tenant below the small one":   {`{"largeUsers":10}`, Latency{}, `"largeUsers"`},
		"half a file is refused":               {`{"token":`, Latency{}, "unexpected EOF"},
		"nothing at all is refused":            {``, Latency{}, "unexpected EOF"},
		"no call may run at all when parallel": {`{"parallel":0}`, Latency{}, `"parallel"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseLatency(strings.NewReader(c.in))
			if c.err == "" && (err != nil || got != c.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error = %v, want one with %q", err, c.err)
			}
		})
	}
}

func FuzzParseLatency(f *testing.F) {
	for _, seed := range []string{`{}`, `{"token":2}`, `{"smallTenant":{"start":1e-9}}`, `[1`, `{"timeout":1e999}`, `null`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		profile, err := ParseLatency(strings.NewReader(in))
		if err != nil {
			return
		}
		work := service.Work{Kind: service.WorkTeam, TeamSize: 30_000, MemberChanges: 100, RoleChanges: 3, Users: 9000}
		if got := profile.Seconds(work); math.IsNaN(got) || math.IsInf(got, 0) || got < 0 {
			t.Errorf("%q was taken and makes a write cost %v", in, got)
		}
	})
}
