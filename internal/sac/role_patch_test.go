package sac_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

var rolePatchKinds = map[string]upstream.Tri{"exact": upstream.Yes, "refused": upstream.No, "ignored": upstream.No, "replaces": upstream.No}

// changesOfRoles are the ways in which an update can change the roles X and Y.
var changesOfRoles = map[string]upstream.UserUpdate{
	"adds":          {AddRoles: []string{roleZ}},
	"removes":       {RemoveRoles: []string{roleX}},
	"both":          {AddRoles: []string{roleZ}, RemoveRoles: []string{roleX}},
	"nothing more":  {AddRoles: []string{roleZ, "PROFILE:t.A:W"}},
	"with language": {AddRoles: []string{roleZ}, Language: edit("en", "de")},
	"replaces":      {AddRoles: []string{roleZ}, RemoveRoles: xy, DecidesAllRoles: true},
}

func TestSingleRolesAreProvenOnOnePersonAndGivenUpWhereTheyDoSomethingElse(t *testing.T) {
	t.Parallel()
	for kind, want := range rolePatchKinds {
		for doing, u := range changesOfRoles {
			for _, noBulk := range []bool{false, true} {
				for _, people := range []int{1, 2} {
					t.Run(fmt.Sprintf("%s, %s, no Bulk %v, %d people", kind, doing, noBulk, people), func(t *testing.T) {
						t.Parallel()
						s := open(t, setup{seed: meanwhileSeed, noBulk: noBulk, settings: `{"userRolePatch":"` + kind + `"}`})
						u := u // of this test alone
						u.RolesBefore = xy
						var updates []upstream.UserUpdate
						for _, id := range []string{"ANNA", "BERT"}[:people] {
							u.UserKey = key(id)
							updates = append(updates, u)
						}
						outs := s.UpdateUsers(t.Context(), updates)
						noErr(t, outs...)
						for i := range updates {
							if len(outs[i].Undone)+len(outs[i].Kept)+len(outs[i].Warnings) > 0 {
								t.Errorf("%+v", outs[i])
							}
							got := s.state().Users[updates[i].UserID]
							if diff := cmp.Diff(got.Roles, change(xy, u.AddRoles, u.RemoveRoles)); diff != "" {
								t.Errorf("%s's roles (-got +want):\n%s", updates[i].UserID, diff)
							}
							if u.Language != nil && got.PreferredLanguage != "de" {
								t.Errorf("%s's language is %s", updates[i].UserID, got.PreferredLanguage)
							}
						}
						wantFact := want
						if doing == "replaces" || doing == "removes" { // too little stays that a wrong tenant would take away
							wantFact = upstream.Untried
						}
						if got := s.Facts().RolePatch; got != wantFact {
							t.Errorf("single roles are %q, want %q", got, wantFact)
						}
					})
				}
			}
		}
	}
}

func TestRemovalsAloneProveSingleRolesToo(t *testing.T) {
	t.Parallel()
	for kind, want := range rolePatchKinds {
		seed := strings.Replace(meanwhileSeed, `{"id":"CARL"}`, `{"id":"CARL","roles":["PROFILE:t.A:X","PROFILE:t.A:Y","PROFILE:t.A:W"]}`, 1)
		s := open(t, setup{seed: seed, settings: `{"userRolePatch":"` + kind + `"}`})
		out := s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: key("CARL"), RemoveRoles: []string{roleX}, RolesBefore: []string{"PROFILE:t.A:W", roleX, roleY}}})[0]
		noErr(t, out)
		if diff := cmp.Diff(s.state().Users["CARL"].Roles, []string{"PROFILE:t.A:W", roleY}); diff != "" || s.Facts().RolePatch != want {
			t.Errorf("%s: single roles are %q, roles (-got +want):\n%s", kind, s.Facts().RolePatch, diff)
		}
	}
}

func TestSingleRolesNeedNoReadingAndLeaveNoWindow(t *testing.T) {
	t.Parallel()
	for _, tt := range []setup{{}, {noBulk: true}} {
		tt.seed, tt.facts = meanwhileSeed, upstream.Facts{RolePatch: upstream.Yes}
		tt.before = onWrite(service.Edit{User: "ANNA", AddRoles: []string{"PROFILE:t.A:W"}}) // as late as it can be
		s := open(t, tt)
		s.find(upstream.UserQuery{UserIDs: []string{"ANNA", "BERT"}})
		s.calls()
		outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{
			{UserKey: key("ANNA"), AddRoles: []string{roleZ}, RemoveRoles: []string{roleX}, RolesBefore: xy},
			{UserKey: key("BERT"), AddRoles: []string{roleZ}, RolesBefore: xy},
		})
		noErr(t, outs...)
		want := map[string]int{configCall: 1, bulkRoute: 1, searchV2: 1}
		if tt.noBulk {
			want = map[string]int{patchV2: 2}
		}
		s.wantCalls(want)
		if diff := cmp.Diff(s.state().Users["ANNA"].Roles, []string{"PROFILE:t.A:W", roleY, roleZ}); diff != "" || len(outs[0].Kept) != 1 {
			t.Errorf("kept %q, roles (-got +want):\n%s", outs[0].Kept, diff)
		}
	}
}

func TestATenantThatTakesSingleRolesNoMoreIsFoundOut(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"refused", "ignored"} {
		for _, noBulk := range []bool{false, true} {
			s := open(t, setup{
				seed: meanwhileSeed, noBulk: noBulk, facts: upstream.Facts{RolePatch: upstream.Yes},
				settings: `{"userRolePatch":"` + kind + `"}`,
			})
			outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{
				{UserKey: key("ANNA"), AddRoles: []string{roleZ}, RolesBefore: xy}, {UserKey: key("BERT"), RemoveRoles: []string{roleX}, RolesBefore: xy},
			})
			noErr(t, outs...)
			state := s.state().Users
			if diff := cmp.Diff([][]string{state["ANNA"].Roles, state["BERT"].Roles}, [][]string{{roleX, roleY, roleZ}, {roleY}}); diff != "" {
				t.Errorf("%s, no Bulk %v: roles (-got +want):\n%s", kind, noBulk, diff)
			}
			if got := s.Facts().RolePatch; got != upstream.No {
				t.Errorf("%s, no Bulk %v: single roles are %q", kind, noBulk, got)
			}
		}
	}
}

func TestAProofSaysWhatItCost(t *testing.T) {
	t.Parallel()
	s := open(t, setup{
		seed: meanwhileSeed, noBulk: true, settings: `{"userRolePatch":"replaces"}`,
		faults: `[{"match":{"method":"PATCH","path":"Users/"},"nth":[2],"action":"status","status":500}]`,
	})
	out := s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: key("ANNA"), AddRoles: []string{roleZ}, RolesBefore: xy}})[0]
	if upstream.ClassOf(out.Err) != upstream.Unknown || !strings.Contains(out.Err.Error(), roleX+", "+roleY) {
		t.Errorf("Err = %v, want the roles that are gone", out.Err)
	}
}

func TestWhatIsLearntIsToldOnceEach(t *testing.T) {
	t.Parallel()
	var told []upstream.Facts
	s := open(t, setup{seed: meanwhileSeed, sso: service.SSOCustom, settings: `{"ignoredAttributes":["active"]}`, learned: func(f upstream.Facts) { told = append(told, f) }})
	for range 2 {
		s.UpdateUsers(t.Context(), []upstream.UserUpdate{
			{UserKey: key("ANNA"), Active: edit(true, false)}, {UserKey: key("BERT"), AddRoles: []string{roleZ}, RolesBefore: xy},
		})
	}
	if len(told) != 2 || told[1].RolePatch != upstream.Yes || len(told[1].Ignored) != 1 {
		t.Errorf("told %v, want one fact more each time", told)
	}
}

func TestAFreshConnectorKeepsTheSessionAndForgetsPeople(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: crowd(30)})
	var updates []upstream.UserUpdate
	for _, id := range ids("U", 1, 2) {
		updates = append(updates, upstream.UserUpdate{UserKey: key(id), AddRoles: []string{"PROFILE:sap.epm:Viewer"}})
	}
	noErr(t, s.UpdateUsers(t.Context(), updates)...)
	before := s.stats().ByRoute
	other := s.Fresh()
	for u, err := range other.FindUsers(t.Context(), upstream.UserQuery{UserIDs: ids("U", 1, 1)}) {
		if err != nil || u.Ref == "" {
			t.Errorf("%v, %v", u, err)
		}
	}
	s.calls()
	noErr(t, other.Writer(always{}).UpdateUsers(t.Context(), updates)...)
	if got := s.calls()[configCall]; got != 0 {
		t.Errorf("the tenant's limits were read %d times more", got)
	}
	if tokens := before["POST /oauth/token"]; s.Stats().Calls == 0 || tokens > 1 {
		t.Errorf("%d tokens", tokens)
	}
	if s.Stats() != other.Stats() {
		t.Errorf("%+v and %+v, want one session", s.Stats(), other.Stats())
	}
}
