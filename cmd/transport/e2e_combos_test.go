package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim/service"
)

var (
	ssoModes  = []string{"default", "userid", "email", "custom"}
	platforms = []string{"neo", "cf"}
)

// combinations are all 4⁴ ways to copy, each for a team of its own.
func combinations() []teamCopy {
	actions := []string{"keep", "add", "remove", "replace"}
	var all []teamCopy
	for n := range 256 {
		all = append(all, teamCopy{
			number: n, team: fmt.Sprintf("Team %03d", n), copyName: n%3 == 0,
			userRoles: actions[n%4], userTeams: actions[n/4%4], teamRoles: actions[n/16%4], members: actions[n/64],
		})
	}
	return all
}

// combinedRequest gives the copies as one request.
func combinedRequest(copies []teamCopy) plan.Request {
	req := plan.Request{Options: plan.Options{TranslateRoles: true, Active: plan.ActiveKeep}}
	for _, o := range copies {
		name := plan.NameKeep
		if o.copyName {
			name = plan.NameCopy
		}
		req.Steps = append(req.Steps, plan.Step{Origin: "--team " + o.team, CopyTeam: &plan.CopyTeam{
			Team: o.team, Users: plan.UsersAll, UserRoles: identity.Action(o.userRoles), UserTeams: identity.Action(o.userTeams),
			TeamRoles: identity.Action(o.teamRoles), Members: identity.Action(o.members), Name: name,
		}})
	}
	return req
}

// combinedStates are two tenants with a team for each copy. Each team has four people: A in both tenants
// and, mostly, both teams; B in the source only, under a manager, with an e-mail in mixed case; C in both
// tenants, but only in the source's team, reporting to B; D in the target only. Besides there are
// secondary teams of everybody: one that only the source has, one in both, one that only the target has.
func combinedStates(copies []teamCopy, from, to string) (source, target *tenantState) {
	roles := func(ns string, names ...string) (ids []string) {
		for _, n := range names {
			ids = append(ids, "PROFILE:"+ns+":"+n)
		}
		return ids
	}
	source = newTenantState(roles("t.A", "Both", "Ours")...)
	target = newTenantState(roles("t.B", "Both", "Ours", "Theirs")...)
	sides := map[string]map[string][]string{"source": {}, "target": {}}
	for _, o := range copies {
		n := o.number
		a, b, c, d := fmt.Sprintf("A%03d", n), fmt.Sprintf("B%03d", n), fmt.Sprintf("C%03d", n), fmt.Sprintf("D%03d", n)
		fillSource(source, n, from, a, b, c)
		fillTarget(target, n, from, to, a, c, d)
		source.team(o.team, "Team of "+a, roles("t.A", "Both", "Ours"), []string{a, b, c})
		if n%7 != 3 {
			target.team(o.team, "Old "+o.team, roles("t.B", "Both", "Theirs"), []string{a, d})
		}
		for _, s := range [][2]string{{"Sec ours", a}, {"Sec ours", b}, {"Sec both", a}, {"Sec both", c}} {
			sides["source"][s[0]] = append(sides["source"][s[0]], s[1])
		}
		for _, s := range [][2]string{{"Sec both", a}, {"Sec both", d}, {"Sec theirs", a}, {"Sec theirs", c}} {
			sides["target"][s[0]] = append(sides["target"][s[0]], s[1])
		}
	}
	source.team("Sec ours", "Never copied", roles("t.A", "Ours"), sides["source"]["Sec ours"])
	source.team("Sec both", "Never copied", roles("t.A", "Both"), sides["source"]["Sec both"])
	target.team("Sec both", "Kept", roles("t.B", "Theirs"), sides["target"]["Sec both"])
	target.team("Sec theirs", "Kept", roles("t.B", "Theirs"), sides["target"]["Sec theirs"])
	return source, target
}

func fillSource(source *tenantState, n int, from, a, b, c string) {
	source.add(a, strings.ToLower(a)+"@example.com", "PROFILE:t.A:Both", "PROFILE:t.A:Ours")
	made := source.add(b, "Mixed."+b+"@Example.com", "PROFILE:t.A:Ours", "PROFILE:sap.epm:Viewer")
	made.Manager, made.PreferredLanguage, made.Params.IsConcurrent = a, "de", n%2 == 0
	made.Photos, made.Params.CleanUpDays = []string{"https://photos.example.com/" + b}, 30
	other := source.add(c, strings.ToLower(c)+"@example.com")
	other.Manager, other.Active = b, n%5 != 0
	for _, id := range []string{a, b, c} {
		h := source.Users[id]
		switch from {
		case "email":
			h.UserName = strings.ToLower(h.Email)
		case "custom":
			h.UserName = "Login-" + id
		}
	}
}

func fillTarget(target *tenantState, n int, from, to, a, c, d string) {
	old := target.add(a, strings.ToLower(a)+"@example.com", "PROFILE:t.B:Both", "PROFILE:t.B:Theirs")
	if n%4 == 0 {
		old.Email, old.PreferredLanguage, old.Manager = "old."+strings.ToLower(a)+"@example.com", "fr", c
		old.Photos, old.Params.DateFormatting = []string{"https://photos.example.com/old"}, "dd.MM.yyyy"
	}
	kept := target.add(c, strings.ToLower(c)+"@example.com", "PROFILE:t.B:Both")
	kept.Params.IsConcurrent, kept.Active = n%6 == 0, n%9 != 0
	target.add(d, strings.ToLower(d)+"@example.com", "PROFILE:t.B:Theirs")
	for _, id := range []string{a, c, d} {
		h := target.Users[id]
		switch {
		case to == "email":
			h.UserName = h.Email
		case to == "custom" && id == a && n%8 == 0:
			h.UserName = "Before-" + id
		case to == "custom" && from == "custom":
			h.UserName = "Login-" + id
		}
	}
	if to == "email" {
		target.Users["SYSOWNER"].UserName = "sysowner@example.com"
	}
}

// TestEveryCombinationOfActionsEqualsTheOracle carries all 4⁴ combinations out in one run, for each pair of
// platforms and of SSO modes. With -short or -race each pair has every sixteenth combination, another
// sixteenth each time, and with -race one pair of platforms for each pair of modes.
func TestEveryCombinationOfActionsEqualsTheOracle(t *testing.T) {
	t.Parallel()
	for f, from := range ssoModes {
		for s, to := range ssoModes {
			copies := combinations()
			if raceDetector {
				copies = slices.DeleteFunc(copies, func(o teamCopy) bool { return o.number%16 != (4*f+s+o.number/16)%16 })
			}
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				source, target := combinedStates(copies, from, to)
				wants := map[string]*tenantState{"neo": target.clone(t), "cf": target.clone(t)}
				wants["neo"].neo = true
				for _, want := range wants {
					oracle(source, want, from, to, copies)
				}
				sourceSeed, targetSeed := source.seed(t, from), target.seed(t, to)
				for p := range 4 {
					if raceDetector && p != (f+s)%4 {
						continue
					}
					c := combined{
						dev:    newSimTenant(t, "dev", platforms[p/2], from, "t.A", sourceSeed, false),
						prod:   newSimTenant(t, "prod", platforms[p%2], to, "t.B", targetSeed, false),
						copies: copies, start: target, want: wants[platforms[p%2]],
					}
					t.Run(platforms[p/2]+" to "+platforms[p%2], c.check)
				}
			})
		}
	}
}

// combined is one pair of tenants for all combinations.
type combined struct {
	dev, prod   *simTenant
	copies      []teamCopy
	start, want *tenantState
}

func (c combined) check(t *testing.T) {
	j := newTransfer(t, c.dev, c.prod, 4, "")
	before := c.dev.state(t).text(t)
	if diff := cmp.Diff(c.prod.state(t).text(t), c.start.text(t)); diff != "" {
		t.Fatalf("the target does not start as meant (-got +want):\n%s", diff)
	}
	p, err := j.plan(t.Context(), combinedRequest(c.copies))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Conflicts)+len(p.Exceeded) > 0 {
		t.Fatalf("the plan has conflicts %v or is held %v", p.Conflicts, p.Exceeded)
	}
	if n := c.prod.stats(t).writeCount() + c.dev.stats(t).writeCount(); n > 0 {
		t.Errorf("planning wrote %d times", n)
	}
	res, err := j.run(t.Context(), p)
	if err != nil || !res.Complete() {
		t.Fatalf("the run is not complete: %v, %v", err, failures(res))
	}
	if diff := cmp.Diff(c.prod.state(t).text(t), c.want.text(t)); diff != "" {
		t.Errorf("the target differs from the oracle (-got +want):\n%s", diff)
	}
	c.mappedRight(t)
	c.again(t)
	noViolations(t, c.dev, c.prod)
	if got := c.dev.state(t).text(t); got != before || c.dev.stats(t).writeCount() > 0 {
		t.Error("the source was written to")
	}
}

// again wants nothing to be left: an empty plan, and no write from a run of it.
func (c combined) again(t *testing.T) {
	t.Helper()
	c.prod.control(t, http.MethodPost, "/__stats/reset", nil, nil)
	j := newTransfer(t, c.dev, c.prod, 4, "")
	p, err := j.plan(t.Context(), combinedRequest(c.copies))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Empty() {
		t.Errorf("a second plan has %d changes, such as %+v", len(p.Changes), p.Changes[0])
	}
	if _, err := j.run(t.Context(), p); err != nil {
		t.Error(err)
	}
	if n := c.prod.stats(t).writeCount(); n > 0 {
		t.Errorf("the second run wrote %d times", n)
	}
}

// mappedRight reads everybody by v2 and compares the login ID there, which /__state does not show, with
// what the tenant's SSO mode maps people by (KBA 3677629).
func (c combined) mappedRight(t *testing.T) {
	t.Helper()
	if c.prod.opts.Platform != service.CF {
		return
	}
	want := []string{}
	for id, h := range c.want.Users {
		mapped := map[string]string{"default": strings.ToLower(h.Email), "email": h.Email, "userid": id, "custom": h.UserName}
		want = append(want, id+" "+mapped[string(c.prod.opts.SSO)])
	}
	slices.Sort(want)
	if diff := cmp.Diff(idpUsers(t, c.prod), want); diff != "" {
		t.Errorf("login IDs of v2 (-got +want):\n%s", diff)
	}
}
