package sac_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// Whoever is deleted and created anew by somebody else is another one: no write that was meant for the first comes to
// them, even where the tenant addresses people and teams by name.
func TestWhoIsCreatedAnewIsLeftAlone(t *testing.T) {
	t.Parallel()
	before := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	person := upstream.UserKey{UserID: "CARL", Created: before}
	team := upstream.GroupKey{Name: "T", Created: before}
	for doing, write := range map[string]func(s *sim) upstream.Outcome{
		"update a person": func(s *sim) upstream.Outcome {
			return s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: person, Language: edit("en", "de")}})[0]
		},
		"grant a person a role": func(s *sim) upstream.Outcome {
			return s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: person, AddRoles: []string{roleX}}})[0]
		},
		"delete a person": func(s *sim) upstream.Outcome { return s.DeleteUsers(t.Context(), []upstream.UserKey{person})[0] },
		"add a member": func(s *sim) upstream.Outcome {
			return s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: team, AddMembers: []string{"ANNA"}})
		},
		"grant a team a role": func(s *sim) upstream.Outcome {
			return s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: team, AddRoles: []string{roleX}})
		},
		"delete a team": func(s *sim) upstream.Outcome { return s.DeleteGroup(t.Context(), team) },
	} {
		for name, tt := range map[string]setup{"neo": {platform: service.NEO}, "cf by v1": {api: "1"}, "cf": {}} {
			t.Run(doing+", "+name, func(t *testing.T) {
				t.Parallel()
				var once sync.Once
				tt := tt // of this test alone
				tt.seed = meanwhileSeed
				tt.before = func(edit func(...service.Edit), _ *http.Request) {
					once.Do(func() {
						edit(service.Edit{User: "CARL", Delete: true}, service.Edit{Team: "T", Delete: true})
						edit(service.Edit{User: "CARL", Create: true}, service.Edit{Team: "T", Create: true})
					})
				}
				s := open(t, tt)
				out := write(s)
				if upstream.ClassOf(out.Err) != upstream.Changed {
					t.Errorf("Err = %v, want the contradiction", out.Err)
				}
				state := s.state()
				u, there := state.Users["CARL"]
				g, known := state.Teams["T"]
				if !there || !known || len(u.Roles)+len(g.Roles)+len(g.Members) > 0 || u.PreferredLanguage != "en" {
					t.Errorf("got %+v and %+v, want them as somebody else created them", u, g)
				}
			})
		}
	}
}

// Who comes into a team that was just created, by somebody else's hand, stays and is told.
func TestOtherMembersOfANewTeamAreTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]setup{"neo": {platform: service.NEO}, "cf by v1": {api: "1"}, "cf by v2": {api: "2"}, "cf": {}} {
		for doing, u := range map[string]upstream.GroupUpdate{
			"adds members": {AddMembers: []string{"CARL", "ANNA"}}, "adds roles and members": {AddRoles: []string{roleX}, AddMembers: []string{"CARL", "ANNA"}},
		} {
			t.Run(name+", "+doing, func(t *testing.T) {
				t.Parallel()
				tt := tt // of this test alone
				tt.seed = meanwhileSeed
				s := open(t, tt)
				made := s.CreateGroup(t.Context(), &identity.Group{Name: "New"})
				noErr(t, made)
				s.edit(service.Edit{Team: "New", AddMembers: []string{"BERT"}})
				u.GroupKey, u.MembersBefore = upstream.GroupKey{Name: "New", Ref: made.Ref}, []string{}
				out := s.UpdateGroup(t.Context(), u)
				noErr(t, out)
				slices.Sort(out.Kept)
				if diff := cmp.Diff(slices.Compact(out.Kept), []string{"member BERT was added meanwhile"}); diff != "" {
					t.Errorf("kept (-got +want):\n%s", diff)
				}
				if diff := cmp.Diff(s.state().Teams["New"].Members, []string{"BERT", "ANNA", "CARL"}, cmpopts.SortSlices(strings.Compare)); diff != "" {
					t.Errorf("members (-got +want):\n%s", diff)
				}
			})
		}
	}
}
