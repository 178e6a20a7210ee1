package plan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

func TestWhatWasSpentCountsWithThePlan(t *testing.T) {
	t.Parallel()
	deletes := func(n int) plan.Amounts { return plan.Amounts{Delete: n} }
	count := func(n int) *int { return &n }
	share := func(f float64) *float64 { return &f }
	guard := func(g plan.Guard) plan.Guards { return plan.Guards{MaxDelete: g} }
	tests := map[string]struct {
		rules  plan.Rules
		counts plan.Counts
		read   plan.Population
		want   []plan.ExceededGuard
	}{
		"alone it may": {
			rules: plan.Rules{Guards: guard(plan.Guard{Count: count(10)})}, counts: plan.Counts{DeleteUsers: 6, DeleteTeams: 4},
		},
		"with what was spent on the tenant it may not": {
			rules:  plan.Rules{Guards: guard(plan.Guard{Count: count(10)}), Spent: plan.Spent{Tenant: deletes(9)}},
			counts: plan.Counts{DeleteUsers: 2},
			want:   []plan.ExceededGuard{{Guard: "max_delete", Count: 2, Spent: 9, Limit: 10}},
		},
		"a plan that deletes nobody is not held for what was spent": {
			rules:  plan.Rules{Guards: guard(plan.Guard{Count: count(10)}), Spent: plan.Spent{Tenant: deletes(900)}},
			counts: plan.Counts{CreateUsers: 2},
		},
		"a limit that a person gave for this plan is judged alone": {
			rules:  plan.Rules{Guards: guard(plan.Guard{Count: count(2), Once: true}), Spent: plan.Spent{Tenant: deletes(900), Job: deletes(900)}},
			counts: plan.Counts{DeleteUsers: 2},
		},
		"and holds all the same": {
			rules:  plan.Rules{Guards: guard(plan.Guard{Count: count(2), Once: true})},
			counts: plan.Counts{DeleteUsers: 3},
			want:   []plan.ExceededGuard{{Guard: "max_delete", Count: 3, Limit: 2}},
		},
		"the job's own limit counts what the job spent": {
			rules: plan.Rules{
				Guards: guard(plan.Guard{Count: count(100)}), JobGuards: &plan.Guards{MaxDelete: plan.Guard{Count: count(5)}},
				Spent: plan.Spent{Tenant: deletes(50), Job: deletes(4)},
			},
			counts: plan.Counts{DeleteUsers: 2},
			want:   []plan.ExceededGuard{{Guard: "max_delete", Job: true, Count: 2, Spent: 4, Limit: 5}},
		},
		"a share of what was read, where that is 100 or more": {
			rules:  plan.Rules{Guards: guard(plan.Guard{Percent: share(2)})},
			counts: plan.Counts{DeleteUsers: 3}, read: plan.Population{People: 100},
			want: []plan.ExceededGuard{{Guard: "max_delete", Count: 3, Of: 100, Percent: 2}},
		},
		"a share of all there are, though fewer were read": {
			rules:  plan.Rules{Guards: guard(plan.Guard{Percent: share(2)}), Population: plan.Population{People: 10_000}},
			counts: plan.Counts{DeleteUsers: 3}, read: plan.Population{People: 100},
		},
		"small plans have a share, too, once the population is known": {
			rules: plan.Rules{
				Guards: guard(plan.Guard{Percent: share(2)}), Population: plan.Population{People: 1_000},
				Spent: plan.Spent{Tenant: deletes(20)},
			},
			counts: plan.Counts{DeleteUsers: 1}, read: plan.Population{People: 1},
			want: []plan.ExceededGuard{{Guard: "max_delete", Count: 1, Spent: 20, Of: 1_000, Percent: 2}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plan.Plan{Rules: tc.rules, Counts: tc.counts, Read: tc.read}
			p.Judge()
			if diff := cmp.Diff(p.Exceeded, tc.want, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestWhatALedgerSpends(t *testing.T) {
	t.Parallel()
	one := plan.Amounts{Create: 1, Update: 2, Deactivate: 3, Delete: 4, RoleRemoval: 5, MemberRemoval: 6}
	at := func(ago time.Duration) time.Time { return noon().Add(-ago) }
	entry := func(ago time.Duration, tenant, job string) plan.Entry {
		return plan.Entry{At: at(ago), Tenant: tenant, Job: job, Amounts: one}
	}
	allowed := entry(time.Hour, "prod", "people")
	allowed.Allowed = true
	twice := plan.Amounts{Create: 2, Update: 4, Deactivate: 6, Delete: 8, RoleRemoval: 10, MemberRemoval: 12}
	tests := map[string]struct {
		ledger []plan.Entry
		job    string
		want   plan.Spent
	}{
		"nothing":                             {nil, "people", plan.Spent{}},
		"another tenant":                      {[]plan.Entry{entry(time.Hour, "dev", "people")}, "people", plan.Spent{}},
		"before the window":                   {[]plan.Entry{entry(24*time.Hour, "prod", "people")}, "people", plan.Spent{}},
		"a person allowed it":                 {[]plan.Entry{allowed}, "people", plan.Spent{}},
		"the job's own and another's":         {[]plan.Entry{entry(time.Hour, "prod", "people"), entry(23*time.Hour, "prod", "nightly")}, "people", plan.Spent{Tenant: twice, Job: one}},
		"runs without a job are nobody's":     {[]plan.Entry{entry(time.Hour, "prod", ""), entry(2*time.Hour, "prod", "")}, "", plan.Spent{Tenant: twice}},
		"a clock that ran ahead hides no run": {[]plan.Entry{entry(-time.Hour, "prod", "people")}, "people", plan.Spent{Tenant: one, Job: one}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.want.Since = at(plan.DefaultWindow)
			if diff := cmp.Diff(plan.SpentIn(tc.ledger, noon(), plan.DefaultWindow, "prod", tc.job), tc.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestWhatARunSpendsIsWhatItCarriedOutAndNobodyAllowed(t *testing.T) {
	t.Parallel()
	changes := []plan.Change{
		{Entity: plan.User, Op: plan.Delete, Key: "A"},
		{Entity: plan.Team, Op: plan.Update, Key: "P", RemoveMembers: []string{"B", "C"}, RemoveRoles: []string{roleOne}},
	}
	p := plan.Plan{Changes: changes, Counts: plan.Counts{DeleteUsers: 1, UpdateTeams: 1, RemoveMembers: 2, RemoveRoles: 1}}
	if got, want := p.Spends(), (plan.Amounts{Delete: 1, MemberRemoval: 2, RoleRemoval: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := p.SpentBy(changes[:1]), (plan.Amounts{Delete: 1}); got != want {
		t.Errorf("got %+v for the first change, want %+v", got, want)
	}
	p.Rules.Guards.MaxMemberRemoval.Once = true
	if got, want := p.Spends(), (plan.Amounts{Delete: 1, RoleRemoval: 1}); got != want {
		t.Errorf("got %+v where member removals were allowed, want %+v", got, want)
	}
}

// TestManySmallRunsPassNoLimitThatOneLargeRunMayNot draws runs in time. Each is planned with what the ledger
// tells, and carried out unless a guard holds it; an oracle with nothing but a list of what was done says the
// same, and that at no time more than the limit was done within a window.
func TestManySmallRunsPassNoLimitThatOneLargeRunMayNot(t *testing.T) {
	t.Parallel()
	type done struct {
		minute, deletes int
		job             string
	}
	rapid.Check(t, func(t *rapid.T) {
		most, jobMost := rapid.IntRange(0, 12).Draw(t, "limit"), rapid.IntRange(0, 12).Draw(t, "limit of the job")
		population := rapid.SampledFrom([]int{0, 99, 100, 400}).Draw(t, "population")
		const percent, window = 2.0, 60 // minutes
		share := percent
		rules := plan.Rules{
			Guards:     plan.Guards{MaxDelete: plan.Guard{Count: &most, Percent: &share}},
			JobGuards:  &plan.Guards{MaxDelete: plan.Guard{Count: &jobMost}},
			Population: plan.Population{People: population},
		}
		var ledger []plan.Entry
		var log []done
		minute := 0
		for range rapid.IntRange(1, 25).Draw(t, "runs") {
			minute += rapid.IntRange(0, 30).Draw(t, "minutes later")
			now := noon().Add(time.Duration(minute) * time.Minute)
			run := done{minute, rapid.IntRange(0, 6).Draw(t, "deletes"), rapid.SampledFrom([]string{"", "nightly", "people"}).Draw(t, "job")}
			allowed := rapid.IntRange(0, 9).Draw(t, "allowed by a person") == 0

			rules.Spent = plan.SpentIn(ledger, now, window*time.Minute, "prod", run.job)
			p := plan.Plan{Rules: rules, Counts: plan.Counts{DeleteUsers: run.deletes}, Read: plan.Population{People: run.deletes}}
			p.Judge()

			all, own := run.deletes, run.deletes
			for _, d := range log {
				if run.minute-d.minute < window {
					all += d.deletes
					if d.job != "" && d.job == run.job {
						own += d.deletes
					}
				}
			}
			held := run.deletes > 0 && (all > most || own > jobMost || population >= 100 && float64(all) > percent/100*float64(population))
			if got := len(p.Exceeded) > 0; got != held {
				t.Fatalf("minute %d, %d deletes for job %q after %+v: got held %t (%+v), want %t", minute, run.deletes, run.job, log, got, p.Exceeded, held)
			}
			if held && !allowed {
				continue
			}
			entry := plan.Entry{At: now, Tenant: "prod", Job: run.job, Amounts: p.Spends(), Allowed: held}
			ledger = slices.Insert(ledger, rapid.IntRange(0, len(ledger)).Draw(t, "place in the ledger"), entry)
			if !held {
				log = append(log, run)
			}
		}
	})
}

func TestAPlanIsMadeWithItsSpentAmountsAndJudgedAnew(t *testing.T) {
	t.Parallel()
	row := plan.CopyTeam{Users: plan.UsersAll, UserRoles: identity.Replace}
	rules := plan.Rules{Guards: plan.DefaultGuards(), Spent: plan.Spent{Tenant: plan.Amounts{RoleRemoval: 20}}}
	p := plan.Make(copyTeams(row, "P"), crowd(6, true, roleOne), crowd(6, true, roleTwo), rules)
	if len(p.Exceeded) != 1 || p.Exceeded[0].Spent != 20 || p.Applicable() {
		t.Fatalf("got %+v, want held for 20 + 6 of 25 role links", p.Exceeded)
	}
	p.Rules.Spent.Tenant.RoleRemoval = 19
	if p.Judge(); len(p.Exceeded) > 0 || !p.Applicable() {
		t.Errorf("got %+v with 19 + 6 of 25, want none held", p.Exceeded)
	}
	if want := (plan.Population{People: 6, Teams: 1, RoleLinks: 6, Memberships: 6}); p.Read != want {
		t.Errorf("got read %+v, want %+v", p.Read, want)
	}
}
