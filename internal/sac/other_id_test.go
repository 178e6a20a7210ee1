package sac_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// named are people of the given user IDs, each with an e-mail of their own.
func named(ids ...string) []*identity.User {
	var out []*identity.User
	for i, id := range ids {
		u := newcomer(id)
		u.Email, u.LoginID = fmt.Sprintf("person%d@example.com", i), fmt.Sprintf("login-%d", i)
		out = append(out, u)
	}
	return out
}

func TestTrial1ACreateThatComesOutUnderAnotherIDStopsTheNextOfItsKind(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		setup
		ids     []string
		posts   map[string]int // requests that create somebody
		failed  []string       // words of each outcome, "" for success
		created []string
	}{
		"v1 makes another ID of a point": {
			setup: setup{platform: service.NEO}, ids: []string{"JOHN.DOE", "MARY.DOE", "ANNA"},
			posts:   map[string]int{postV1: 2},
			failed:  []string{`user "JOHNDOE" that it made instead is deleted again`, `not sent, for the tenant created user "JOHNDOE" in place of "JOHN.DOE"`, ""},
			created: []string{"ANNA", "SYSOWNER"},
		},
		"also where that ID is taken": {
			setup: setup{platform: service.NEO, seed: `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"JOHNDOE","email":"j@example.com"}]}`},
			ids:   []string{"JOHN.DOE", "MARY.DOE"}, posts: map[string]int{postV1: 1},
			failed:  []string{`user "JOHNDOE_1" that it made instead is deleted again`, "not sent"},
			created: []string{"JOHNDOE", "SYSOWNER"},
		},
		"also under SSO email": {
			setup: setup{platform: service.NEO, sso: service.SSOEmail}, ids: []string{"A-B", "C-D"}, posts: map[string]int{postV1: 1},
			failed: []string{`user "AB" that it made instead is deleted again`, "not sent"}, created: []string{"SYSOWNER"},
		},
		"v2 makes capitals, and one person shows it before the Bulk": {
			ids: []string{"anna", "bert", "CARL", "DORA"}, posts: map[string]int{postV2: 1, bulkRoute: 1},
			failed:  []string{`user "ANNA" that it made instead is deleted again`, "not sent", "", ""},
			created: []string{"CARL", "DORA", "SYSOWNER"},
		},
		"v2 without Bulk": {
			setup: setup{noBulk: true}, ids: []string{"anna", "bert", "CARL"}, posts: map[string]int{postV2: 2},
			failed: []string{"deleted again", "not sent", ""}, created: []string{"CARL", "SYSOWNER"},
		},
		"v2 keeps a point, and the rest goes by Bulk": {
			ids: []string{"A.B", "C-D", "CARL", "E@F"}, posts: map[string]int{postV2: 1, bulkRoute: 1},
			failed: []string{"", "", "", ""}, created: []string{"A.B", "C-D", "CARL", "E@F", "SYSOWNER"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, tt.setup)
			people := named(tt.ids...)
			price := s.CreateCalls(people)
			s.calls()
			outs := s.CreateUsers(t.Context(), people)
			calls := s.calls()
			got := map[string]int{}
			for _, route := range []string{postV1, postV2, bulkRoute} {
				if calls[route] > 0 {
					got[route] = calls[route]
				}
			}
			if diff := cmp.Diff(got, tt.posts); diff != "" {
				t.Errorf("requests (-got +want):\n%s", diff)
			}
			if !slices.ContainsFunc(outs, func(o upstream.Outcome) bool { return o.Err != nil }) && price != got[postV2]+got[bulkRoute] {
				t.Errorf("estimated %d calls, made %v", price, got)
			}
			for i, words := range tt.failed {
				switch err := outs[i].Err; {
				case words == "" && err != nil:
					t.Errorf("%s: %v", tt.ids[i], err)
				case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
					t.Errorf("%s: %v, want %q", tt.ids[i], err, words)
				case words != "" && asError(t, err).Code != upstream.CodeOtherID:
					t.Errorf("%s: code %q", tt.ids[i], asError(t, err).Code)
				}
			}
			if diff := cmp.Diff(keys(s.state().Users), tt.created); diff != "" {
				t.Errorf("people (-got +want):\n%s", diff)
			}
		})
	}
}

// TestTrial1WhatPlansSayOfUserIDsIsWhatTheSimulatorDoes compares what plans go by with the simulated tenant.
func TestTrial1WhatPlansSayOfUserIDsIsWhatTheSimulatorDoes(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, sso := range []service.SSO{service.SSODefault, service.SSOUserID, service.SSOEmail, service.SSOCustom} {
			t.Run(fmt.Sprintf("%s %s", platform, sso), func(t *testing.T) {
				t.Parallel()
				s := open(t, setup{platform: platform, sso: sso, noBulk: true})
				n := 0
				rapid.Check(t, func(rt *rapid.T) {
					n++
					id := rapid.StringOfN(rapid.RuneFrom([]rune("ABZ019_az.-@+/?#%'\"\\ \u00a0\u200b\u202eÄß😀\t")), 1, 8, -1).Draw(rt, "id")
					u := newcomer(id)
					u.Email, u.LoginID = fmt.Sprintf("person%d@example.com", n), fmt.Sprintf("login-%d", n)
					want := s.Tenant.Tenant().AssignedUserID(id, u.Email)
					if platform == service.CF && want == "" && !strings.ContainsAny(id, " \t\"/\\") {
						return // the simulator takes what plans refuse
					}
					w := s.Fresh().Writer(always{})
					err := w.CreateUsers(t.Context(), []*identity.User{u})[0].Err
					made := s.find(upstream.UserQuery{Emails: []string{u.Email}})
					switch {
					case want == id && (err != nil || made[id] == nil):
						rt.Fatalf("%q is not created: %v", id, err)
					case want == id:
						noErr(t, w.DeleteUsers(t.Context(), []upstream.UserKey{{UserID: id, Ref: made[id].Ref}})...)
					case err == nil || len(made) > 0:
						rt.Fatalf("%q: error %v, created %v", id, err, made)
					case want != "" && !strings.Contains(err.Error(), fmt.Sprintf("user %q that it made instead is deleted again", want)):
						rt.Fatalf("%q: want %q, error %v", id, want, err)
					}
				})
			})
		}
	}
}

func TestTrial1NamesThatNoPathCanHoldAreReadAndWrittenByV2OrNotAtAll(t *testing.T) {
	t.Parallel()
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"ANNA","userName":"anna","email":"anna@example.com"}],
		"roles":["PROFILE:t.A:One"],"teams":[{"id":"..","members":["ANNA"]},{"id":"A/B"}]}`
	t.Run("a team on CF is read with its members, and its roles are written", func(t *testing.T) {
		t.Parallel()
		s := open(t, setup{seed: seed})
		got := s.groups(upstream.GroupQuery{Names: []string{"..", "A/B"}, Members: true, People: true})
		if len(got) != 2 || !slices.Equal(got[".."].Members, []string{"ANNA"}) {
			t.Fatalf("read %v", got)
		}
		for name, g := range got {
			u := upstream.GroupUpdate{GroupKey: upstream.GroupKey{Name: name, Ref: g.Ref}, AddRoles: []string{"PROFILE:t.A:One"}, AddMembers: []string{"SYSOWNER"}}
			noErr(t, s.UpdateGroup(t.Context(), u))
			noErr(t, s.DeleteGroup(t.Context(), upstream.GroupKey{Name: name, Ref: g.Ref}))
		}
	})
	t.Run("a team on NEO comes from the list, as one that cannot be addressed", func(t *testing.T) {
		t.Parallel()
		s := open(t, setup{seed: seed, platform: service.NEO})
		got := s.groups(upstream.GroupQuery{Names: []string{"..", "A/B"}, Members: true, People: true})
		if len(got) != 2 || !got[".."].Hidden || got["A/B"].Hidden {
			t.Errorf("read %v", got)
		}
	})
	t.Run("people on NEO do not exist, and the others are read", func(t *testing.T) {
		t.Parallel()
		s := open(t, setup{seed: seed, platform: service.NEO, sso: service.SSOCustom})
		if got := s.find(upstream.UserQuery{UserIDs: []string{"..", "ANNA", ".", "a/b?#%"}}); len(got) != 1 || got["ANNA"] == nil {
			t.Errorf("found %v", got)
		}
		if got := s.find(upstream.UserQuery{UserIDs: []string{".."}}); len(got) != 0 {
			t.Errorf("found %v", got)
		}
	})
}
