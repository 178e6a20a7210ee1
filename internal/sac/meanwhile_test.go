package sac_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

const (
	roleX = "PROFILE:t.A:X"
	roleY = "PROFILE:t.A:Y"
	roleZ = "PROFILE:t.A:Z"
)

// meanwhileSeed has three people and a team with two roles each.
const meanwhileSeed = `{"users":[{"id":"SYSOWNER","systemOwner":true},
 {"id":"ANNA","roles":["PROFILE:t.A:X","PROFILE:t.A:Y"]},{"id":"BERT","roles":["PROFILE:t.A:X","PROFILE:t.A:Y"]},{"id":"CARL"}],
 "roles":["PROFILE:t.A:Z","PROFILE:t.A:W"],
 "teams":[{"id":"T","roles":["PROFILE:t.A:X","PROFILE:t.A:Y"],"members":["ANNA","BERT"]}]}`

var xy = []string{roleX, roleY}

// grants is what the other administrator does to roles: a role comes and another goes.
func grants(user, team string) service.Edit {
	return service.Edit{User: user, Team: team, AddRoles: []string{"PROFILE:t.A:W"}, RemoveRoles: []string{roleY}}
}

// isWrite tells a request that changes people or teams.
func isWrite(r *http.Request) bool {
	return r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/scim") && !strings.HasSuffix(r.URL.Path, ".search")
}

// onWrite makes the edit once, when the first write arrives; the tenant answers that write by the fault, so
// that it comes again.
func onWrite(e service.Edit) func(func(...service.Edit), *http.Request) {
	var once sync.Once
	return func(edit func(...service.Edit), r *http.Request) {
		if isWrite(r) {
			once.Do(func() { edit(e) })
		}
	}
}

// comeAgain are the faults after which a write is sent a second time.
var comeAgain = map[string]string{
	"429":            `"429","retryAfter":0`,
	"503":            `"status","retryAfter":0`,
	"expired token":  `"revoke-token"`,
	"expired CSRF":   `"revoke-csrf"`,
	"broken session": `"expire-session"`,
}

// onceEach makes one fault for each kind of request, given as method and path.
func onceEach(action string, requests ...string) string {
	rules := make([]string, len(requests))
	for i, r := range requests {
		method, path, _ := strings.Cut(r, " ")
		rules[i] = fmt.Sprintf(`{"match":{"method":%q,"path":%q},"once":true,"action":%s}`, method, path, action)
	}
	return "[" + strings.Join(rules, ",") + "]"
}

func TestNobodysRolesAreLostWhenAWriteIsRepeated(t *testing.T) {
	t.Parallel()
	for fault, action := range comeAgain {
		for _, tt := range []setup{{platform: service.NEO}, {}, {noBulk: true}, {facts: upstream.Facts{RolePatch: upstream.No}}} {
			for _, exact := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, no Bulk %v, single roles %q, replace %v", fault, tt.platform, tt.noBulk, tt.facts.RolePatch, exact), func(t *testing.T) {
					t.Parallel()
					tt := tt // of this test alone
					tt.seed, tt.before = meanwhileSeed, onWrite(grants("ANNA", ""))
					tt.faults = onceEach(action, "PUT Users/", "PATCH Users/", "POST Bulk")
					s := open(t, tt)
					updates := []upstream.UserUpdate{{UserKey: key("ANNA"), AddRoles: []string{roleZ}, RolesBefore: xy, DecidesAllRoles: exact}}
					if !tt.noBulk { // side by side the fault would meet either
						updates = append(updates, upstream.UserUpdate{UserKey: key("BERT"), RemoveRoles: []string{roleX}, RolesBefore: xy})
					}
					outs := s.UpdateUsers(t.Context(), updates)
					noErr(t, outs[1:]...)
					want := []string{"PROFILE:t.A:W", roleX, roleZ}
					if exact {
						want = []string{"PROFILE:t.A:W", roleX}
						if upstream.ClassOf(outs[0].Err) != upstream.Changed || !strings.Contains(outs[0].Err.Error(), "PROFILE:t.A:W") {
							t.Errorf("Err = %v, want the contradiction", outs[0].Err)
						}
					} else if noErr(t, outs[0]); len(outs[0].Kept) != 2 {
						t.Errorf("kept %q, want the role that came and the one that went", outs[0].Kept)
					}
					state := s.state().Users
					if diff := cmp.Diff(state["ANNA"].Roles, want); diff != "" {
						t.Errorf("ANNA's roles (-got +want):\n%s", diff)
					}
					if diff := cmp.Diff(state["BERT"].Roles, change(xy, nil, updates[len(updates)-1].RemoveRoles)); diff != "" {
						t.Errorf("BERT's roles (-got +want):\n%s", diff)
					}
				})
			}
		}
	}
}

func TestNobodysTeamEditIsLostWhenAWriteIsRepeated(t *testing.T) {
	t.Parallel()
	members := []string{"ANNA", "BERT"}
	edits := map[string]service.Edit{
		"roles":       grants("", "T"),
		"members":     {Team: "T", AddMembers: []string{"SYSOWNER"}, RemoveMembers: []string{"BERT"}},
		"description": {Team: "T", Set: service.EditSet{DisplayName: new("theirs")}},
	}
	updates := map[string]upstream.GroupUpdate{
		"adds a role":          {AddRoles: []string{roleZ}, RolesBefore: xy},
		"replaces the roles":   {AddRoles: []string{roleZ}, RemoveRoles: xy, RolesBefore: xy, DecidesAllRoles: true},
		"adds a member":        {AddMembers: []string{"CARL"}},
		"replaces the members": {AddMembers: []string{"CARL"}, RemoveMembers: []string{"ANNA"}, MembersBefore: members, DecidesAllMembers: true},
		"describes":            {Description: edit("T", "ours")},
	}
	contradict := map[string]string{"replaces the roles": "roles", "replaces the members": "members", "describes": "description"}
	for fault, action := range comeAgain {
		for _, tt := range []setup{{platform: service.NEO}, {}, {api: "2"}} {
			for edited, e := range edits {
				for doing, u := range updates {
					t.Run(fmt.Sprintf("%s, %s api %s: %s, while somebody edits %s", fault, tt.platform, tt.api, doing, edited), func(t *testing.T) {
						t.Parallel()
						tt := tt // of this test alone
						tt.seed, tt.before = meanwhileSeed, onWrite(e)
						tt.faults = onceEach(action, "PUT Groups/", "PATCH Groups/")
						s := open(t, tt)
						u.GroupKey, u.Size = teamKey(s, "T"), 2
						out := s.UpdateGroup(t.Context(), u)
						if conflict := contradict[doing] == edited; (upstream.ClassOf(out.Err) == upstream.Changed) != conflict || !conflict && out.Err != nil {
							t.Fatalf("Err = %v, want a contradiction: %v", out.Err, conflict)
						}
						checkTeam(t, s.state().Teams["T"], e, u, out.Err == nil)
					})
				}
			}
		}
	}
}

// checkTeam wants the other administrator's edit, and ours where it was done.
func checkTeam(t *testing.T, got simTeam, theirs service.Edit, ours upstream.GroupUpdate, done bool) {
	t.Helper()
	want := simTeam{DisplayName: "T", Roles: change(xy, theirs.AddRoles, theirs.RemoveRoles), Members: change([]string{"ANNA", "BERT"}, theirs.AddMembers, theirs.RemoveMembers)}
	if theirs.Set.DisplayName != nil {
		want.DisplayName = *theirs.Set.DisplayName
	}
	if done {
		want.Roles = change(want.Roles, ours.AddRoles, ours.RemoveRoles)
		want.Members = change(want.Members, ours.AddMembers, ours.RemoveMembers)
		if ours.Description != nil {
			want.DisplayName = ours.Description.After
		}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("team (-got +want):\n%s", diff)
	}
}

func change(list, add, remove []string) []string {
	out := slices.DeleteFunc(slices.Concat(list, add), func(s string) bool { return slices.Contains(remove, s) })
	slices.Sort(out)
	return slices.Compact(out)
}

func TestFieldsThatSomebodyChangedMeanwhileAreConflicts(t *testing.T) {
	t.Parallel()
	updates := map[string]upstream.UserUpdate{
		"email":       {Email: edit("anna@example.com", "a@example.com")},
		"givenName":   {GivenName: edit("", "A")},
		"familyName":  {FamilyName: edit("ANNA", "A")},
		"displayName": {DisplayName: edit("ANNA", "A")},
		"language":    {Language: edit("en", "de")},
		"manager":     {Manager: edit("", "BERT")},
		"active":      {Active: edit(true, false)},
		"dateFormat":  {DateFormat: edit("MMM d, yyyy", "dd.MM.yyyy")},
		"photos":      {Photos: edit(nil, []string{"https://p.example.com/a.png"})},
	}
	theirs := service.Edit{User: "ANNA", Set: service.EditSet{
		Email: new("theirs@example.com"), GivenName: new("theirs"), FamilyName: new("theirs"), DisplayName: new("theirs"),
		PreferredLanguage: new("fr"), Manager: new("CARL"), Photos: new([]string{"https://p.example.com/theirs.png"}),
		Params: []byte(`{"dateFormatting":"yyyy/MM/dd"}`),
	}}
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for name, u := range updates {
			t.Run(fmt.Sprintf("%s %s", platform, name), func(t *testing.T) {
				t.Parallel()
				s := open(t, setup{platform: platform, seed: meanwhileSeed})
				u.UserKey = key("ANNA")
				s.edit(theirs)
				before := s.state().Users["ANNA"]
				out := s.UpdateUsers(t.Context(), []upstream.UserUpdate{u})[0]
				if name == "active" { // they cannot both have changed it: there are two values only
					noErr(t, out)
					return
				}
				if upstream.ClassOf(out.Err) != upstream.Changed || !strings.Contains(out.Err.Error(), name) {
					t.Errorf("Err = %v, want a conflict that names %s", out.Err, name)
				}
				if diff := cmp.Diff(s.state().Users["ANNA"], before); diff != "" {
					t.Errorf("ANNA (-got +want):\n%s", diff)
				}
			})
		}
	}
}

func TestWhatIsAsWantedAlreadyIsNotWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []setup{{platform: service.NEO}, {}, {noBulk: true}} {
		tt.seed = meanwhileSeed
		s := open(t, tt)
		s.find(upstream.UserQuery{All: true})
		s.edit(service.Edit{User: "ANNA", AddRoles: []string{roleZ}}, service.Edit{User: "BERT", Set: service.EditSet{Active: new(false)}})
		s.calls()
		noErr(t, s.UpdateUsers(t.Context(), []upstream.UserUpdate{
			{UserKey: key("ANNA"), AddRoles: []string{roleZ}, RolesBefore: xy, DecidesAllRoles: true}, {UserKey: key("BERT"), Active: edit(true, false)},
		})...)
		for route := range s.calls() {
			if !strings.HasPrefix(route, "GET") && route != searchV2 {
				t.Errorf("%+v: %s was sent", tt, route)
			}
		}
	}
}
