package upstream_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// reader is a tenant in memory that notes what it is asked.
type reader struct {
	users  map[string]*identity.User
	groups map[string]*identity.Group
	lost   map[string]string
	roles  []string
	noList bool
	err    error
	asked  []any
}

func (r *reader) Tenant() identity.Tenant { return identity.Tenant{Name: "dev"} }

func (r *reader) Clock(local time.Time) (time.Time, bool) { return local, true }

func (r *reader) FindUsers(_ context.Context, q upstream.UserQuery) iter.Seq2[*identity.User, error] {
	r.asked = append(r.asked, q)
	return func(yield func(*identity.User, error) bool) {
		for id, u := range r.users {
			if (q.All || slices.Contains(q.UserIDs, id) || slices.Contains(q.Emails, u.Email)) && !yield(u, nil) {
				return
			}
		}
		if r.err != nil {
			yield(nil, r.err)
		}
	}
}

func (r *reader) FindGroups(_ context.Context, q upstream.GroupQuery) iter.Seq2[*identity.Group, error] {
	r.asked = append(r.asked, q)
	return func(yield func(*identity.Group, error) bool) {
		for name, cause := range r.lost {
			if !yield(nil, &upstream.UnreadableError{Name: name, Cause: cause}) {
				return
			}
		}
		for name, g := range r.groups {
			if !q.All && !slices.Contains(q.Names, name) {
				continue
			}
			out := *g
			if !q.Members {
				out.Members = nil
			}
			if !yield(&out, nil) {
				return
			}
		}
	}
}

func (r *reader) RoleIDs(context.Context) ([]string, bool, error) {
	r.asked = append(r.asked, "roles")
	return r.roles, !r.noList, nil
}

func tenant() *reader {
	return &reader{
		users: map[string]*identity.User{
			"A": {UserID: "A", Roles: []string{"PROFILE:t.A:Held"}}, "B": {UserID: "B", Email: "b@x"}, "C": {UserID: "C"},
		},
		groups: map[string]*identity.Group{
			"T": {Name: "T", Members: []string{"A", "GONE"}, Size: 2, Roles: []string{"PROFILE:t.A:Team"}},
			"S": {Name: "S", Members: []string{"C"}, Size: 1},
		},
		roles: []string{"PROFILE:t.A:Listed"},
	}
}

func TestLoadAsksInTheOrderThatTakesFewestCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		scope identity.Scope
		asked []any
		users []string
	}{
		{"nothing", identity.Scope{}, nil, nil},
		{
			"a source team: members first, then the people they are",
			identity.Scope{Groups: []string{"T"}, MembersOf: []string{"T"}, People: true, UserIDs: []string{"B", "A"}},
			[]any{
				upstream.GroupQuery{Names: []string{"T"}, Members: true, People: true},
				upstream.UserQuery{UserIDs: []string{"A", "B", "GONE"}},
			},
			[]string{"A", "B"},
		},
		{
			"a target: people first, then the teams they are in",
			identity.Scope{Groups: []string{"T", "S", "S"}, MembersOf: []string{"T"}, UserIDs: []string{"A"}, Emails: []string{"b@x"}},
			[]any{
				upstream.UserQuery{UserIDs: []string{"A"}, Emails: []string{"b@x"}},
				upstream.GroupQuery{Names: []string{"T"}, Members: true},
				upstream.GroupQuery{Names: []string{"S"}},
			},
			[]string{"A", "B"},
		},
		{
			"everybody and every team",
			identity.Scope{AllUsers: true, AllGroups: true, MembersOf: []string{"T"}, People: true, UserIDs: []string{"A"}},
			[]any{upstream.UserQuery{All: true}, upstream.GroupQuery{All: true, Members: true}},
			[]string{"A", "B", "C"},
		},
		{
			"roles that are delivered or held are not looked up",
			identity.Scope{UserIDs: []string{"A"}, Roles: []string{"PROFILE:sap.epm:Viewer", "PROFILE:t.A:Held"}},
			[]any{upstream.UserQuery{UserIDs: []string{"A"}}},
			[]string{"A"},
		},
		{"another role is", identity.Scope{Roles: []string{"PROFILE:t.A:Held"}}, []any{"roles"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tenant()
			var last upstream.LoadProgress
			got, err := upstream.LoadWith(t.Context(), r, tt.scope, func(p upstream.LoadProgress) { last = p })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r.asked, tt.asked); diff != "" {
				t.Errorf("asked (-got +want):\n%s", diff)
			}
			var users []string
			for id := range got.Users {
				users = append(users, id)
			}
			slices.Sort(users)
			if diff := cmp.Diff(users, tt.users); diff != "" {
				t.Errorf("users (-got +want):\n%s", diff)
			}
			if last.Users != len(got.Users) || last.Groups != len(got.Groups) {
				t.Errorf("progress ended at %+v", last)
			}
			if s := got.Groups["S"]; s != nil && (s.Members != nil || s.Size != 1) {
				t.Errorf("S has members %v, size %d", s.Members, s.Size)
			}
		})
	}
}

func TestLoadKnowsRoles(t *testing.T) {
	t.Parallel()
	for _, noList := range []bool{true, false} {
		r := tenant()
		r.noList = noList
		got, err := upstream.Load(t.Context(), r, identity.Scope{Groups: []string{"T"}, Roles: []string{"PROFILE:t.A:New"}})
		if err != nil {
			t.Fatal(err)
		}
		if got.RolesComplete == noList || !got.Roles["PROFILE:t.A:Team"] || !got.Roles["PROFILE:sap.epm:Admin"] || got.Roles["PROFILE:t.A:New"] {
			t.Errorf("complete %v, roles %v", got.RolesComplete, got.Roles)
		}
	}
}

func TestLoadKeepsUnreadableTeamsAndStopsAtOtherErrors(t *testing.T) {
	t.Parallel()
	r := tenant()
	r.lost = map[string]string{"X": "hidden"}
	got, err := upstream.Load(t.Context(), r, identity.Scope{Groups: []string{"T", "X"}})
	if err != nil || got.Groups["T"] == nil {
		t.Fatalf("Load: %v, %v", got.Groups, err)
	}
	if diff := cmp.Diff(got.Unreadable, map[string]string{"X": "hidden"}); diff != "" {
		t.Errorf("unreadable (-got +want):\n%s", diff)
	}
	r.err = &upstream.Error{Class: upstream.Credentials, Op: "read"}
	if _, err = upstream.Load(t.Context(), r, identity.Scope{AllUsers: true}); !errors.Is(err, r.err) || upstream.ClassOf(err) != upstream.Credentials {
		t.Errorf("Err = %v", err)
	}
}
