package plan_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func drawSSO(t *rapid.T) string {
	return rapid.SampledFrom([]string{"default", "userid", "email", "custom"}).Draw(t, "sso")
}

// idempotent are the set actions that give the same when done twice; exclude takes back what it did.
func idempotent() []identity.Action {
	return []identity.Action{identity.Keep, identity.Add, identity.Remove, identity.Replace, identity.Intersect}
}

func TestAPlanForEqualSidesIsEmpty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		side := drawTenant(t, "same", drawSSO(t))
		req := drawRequest(t, []identity.Action{identity.Keep, identity.Add, identity.Replace, identity.Intersect})
		for _, s := range req.Steps { // removing what both sides have is no empty plan
			if c := s.CopyUser; c != nil {
				c.Roles, c.Teams = growing(c.Roles), growing(c.Teams)
			} else {
				s.CopyTeam.UserRoles, s.CopyTeam.UserTeams = growing(s.CopyTeam.UserRoles), growing(s.CopyTeam.UserTeams)
				s.CopyTeam.Members = growing(s.CopyTeam.Members)
			}
		}
		if req.Options.Active == plan.ActiveTrue {
			req.Options.Active = plan.ActiveSource
		}
		p := plan.Make(req, side, clone(side), plan.Rules{Guards: plan.DefaultGuards()})
		if !p.Empty() || len(p.Exceeded) > 0 {
			t.Fatalf("got %+v, held %+v, want no change", p.Changes, p.Exceeded)
		}
	})
}

func growing(a identity.Action) identity.Action {
	if a == identity.Remove || a == identity.Replace {
		return identity.Add
	}
	return a
}

func TestAPlanCarriedOutMakesTheNextPlanEmpty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sso := drawSSO(t)
		source, target := drawTenant(t, "source", sso), drawTenant(t, "target", sso)
		req := drawRequest(t, idempotent())
		for _, s := range req.Steps {
			if len(req.Steps) == 1 {
				break
			}
			// Whom one row of several creates, a row with missing leaves alone the next time.
			if c := s.CopyUser; c != nil {
				c.Users = plan.UsersAll
			} else if s.CopyTeam.Users == plan.UsersMissing {
				s.CopyTeam.Users = plan.UsersAll
			}
		}
		p := plan.Make(req, source, target, plan.Rules{})
		next := plan.Make(req, source, carryOut(target, p), plan.Rules{})
		if !next.Empty() {
			t.Fatalf("first %+v\nnext: got %+v, want no change", p.Changes, next.Changes)
		}
	})
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sso := drawSSO(t)
		source, target := drawTenant(t, "source", sso), drawTenant(t, "target", sso)
		req := drawRequest(t, identity.SetActions)
		want := plan.Make(req, source, target, plan.Rules{})
		got := plan.Make(req, shuffled(t, source), shuffled(t, target), plan.Rules{})
		if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-shuffled +sorted):\n%s", diff)
		}
	})
}

func TestEveryRequestEqualsTheScriptsRowByRow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sso := drawSSO(t)
		source, target := drawTenant(t, "source", sso), drawTenant(t, "target", sso)
		req := drawRequest(t, identity.SetActions)
		p := plan.Make(req, source, target, plan.Rules{})
		got := simLines(carryOut(target, p))
		if diff := cmp.Diff(got, simulate(req, source, target)); diff != "" {
			t.Fatalf("(-plan +scripts):\n%s", diff)
		}
	})
}

func TestRandomEditsOfAllKindsEqualTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sso := drawSSO(t)
		source, target := drawTenant(t, "source", sso), drawTenant(t, "target", sso)
		req := drawAnyEdits(t)
		p := plan.Make(req, source, target, plan.Rules{})
		after := carryOut(target, p)
		if diff := cmp.Diff(simLines(after), simulate(req, source, target)); diff != "" {
			t.Fatalf("(-plan +oracle):\n%s\nchanges %+v\nconflicts %+v", diff, p.Changes, p.Conflicts)
		}
		next := plan.Make(req, source, after, plan.Rules{})
		if same := cmp.Equal(simLines(after), simulate(req, source, after)); next.Empty() != same {
			t.Fatalf("got a next plan of %+v where the oracle has the state unchanged: %t", next.Changes, same)
		}
		if shuffled := plan.Make(req, shuffled(t, source), shuffled(t, target), plan.Rules{}); !cmp.Equal(shuffled, p, cmpopts.EquateEmpty()) {
			t.Fatalf("(-shuffled +sorted):\n%s", cmp.Diff(shuffled, p, cmpopts.EquateEmpty()))
		}
	})
}

func TestAllCombinationsOfActionsEqualTheScripts(t *testing.T) {
	t.Parallel()
	source, target := combinationSource(), combinationTarget()
	for _, users := range []plan.Users{plan.UsersNone, plan.UsersMissing, plan.UsersAll} {
		for _, userRoles := range identity.LinkActions {
			for _, userTeams := range identity.LinkActions {
				for _, teamRoles := range identity.SetActions {
					for _, members := range identity.LinkActions {
						c := plan.CopyTeam{Team: "P", Users: users, UserRoles: userRoles, UserTeams: userTeams, TeamRoles: teamRoles, Members: members, Name: plan.NameCopy}
						req := plan.Request{Steps: []plan.Step{{Origin: "--team P", CopyTeam: &c}}}
						p := plan.Make(req, source, target, plan.Rules{})
						got := simLines(carryOut(target, p))
						if diff := cmp.Diff(got, simulate(req, source, target)); diff != "" {
							t.Errorf("%+v (-plan +scripts):\n%s", c, diff)
						}
					}
				}
			}
		}
	}
}

// combinationSource has a team with a person who is the same on both sides, one who differs and one
// whom the target lacks; combinationTarget has one in the team whom the source has not there.
func combinationSource() identity.Snapshot {
	return vectorSide{
		Roles: worldRoles(),
		Users: []vectorUser{
			{ID: "A", Email: "a@x.example", Active: true, Roles: []string{"PROFILE:t.x:One", "PROFILE:t.x:Two"}, Teams: []string{"P", "Sec"}},
			{ID: "B", Email: "b@x.example", Active: true, Language: "de", Teams: []string{"P"}},
			{ID: "N", Email: "n@x.example", Active: true, Roles: []string{"PROFILE:t.x:One"}, Teams: []string{"New", "P"}},
		},
		Teams: []vectorTeam{
			{ID: "P", DisplayName: "Primary", Roles: []string{"PROFILE:t.x:One", "PROFILE:t.x:Two"}, Members: []string{"A", "B", "N"}},
			{ID: "Sec", DisplayName: "Secondary", Members: []string{"A"}},
			{ID: "New", DisplayName: "New one", Members: []string{"N"}},
		},
	}.snapshot("email")
}

func combinationTarget() identity.Snapshot {
	return vectorSide{
		Roles: worldRoles(),
		Users: []vectorUser{
			{ID: "A", Email: "a@x.example", UserName: "a@x.example", Active: true, Roles: []string{"PROFILE:t.x:Three", "PROFILE:t.x:Two"}, Teams: []string{"Own", "P"}},
			{ID: "B", Email: "b@old.example", UserName: "b@old.example", Active: true, Language: "en"},
			{ID: "Z", Email: "z@x.example", UserName: "z@x.example", Active: true, Teams: []string{"P"}},
		},
		Teams: []vectorTeam{
			{ID: "P", DisplayName: "Old", Roles: []string{"PROFILE:t.x:Three", "PROFILE:t.x:Two"}, Members: []string{"A", "Z"}},
			{ID: "Own", DisplayName: "Own", Members: []string{"A"}},
			{ID: "Sec", DisplayName: "Sec", Members: []string{}},
		},
	}.snapshot("email")
}

// TestNoPlanMakesTwoPeopleShareAName draws e-mails from so few that people collide all the time.
func TestNoPlanMakesTwoPeopleShareAName(t *testing.T) {
	t.Parallel()
	addresses := []string{"a@x.example", "A@X.example", "b@x.example", "c@x.example", "d@x.example"}
	rapid.Check(t, func(t *rapid.T) {
		sso := drawSSO(t)
		source, target := drawTenant(t, "source", sso), drawTenant(t, "target", sso)
		for _, id := range slices.Sorted(maps.Keys(source.Users)) {
			source.Users[id].Email = rapid.SampledFrom(addresses).Draw(t, "source e-mail")
			source.Users[id].LoginID = rapid.SampledFrom(addresses).Draw(t, "source login ID")
		}
		free := rapid.Permutation(append([]string{"e@x.example", "f@x.example"}, addresses[1:]...)).Draw(t, "target e-mails")
		for i, id := range slices.Sorted(maps.Keys(target.Users)) {
			target.Users[id].Email, target.Users[id].LoginID = free[i], free[i]
		}
		req := drawEdits(t, identity.SetActions, func(id string) string { return rapid.SampledFrom(addresses).Draw(t, "e-mail of "+id) })
		p := plan.Make(req, source, target, plan.Rules{})
		for step := range p.Changes { // after each change, for people are written one by one
			partly := *p
			partly.Changes = p.Changes[:step+1]
			emails, logins := map[string]string{}, map[string]string{}
			for id, u := range carryOut(target, &partly).Users {
				if other := emails[identity.Fold(u.Email)]; other != "" {
					t.Fatalf("%s and %s both have e-mail %s; changes %+v", id, other, u.Email, p.Changes)
				}
				if other := logins[identity.Fold(u.LoginID)]; other != "" {
					t.Fatalf("%s and %s both have login ID %s; changes %+v", id, other, u.LoginID, p.Changes)
				}
				emails[identity.Fold(u.Email)], logins[identity.Fold(u.LoginID)] = id, id
			}
		}
	})
}

func TestEncodeThenDecodeGivesThePlanBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sso := drawSSO(t)
		rules := plan.Rules{Guards: plan.DefaultGuards(), Protect: plan.Protect{Users: drawSubset(t, "protected", worldUsers())}}
		p := plan.Make(drawAnyEdits(t), drawTenant(t, "source", sso), drawTenant(t, "target", sso), rules)
		p.ID, p.Tool = rapid.String().Draw(t, "id"), rapid.String().Draw(t, "tool")
		var file bytes.Buffer
		if err := plan.Encode(&file, p); err != nil {
			t.Fatal(err)
		}
		got, err := plan.Decode(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatalf("%v\n%s", err, file.Bytes())
		}
		if diff := cmp.Diff(got, p, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-decoded +encoded):\n%s", diff)
		}
	})
}

func TestWhatWasJustReadIsNotStale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source, target := drawTenant(t, "source", "email"), drawTenant(t, "target", "email")
		p := plan.Make(drawAnyEdits(t), source, target, plan.Rules{})
		if got := p.FindStale(shuffled(t, source), shuffled(t, target)); len(got) > 0 {
			t.Fatalf("got %+v, want nothing", got)
		}
		after := carryOut(target, p)
		if got := p.FindStale(source, after); (len(got) == 0) != p.Empty() {
			t.Fatalf("after %d changes: got stale %+v", len(p.Changes), got)
		}
	})
}
