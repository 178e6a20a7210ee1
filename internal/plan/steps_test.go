package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// setOne gives a request of one step about one person.
func setOne(s plan.SetUser) plan.Request { return steps(plan.Step{Origin: "rows.csv:2", SetUser: &s}) }

// setTeam gives a request of one step about a team.
func setTeam(s plan.SetTeam) plan.Request { return steps(plan.Step{Origin: "rows.csv:2", SetTeam: &s}) }

func steps(list ...plan.Step) plan.Request { return plan.Request{Steps: list} }

func remove(who plan.Who) plan.Step {
	return plan.Step{Origin: "gone.csv:2", DeleteUser: &plan.DeleteUser{Who: who}}
}

func removeClearing(id string) plan.Step {
	return plan.Step{Origin: "gone.csv:2", DeleteUser: &plan.DeleteUser{Who: plan.Who{UserID: id}, ClearReports: true}}
}

func removeTeam(name string) plan.Step {
	return plan.Step{Origin: "gone.csv:3", DeleteTeam: &plan.DeleteTeam{Team: name}}
}

func byID(id string) plan.Who { return plan.Who{UserID: id} }

func names(action identity.Action, list ...string) *plan.LinkEdit {
	return &plan.LinkEdit{Action: action, Names: list}
}

func TestSetUser(t *testing.T) {
	t.Parallel()
	anna := identity.User{UserID: "ANNA", Email: "anna@x.example", Active: true, GivenName: "Ann", Language: "en", Roles: []string{roleOne}}
	values := plan.Values{plan.FieldGivenName: "Anna", plan.FieldLanguage: "de", plan.FieldActive: "false"}
	tests := map[string]struct {
		sso            string
		set            plan.SetUser
		changes, found []string
	}{
		"wanted values of somebody who exists": {
			set:     plan.SetUser{Who: byID("ANNA"), Values: values, New: plan.Values{plan.FieldFamilyName: "Lind"}},
			changes: []string{"update user ANNA givenName=Anna active=false language=de"},
		},
		"all is as wanted": {
			set: plan.SetUser{Who: byID("ANNA"), Values: plan.Values{plan.FieldEmail: "Anna@X.example", plan.FieldLanguage: "en"}, Roles: names(identity.Add, roleOne)},
		},
		"role links and teams": {
			set:     plan.SetUser{Who: byID("ANNA"), Roles: names(identity.Replace, roleTwo), Teams: names(identity.Replace, "Green", "New")},
			changes: []string{"update user ANNA -t.x:One +t.x:Two", "create team New +ANNA", "update team Blue -ANNA", "update team Green +ANNA"},
		},
		"somebody whom the target lacks is a conflict": {
			set: plan.SetUser{Who: byID("NEW"), Values: values}, found: []string{"missing-in-target: user NEW"},
		},
		"or is left alone": {
			set: plan.SetUser{Who: byID("NEW"), Values: values, IfMissing: plan.MissingLeave}, found: []string{"skip left-missing: user NEW"},
		},
		"or is created with what new ones get": {
			set: plan.SetUser{
				Who: byID("NEW"), IfMissing: plan.MissingCreate, Values: values,
				New:   plan.Values{plan.FieldEmail: "New@x.example", plan.FieldGivenName: "is overruled", plan.FieldManager: "ANNA"},
				Roles: names(identity.Add, roleTwo), Teams: names(identity.Add, "Blue"),
			},
			changes: []string{"create user NEW +t.x:Two manager=ANNA", "update user NEW active=false", "update team Blue +NEW"},
		},
		"keep and remove give nothing to somebody new": {
			set: plan.SetUser{
				Who: byID("NEW"), IfMissing: plan.MissingCreate, New: plan.Values{plan.FieldEmail: "new@x.example"},
				Roles: names(identity.Keep, roleTwo), Teams: names(identity.Remove, "Blue"),
			},
			changes: []string{"create user NEW"},
		},
		"nobody is created without an e-mail": {
			sso: "email", set: plan.SetUser{Who: byID("NEW"), IfMissing: plan.MissingCreate}, found: []string{"no-email: user NEW"},
		},
		"somebody who exists is a conflict where only new ones are wanted": {
			set: plan.SetUser{Who: byID("ANNA"), IfExists: plan.ExistsRefuse, IfMissing: plan.MissingCreate, Values: values}, found: []string{"exists-already: user ANNA"},
		},
		"or is left alone, too": {
			set: plan.SetUser{Who: byID("ANNA"), IfExists: plan.ExistsLeave, Values: values}, found: []string{"skip left-existing: user ANNA"},
		},
		"found by e-mail, letter case aside": {
			set: plan.SetUser{Who: plan.Who{Email: "ANNA@x.example"}, Values: values}, changes: []string{"update user ANNA givenName=Anna active=false language=de"},
		},
		"nobody has the e-mail": {
			set: plan.SetUser{Who: plan.Who{Email: "nobody@x.example"}, Values: values}, found: []string{"missing-in-target: user nobody@x.example"},
		},
		"found by login ID": {
			sso: "custom", set: plan.SetUser{Who: plan.Who{LoginID: "anna"}, Values: plan.Values{plan.FieldLoginID: "lind"}}, changes: []string{"update user ANNA loginId=lind"},
		},
		"several have the login ID": {
			sso: "default", set: plan.SetUser{Who: plan.Who{LoginID: "same"}, Values: values}, found: []string{"several-people: user same BO CARL"},
		},
		"everybody in a team": {
			set:     plan.SetUser{Who: plan.Who{MembersOf: "Blue"}, Values: plan.Values{plan.FieldConcurrent: "true"}},
			changes: []string{"update user ANNA concurrent=true", "update user BO concurrent=true"},
		},
		"nobody is named": {set: plan.SetUser{Values: values}, found: []string{"missing-in-target: user"}},
		"a team that is missing": {
			set: plan.SetUser{Who: plan.Who{MembersOf: "Grey"}, Values: values}, found: []string{"missing-in-target: team Grey"},
		},
		"a value that is none": {
			set: plan.SetUser{Who: byID("ANNA"), Values: plan.Values{plan.FieldActive: "yes", plan.FieldCleanUpDays: "soon", plan.FieldLanguage: "de"}}, found: []string{"invalid-value: user ANNA"},
		},
		"an attribute that people lack": {
			set: plan.SetUser{Who: byID("ANNA"), Values: plan.Values{plan.FieldDescription: "x"}}, found: []string{"invalid-value: user ANNA"},
		},
		"where the e-mail is the login ID, wanting both is wanting one": {
			sso: "email", set: plan.SetUser{Who: byID("ANNA"), Values: plan.Values{plan.FieldEmail: "new@x.example", plan.FieldLoginID: "New@x.example"}},
			changes: []string{"update user ANNA email=new@x.example"},
		},
		"and no other login ID can be had": {
			sso: "email", set: plan.SetUser{Who: byID("ANNA"), Values: plan.Values{plan.FieldLoginID: "lind"}}, found: []string{"invalid-value: user ANNA"},
		},
		"nor where the user ID is": {
			sso: "userid", set: plan.SetUser{Who: byID("ANNA"), Values: plan.Values{plan.FieldLoginID: "lind"}}, found: []string{"invalid-value: user ANNA"},
		},
		"an e-mail that somebody has": {
			sso: "userid", set: plan.SetUser{Who: byID("ANNA"), Values: plan.Values{plan.FieldEmail: "bo@x.example"}}, found: []string{"email-taken: user ANNA bo@x.example BO"},
		},
		"where it is not the login ID, an e-mail changes it for nobody": {
			sso: "userid", set: plan.SetUser{Who: byID("ANNA"), Values: plan.Values{plan.FieldEmail: "new@x.example"}}, changes: []string{"update user ANNA email=new@x.example"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.sso == "" {
				tc.sso = "userid"
			}
			people := []identity.User{anna, user("BO"), user("CARL")}
			if tc.sso == "custom" {
				people[0].LoginID = "Anna"
			}
			if tc.sso == "default" {
				people[1].LoginID, people[2].LoginID = "Same", "same"
			}
			target := tenantOf(tc.sso, people, group("Blue", "ANNA", "BO"), group("Green"))
			check(t, plan.Make(setOne(tc.set), identity.Snapshot{}, target, plan.Rules{}), tc.changes, tc.found)
		})
	}
}

func TestSetTeam(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	blue := group("Blue", "ANNA", "BO")
	blue.Roles = []string{roleOne}
	tests := map[string]struct {
		set            plan.SetTeam
		changes, found []string
	}{
		"description, roles and members": {
			set:     plan.SetTeam{Team: "Blue", Description: text("The blues"), Roles: names(identity.Exclude, roleOne, roleTwo), Members: names(identity.Add, "CARL", "ANNA")},
			changes: []string{"update team Blue description=The blues -t.x:One +t.x:Two +CARL"},
		},
		"all is as wanted": {set: plan.SetTeam{Team: "Blue", Description: text("Blue"), Members: names(identity.Replace, "BO", "ANNA")}},
		"replaced by nobody, for somebody said so": {
			set: plan.SetTeam{Team: "Blue", Members: names(identity.Replace)}, changes: []string{"update team Blue -ANNA -BO"},
		},
		"by nobody, for a source was read to have nobody": {
			set:   plan.SetTeam{Team: "Blue", Members: &plan.LinkEdit{Action: identity.Replace, FromReading: true}},
			found: []string{"source-too-small: team Blue"},
		},
		"the members of another team": {
			set: plan.SetTeam{Team: "Blue", Members: &plan.LinkEdit{Action: identity.Intersect, OfTeam: "Green"}}, changes: []string{"update team Blue -ANNA"},
		},
		"the roles of another team": {
			set: plan.SetTeam{Team: "Blue", Roles: &plan.LinkEdit{Action: identity.Replace, OfTeam: "Green"}}, changes: []string{"update team Blue -t.x:One +t.x:Three"},
		},
		"another team that is missing": {
			set: plan.SetTeam{Team: "Blue", Members: &plan.LinkEdit{Action: identity.Add, OfTeam: "Grey"}}, found: []string{"missing-in-target: team Grey"},
		},
		"everybody else": {
			set: plan.SetTeam{Team: "Blue", Members: names(identity.Invert, "ANNA")}, changes: []string{"update team Blue -ANNA +CARL +DORA"},
		},
		"a team that the target lacks is a conflict": {set: plan.SetTeam{Team: "Red"}, found: []string{"missing-in-target: team Red"}},
		"or is created": {
			set:     plan.SetTeam{Team: "Red", IfMissing: plan.MissingCreate, Description: text("The reds"), Members: names(identity.Add, "ANNA", "NOBODY"), Roles: names(identity.Remove, roleOne)},
			changes: []string{"create team Red description=The reds +ANNA"}, found: []string{"skip members-missing: team Red NOBODY"},
		},
		"one that exists is a conflict where only new ones are wanted": {
			set: plan.SetTeam{Team: "Blue", IfExists: plan.ExistsRefuse, IfMissing: plan.MissingCreate}, found: []string{"exists-already: team Blue"},
		},
		"a description that is too long": {
			set: plan.SetTeam{Team: "Blue", Description: text(strings.Repeat("ä", 1030))}, changes: []string{"update team Blue description=" + strings.Repeat("ä", 1024)},
			found: []string{"warning description-cut: team Blue"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			green := group("Green", "BO", "CARL")
			green.Roles = []string{roleThree}
			target := tenantOf("userid", []identity.User{user("ANNA"), user("BO"), user("CARL"), user("DORA")}, blue, green)
			check(t, plan.Make(setTeam(tc.set), identity.Snapshot{}, target, plan.Rules{Guards: plan.DefaultGuards()}), tc.changes, tc.found)
		})
	}
}

func TestDeletes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		people         []identity.User
		steps          []plan.Step
		protect        plan.Protect
		changes, found []string
	}{
		"people before teams, both after all else": {
			people: []identity.User{user("A"), user("B")},
			steps:  []plan.Step{removeTeam("P"), remove(byID("A")), {SetUser: &plan.SetUser{Who: byID("B"), Values: plan.Values{plan.FieldLanguage: "de"}}}},
			changes: []string{
				"update user B language=de", "delete user A", "delete team P",
			},
			found: []string{"warning content-lost: user A"},
		},
		"reports before managers": {
			people:  []identity.User{withManager("A", ""), withManager("B", "A"), withManager("C", "B"), withManager("D", "A")},
			steps:   []plan.Step{remove(byID("A")), remove(byID("B")), remove(byID("C")), remove(byID("D"))},
			changes: []string{"delete user C", "delete user B", "delete user D", "delete user A"},
			found:   []string{"warning content-lost: user A B C D"},
		},
		"of a loop one loses the manager first": {
			people:  []identity.User{withManager("A", "B"), withManager("B", "A"), withManager("C", "C")},
			steps:   []plan.Step{remove(byID("A")), remove(byID("B")), remove(byID("C"))},
			changes: []string{"update user A manager=", "update user C manager=", "delete user B", "delete user A", "delete user C"},
			found:   []string{"warning content-lost: user A B C"},
		},
		"a manager of others stays, and so does the manager above": {
			people: []identity.User{withManager("A", ""), withManager("B", "A"), withManager("C", "B")},
			steps:  []plan.Step{remove(byID("A")), remove(byID("B"))},
			found:  []string{"manages-others: user A B", "manages-others: user B C"},
		},
		"unless the reports lose the link first": {
			people:  []identity.User{withManager("A", ""), withManager("B", "A"), withManager("C", "A")},
			steps:   []plan.Step{removeClearing("A"), {SetUser: &plan.SetUser{Who: byID("C"), Values: plan.Values{plan.FieldLanguage: "de"}}}},
			changes: []string{"update user B manager=", "update user C language=de manager=", "delete user A"},
			found:   []string{"warning content-lost: user A"},
		},
		"or get another manager by the same plan": {
			people:  []identity.User{withManager("A", ""), withManager("B", "A"), withManager("C", "")},
			steps:   []plan.Step{remove(byID("A")), {SetUser: &plan.SetUser{Who: byID("B"), Values: plan.Values{plan.FieldManager: "C"}}}},
			changes: []string{"update user B manager=C", "delete user A"},
			found:   []string{"warning content-lost: user A"},
		},
		"but for one who does not exist": {
			people: []identity.User{withManager("A", ""), withManager("B", "A")},
			steps:  []plan.Step{remove(byID("A")), {SetUser: &plan.SetUser{Who: byID("B"), Values: plan.Values{plan.FieldManager: "GHOST"}}}},
			found:  []string{"manages-others: user A B", "missing-manager: user GHOST B"},
		},
		"who is deleted is nobody's new manager": {
			people:  []identity.User{user("A"), user("B")},
			steps:   []plan.Step{{SetUser: &plan.SetUser{Who: byID("B"), Values: plan.Values{plan.FieldManager: "A"}}}, remove(byID("A"))},
			changes: []string{"delete user A"}, found: []string{"missing-manager: user A B", "warning content-lost: user A"},
		},
		"a protected report keeps its manager": {
			people: []identity.User{user("A"), withManager("B", "A")}, protect: plan.Protect{Users: []string{"B"}},
			steps: []plan.Step{removeClearing("A")}, found: []string{"manages-others: user A B"},
		},
		"the members of a team, then the team": {
			people: []identity.User{user("A"), user("B"), user("X")}, steps: []plan.Step{remove(plan.Who{MembersOf: "P"}), removeTeam("P")},
			changes: []string{"delete user A", "delete user B", "delete team P"}, found: []string{"warning content-lost: user A B"},
		},
		"who leaves a team and is deleted leaves by that": {
			people: []identity.User{user("A"), user("B")}, steps: []plan.Step{{SetTeam: &plan.SetTeam{Team: "P", Members: names(identity.Remove, "A", "B")}}, remove(byID("A"))},
			changes: []string{"update team P -B", "delete user A"}, found: []string{"warning content-lost: user A"},
		},
		"who is gone already": {
			people: []identity.User{user("A")}, steps: []plan.Step{remove(byID("GHOST")), removeTeam("Ghosts"), remove(plan.Who{Email: "ghost@x.example"})},
			found: []string{"missing-in-target: user ghost@x.example", "skip already-gone: team Ghosts", "skip already-gone: user GHOST"},
		},
		"who is made and deleted leaves no trace": {
			people: []identity.User{user("A")},
			steps: []plan.Step{
				{SetUser: &plan.SetUser{Who: byID("NEW"), IfMissing: plan.MissingCreate, New: plan.Values{plan.FieldEmail: "new@x.example"}, Teams: names(identity.Add, "P")}},
				{SetTeam: &plan.SetTeam{Team: "Q", IfMissing: plan.MissingCreate, Members: names(identity.Add, "A")}},
				remove(byID("NEW")), removeTeam("Q"),
			},
		},
		"who is deleted and wanted after that stays as is": {
			people: []identity.User{user("A")},
			steps:  []plan.Step{remove(byID("A")), {SetUser: &plan.SetUser{Who: byID("A"), IfMissing: plan.MissingCreate}}, removeTeam("P"), {SetTeam: &plan.SetTeam{Team: "P", IfMissing: plan.MissingCreate}}},
			found:  []string{"deleted-and-wanted: team P", "deleted-and-wanted: user A"},
		},
		"protected people and teams, the System Owner": {
			people: []identity.User{user("A"), user("B"), user("OWNER", identity.SystemOwnerRole)}, protect: plan.Protect{Users: []string{"A"}, Teams: []string{"P"}},
			steps: []plan.Step{remove(byID("A")), remove(byID("OWNER")), removeTeam("P"), removeTeam("Other")},
			found: []string{"skip already-gone: team Other", "skip protected-team: team P", "skip protected-user: user A", "skip owner-unchanged: user OWNER"},
		},
		"a team with a protected member": {
			people: []identity.User{user("A"), user("B")}, protect: plan.Protect{Users: []string{"B"}},
			steps: []plan.Step{removeTeam("P")}, found: []string{"skip protected-members: team P B"},
		},
		"a team with the System Owner": {
			people: []identity.User{user("A", identity.SystemOwnerRole), user("B")}, steps: []plan.Step{removeTeam("P")}, changes: []string{"delete team P"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := tenantOf("userid", tc.people, group("P", "A", "B"))
			check(t, plan.Make(steps(tc.steps...), identity.Snapshot{}, target, plan.Rules{Protect: tc.protect}), tc.changes, tc.found)
		})
	}
}

func TestADeletionTellsWhatIsLost(t *testing.T) {
	t.Parallel()
	a := user("A", roleTwo, roleOne)
	a.Ref, a.Manager = "ref-a", "BOSS"
	p := group("P", "A")
	p.Ref, p.Roles = "ref-p", []string{roleOne}
	target := tenantOf("userid", []identity.User{a, user("BOSS")}, p)
	got := plan.Make(steps(remove(byID("A")), removeTeam("P")), identity.Snapshot{}, target, plan.Rules{})
	lostUser, lostTeam := *target.Users["A"], *target.Groups["P"]
	lostUser.Roles = []string{roleOne, roleTwo}
	want := []plan.Change{
		{Entity: plan.User, Op: plan.Delete, Key: "A", Ref: "ref-a", User: &lostUser, Reasons: []string{"gone.csv:2: delete"}},
		{Entity: plan.Team, Op: plan.Delete, Key: "P", Ref: "ref-p", Group: &lostTeam, Size: 1, Reasons: []string{"gone.csv:3: delete"}},
	}
	if diff := cmp.Diff(got.Changes, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if want := (plan.Counts{DeleteUsers: 1, DeleteTeams: 1}); got.Counts != want {
		t.Errorf("got counts %+v, want %+v", got.Counts, want)
	}
}

// TestWhoGoesByAnotherKey copies people and teams who were found by e-mail or by a link, not by their key.
func TestWhoGoesByAnotherKey(t *testing.T) {
	t.Parallel()
	anna := identity.User{UserID: "ANNA", Email: "anna@x.example", Active: true, Language: "de", Manager: "BOSS", Roles: []string{roleOne}}
	source := tenantOf("email", []identity.User{anna, user("BO"), user("BOSS")}, group("P", "ANNA", "BO"), group("Sec", "ANNA"))
	old := identity.User{UserID: "ALIND", Email: "anna@x.example", Active: true, Language: "en"}
	target := func() identity.Snapshot {
		return tenantOf("email", []identity.User{old, user("CHIEF"), user("BO")}, group("Finance", "ALIND"))
	}
	links := plan.Counterparts{Users: map[string]string{"ANNA": "ALIND", "BOSS": "CHIEF"}, Teams: map[string]string{"Sec": "Finance"}}
	t.Run("a person", func(t *testing.T) {
		t.Parallel()
		req := steps(plan.Step{Origin: "row", CopyUser: &plan.CopyUser{UserID: "ALIND", SourceID: "ANNA", Users: plan.UsersAll, Roles: identity.Add, Teams: identity.Keep}})
		req.Counterparts = plan.Counterparts{Users: map[string]string{"BOSS": "CHIEF"}}
		p := plan.Make(req, source, target(), plan.Rules{})
		check(t, p, []string{"update user ALIND language=de manager=CHIEF +t.x:One"}, nil)
		if got := p.Changes[0].Source; got != "ANNA" {
			t.Errorf("got source %q, want ANNA", got)
		}
		scope := identity.Scope{UserIDs: []string{"ALIND", "CHIEF"}, Emails: []string{"anna@x.example"}, Roles: []string{roleOne}}
		if diff := cmp.Diff(plan.TargetScope(req, source, identity.Tenant{SSO: "email"}), scope); diff != "" {
			t.Errorf("scope (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(plan.SourceScope(req), identity.Scope{UserIDs: []string{"ANNA"}}); diff != "" {
			t.Errorf("source scope (-got +want):\n%s", diff)
		}
	})
	t.Run("a team with its members and their other teams", func(t *testing.T) {
		t.Parallel()
		row := plan.CopyTeam{Team: "Team P", SourceTeam: "P", Users: plan.UsersAll, UserRoles: identity.Keep, UserTeams: identity.Add, Members: identity.Replace, TeamRoles: identity.Keep}
		req := steps(plan.Step{Origin: "row", CopyTeam: &row})
		req.Counterparts = links
		p := plan.Make(req, source, target(), plan.Rules{})
		check(t, p, []string{"update user ALIND language=de manager=CHIEF", "create team Team P +ALIND +BO"}, nil)
		if got := p.Changes[1].Source; got != "P" {
			t.Errorf("got source %q, want P", got)
		}
		if next := plan.Make(req, source, carryOut(target(), p), plan.Rules{}); !next.Empty() {
			t.Errorf("got %q, want nothing left to do", brief(next))
		}
	})
	t.Run("without a word on who is who, two people have one e-mail", func(t *testing.T) {
		t.Parallel()
		p := plan.Make(copyUsers(identity.Keep, identity.Keep, "ANNA"), source, target(), plan.Rules{})
		check(t, p, nil, []string{"email-taken: user ANNA anna@x.example ALIND"})
	})
	t.Run("wanted values know where they come from", func(t *testing.T) {
		t.Parallel()
		p := plan.Make(setOne(plan.SetUser{Who: byID("ALIND"), Source: "dir-4711", Values: plan.Values{plan.FieldLanguage: "fr"}}), identity.Snapshot{}, target(), plan.Rules{})
		if p.Changes[0].Source != "dir-4711" {
			t.Errorf("got %+v, want the key in the source", p.Changes[0])
		}
	})
}

// TestATeamEmptiedByWayOfPeoplesTeams copies people whose lists of teams came back empty from the source.
func TestATeamEmptiedByWayOfPeoplesTeams(t *testing.T) {
	t.Parallel()
	row := plan.CopyTeam{Users: plan.UsersAll, UserRoles: identity.Keep, UserTeams: identity.Replace, Members: identity.Keep, TeamRoles: identity.Keep}
	// world has n people in the target's teams P and Sec, of whom the source shows the first in in Sec.
	world := func(n, in, more int, read bool) (source, target identity.Snapshot) {
		source, target = crowd(n, true, roleOne), crowd(n, true, roleOne)
		sec := group("Sec")
		for id, u := range target.Users {
			sec.Members = append(sec.Members, id)
			u.Teams = append(u.Teams, "Sec")
		}
		sec.Members = identity.Set(sec.Members)
		for i := range in {
			source.Users[sec.Members[i]].Teams = append(source.Users[sec.Members[i]].Teams, "Sec")
		}
		for range more {
			sec.Members = append(sec.Members, "X"+sec.Members[len(sec.Members)-1])
		}
		sec.Members = identity.Set(sec.Members)
		sec.Size = len(sec.Members)
		if read {
			target.Groups["Sec"] = &sec
		}
		return source, target
	}
	emptied := func(left, of int) plan.Finding {
		return plan.Finding{Code: plan.TeamEmptied, Entity: plan.Team, Key: "Sec", Count: left, Of: of}
	}
	limited := func(f plan.Finding, limit int, percent float64) []plan.Finding {
		f.Limit, f.Percent = limit, percent
		return []plan.Finding{f}
	}
	tests := map[string]struct {
		people, in, more int
		unread           bool
		row              func(*plan.CopyTeam)
		want             []plan.Finding
		removed          int
	}{
		"everybody would leave":                            {people: 12, want: limited(emptied(0, 12), 1, 0)},
		"hardly anybody would stay":                        {people: 12, in: 2, want: limited(emptied(2, 12), 0, 20)},
		"enough stay":                                      {people: 12, in: 3, removed: 9},
		"enough others stay":                               {people: 12, more: 4, removed: 12},
		"a small team may empty":                           {people: 9, removed: 9},
		"of a team that was not read those who were count": {people: 12, unread: true, want: limited(emptied(0, 12), 1, 0)},
		"whom the source shows in it may be told to leave": {people: 12, in: 12, removed: 24, row: func(c *plan.CopyTeam) { c.UserTeams = identity.Remove }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, target := world(tc.people, tc.in, tc.more, !tc.unread)
			c := row
			if tc.row != nil {
				tc.row(&c)
			}
			guards := plan.DefaultGuards()
			p := plan.Make(copyTeams(c, "P"), source, target, plan.Rules{Guards: guards})
			if diff := cmp.Diff(p.Conflicts, tc.want); diff != "" {
				t.Errorf("conflicts (-got +want):\n%s", diff)
			}
			if p.Counts.RemoveMembers != tc.removed {
				t.Errorf("got %d removed, want %d", p.Counts.RemoveMembers, tc.removed)
			}
			none := 0
			guards.MinSourceSize = plan.Guard{Count: &none}
			if free := plan.Make(copyTeams(c, "P"), source, target, plan.Rules{Guards: guards}); len(free.Conflicts) > 0 || free.Counts.RemoveMembers == 0 {
				t.Errorf("got %+v with --min-source-size 0, want people removed", free.Conflicts)
			}
		})
	}
	t.Run("whom a file tells to be in no team is no reading", func(t *testing.T) {
		t.Parallel()
		_, target := world(12, 0, 0, true)
		set := plan.SetUser{Who: plan.Who{MembersOf: "P"}, Teams: &plan.LinkEdit{Action: identity.Replace}}
		if p := plan.Make(setOne(set), identity.Snapshot{}, target, plan.Rules{Guards: plan.DefaultGuards()}); p.Counts.RemoveMembers != 24 {
			t.Errorf("got %d removed, %+v, want all 24", p.Counts.RemoveMembers, p.Conflicts)
		}
		set.Teams.FromReading = true
		if p := plan.Make(setOne(set), identity.Snapshot{}, target, plan.Rules{Guards: plan.DefaultGuards()}); p.Counts.RemoveMembers != 0 || len(p.Conflicts) != 2 {
			t.Errorf("got %d removed, %+v, want two teams in conflict", p.Counts.RemoveMembers, p.Conflicts)
		}
	})
}

func TestIgnoredAttributesAreLeftOutAndTold(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	rules := plan.Rules{Ignored: map[plan.FieldName]time.Time{plan.FieldGivenName: since, plan.FieldDescription: since, plan.FieldActive: since}}
	target := tenantOf("userid", []identity.User{user("A"), user("B")}, group("P"))
	text := "New"
	req := steps(
		plan.Step{SetUser: &plan.SetUser{Who: byID("A"), Values: plan.Values{plan.FieldGivenName: "Anna"}}},
		plan.Step{SetUser: &plan.SetUser{Who: byID("B"), Values: plan.Values{plan.FieldGivenName: "Bo", plan.FieldLanguage: "de"}}},
		plan.Step{SetUser: &plan.SetUser{Who: byID("C"), IfMissing: plan.MissingCreate, Values: plan.Values{plan.FieldGivenName: "Carl", plan.FieldActive: "false", plan.FieldEmail: "c@x.example"}}},
		plan.Step{SetTeam: &plan.SetTeam{Team: "P", Description: &text}},
	)
	p := plan.Make(req, identity.Snapshot{}, target, rules)
	check(t, p, []string{"create user C", "update user B language=de"}, []string{
		"skip attribute-ignored: attribute active C", "skip attribute-ignored: attribute description P", "skip attribute-ignored: attribute givenName A B",
	})
	if got := p.Skips[0].Since; !got.Equal(since) {
		t.Errorf("got since %s, want %s", got, since)
	}
	if next := plan.Make(req, identity.Snapshot{}, carryOut(target, p), rules); !next.Empty() {
		t.Errorf("got %q as the next plan, want it empty", brief(next))
	}
	check(t, plan.Make(req, identity.Snapshot{}, target, plan.Rules{}), []string{
		"create user C", "update user A givenName=Anna", "update user B givenName=Bo language=de", "update user C active=false", "update team P description=New",
	}, nil)
}
