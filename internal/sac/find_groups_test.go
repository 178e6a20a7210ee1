package sac_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

const (
	searchTeams = "POST /api/v1/scim2/Groups/.search"
	listTeamsV1 = "GET /api/v1/scim/Groups"
	listTeamsV2 = "GET /api/v1/scim2/Groups"
	getTeamV1   = "GET /api/v1/scim/Groups/{id}"
)

// teamsSeed has one team of everybody, a small one with a role, an odd name, and two of one name.
const teamsSeed = `{"users":[{"id":"SYSOWNER","systemOwner":true}],
 "usersRange":[{"prefix":"U","from":1,"to":1000,"pad":4,"domain":"example.com"}],
 "teams":[{"id":"Big","displayName":"Big one","membersRange":[{"prefix":"U","from":1,"to":900,"pad":4}]},
  {"id":"Small","displayName":"Small one","roles":["PROFILE:t.A:R2","PROFILE:t.A:R1"],"members":["U0003","U0001","U0002"]},
  {"id":"A / B","members":["U0001"]},{"id":"Empty"},
  {"id":"Twin","members":["U0001"]},{"id":"Twin","namespace":"t.B","members":["U0002"]}]}`

func TestFindGroupsReadsOneTeamWhole(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, people := range []bool{false, true} {
			s := open(t, setup{platform: platform, seed: teamsSeed})
			got := s.groups(upstream.GroupQuery{Names: []string{"Small"}, Members: true, People: people})["Small"]
			if got == nil {
				t.Fatalf("%s: not found", platform)
			}
			if !people && (got.Ref == "") != (platform == service.NEO) {
				t.Errorf("%s: Ref = %q", platform, got.Ref)
			}
			got.Ref = ""
			want := &identity.Group{
				Name: "Small", Description: "Small one", Roles: []string{"PROFILE:t.A:R1", "PROFILE:t.A:R2"},
				Members: []string{"U0001", "U0002", "U0003"}, Size: 3, Created: time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC),
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("%s (-got +want):\n%s", platform, diff)
			}
		}
	}
}

func TestFindGroupsTakesTheFewestCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		s    setup
		q    upstream.GroupQuery
		want map[string]int
	}{
		{
			"a source team on CF is one call",
			setup{},
			upstream.GroupQuery{Names: []string{"Big"}, Members: true, People: true},
			map[string]int{getTeamV1: 1},
		},
		{
			"many teams without members on CF are one call",
			setup{},
			upstream.GroupQuery{Names: []string{"Big", "Small", "Empty", "None"}},
			map[string]int{searchTeams: 1},
		},
		{
			"a small target team on CF is a search and one look-up of its members",
			setup{},
			upstream.GroupQuery{Names: []string{"Small"}, Members: true},
			map[string]int{searchTeams: 1, searchV2: 1},
		},
		{
			"the members of a large target team come by v1",
			setup{},
			upstream.GroupQuery{Names: []string{"Big"}, Members: true},
			map[string]int{searchTeams: 1, getTeamV1: 1},
		},
		{
			"a team on NEO is one call",
			setup{platform: service.NEO},
			upstream.GroupQuery{Names: []string{"Big"}, Members: true},
			map[string]int{getTeamV1: 1},
		},
		{
			"many teams on NEO are one page",
			setup{platform: service.NEO},
			upstream.GroupQuery{Names: []string{"Big", "Small", "Empty", "None"}, Members: true},
			map[string]int{listTeamsV1: 1},
		},
		{
			"many source teams on CF are one page, which shows hidden ones too",
			setup{settings: hiddenOff},
			upstream.GroupQuery{Names: []string{"Big", "Small", "Empty", "None"}, Members: true, People: true},
			map[string]int{listTeamsV1: 1},
		},
		{
			"a missing team on NEO costs one page, for its name may differ by letter case",
			setup{platform: service.NEO},
			upstream.GroupQuery{Names: []string{"big"}, Members: true},
			map[string]int{getTeamV1: 1, listTeamsV1: 1},
		},
		{
			"api 2 never calls v1",
			setup{api: "2"},
			upstream.GroupQuery{Names: []string{"Big"}, Members: true, People: true},
			map[string]int{searchTeams: 1, listV2: 1, searchV2: 4},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.seed = teamsSeed
			s := open(t, tt.s)
			for _, g := range s.groups(tt.q) {
				if (g.Members != nil) != tt.q.Members {
					t.Errorf("%s: members %v", g.Name, g.Members)
				}
				if g.Name == "Big" && (g.Size != 900 || tt.q.Members && len(g.Members) != 900) {
					t.Errorf("Big has size %d and %d members", g.Size, len(g.Members))
				}
			}
			s.wantCalls(tt.want)
		})
	}
}

func TestFindGroupsKnowsMembersOfPeopleReadBefore(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: teamsSeed})
	s.find(upstream.UserQuery{UserIDs: ids("U", 1, 200)})
	s.calls()
	if got := s.groups(upstream.GroupQuery{Names: []string{"Small"}, Members: true})["Small"]; len(got.Members) != 3 {
		t.Errorf("members = %v", got.Members)
	}
	s.wantCalls(map[string]int{searchTeams: 1})
}

func TestFindGroupsOfOneNameAndLetterCase(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: teamsSeed})
	got := s.groups(upstream.GroupQuery{Names: []string{"Twin", "small", "A / B"}, Members: true})
	if diff := cmp.Diff(keys(got), []string{"A / B", "Small", "Twin"}); diff != "" {
		t.Fatalf("teams (-got +want):\n%s", diff)
	}
	if got["Twin"].Namesakes != 1 || got["Small"].Namesakes != 0 {
		t.Errorf("Namesakes = %d and %d, want 1 and 0", got["Twin"].Namesakes, got["Small"].Namesakes)
	}
	source := s.groups(upstream.GroupQuery{Names: []string{"Twin", "Small", "small"}, Members: true, People: true})
	if source["Twin"].Namesakes != 1 || source["Small"].Namesakes != 0 {
		t.Errorf("as source: Namesakes = %d and %d, want 1 and 0", source["Twin"].Namesakes, source["Small"].Namesakes)
	}
}

func TestFindGroupsReadsAll(t *testing.T) {
	t.Parallel()
	for _, s := range []setup{{}, {platform: service.NEO}, {api: "1"}, {api: "2"}} {
		s.seed = teamsSeed
		sim := open(t, s)
		got := sim.groups(upstream.GroupQuery{All: true, Members: true})
		if diff := cmp.Diff(keys(got), []string{"A / B", "Big", "Empty", "Small", "Twin"}); diff != "" {
			t.Errorf("%+v (-got +want):\n%s", s, diff)
		}
		if got["Big"].Size != 900 || len(got["Big"].Members) != 900 || got["Twin"].Namesakes != 1 || got["Empty"].Members == nil {
			t.Errorf("%+v: Big %d/%d, Twin %d", s, got["Big"].Size, len(got["Big"].Members), got["Twin"].Namesakes)
		}
	}
}

// hiddenOff makes the teams that v1 did not create unreachable for it.
const hiddenOff = `{"ignoreContentNamespaceForTeams":false}`

func TestHiddenTeams(t *testing.T) {
	t.Parallel()
	make := func(t *testing.T, api string) *sim {
		s := open(t, setup{seed: teamsSeed, settings: hiddenOff})
		noErr(t, s.CreateGroup(t.Context(), &identity.Group{Name: "Ghost"}))
		ghost := s.groups(upstream.GroupQuery{Names: []string{"Ghost"}})["Ghost"]
		noErr(t, s.UpdateGroup(t.Context(), upstream.GroupUpdate{
			GroupKey: upstream.GroupKey{Name: "Ghost", Ref: ghost.Ref}, AddMembers: []string{"U0007"},
		}))
		return s.again(api)
	}
	for _, api := range []string{"auto", "1", "2"} {
		t.Run("api "+api, func(t *testing.T) {
			t.Parallel()
			s := make(t, api)
			got := s.groups(upstream.GroupQuery{Names: []string{"Ghost"}, Members: true, People: true})["Ghost"]
			if got == nil {
				t.Fatal("not found")
			}
			if diff := cmp.Diff(got.Members, []string{"U0007"}); diff != "" {
				t.Errorf("members (-got +want):\n%s", diff)
			}
			if want := api != "2"; got.Hidden != want {
				t.Errorf("Hidden = %v, want %v", got.Hidden, want)
			}
		})
	}
	t.Run("roles of a hidden team go by v2", func(t *testing.T) {
		t.Parallel()
		s := make(t, "auto")
		out := s.UpdateGroup(t.Context(), upstream.GroupUpdate{
			GroupKey: upstream.GroupKey{Name: "Ghost"}, Size: 1, AddRoles: []string{"PROFILE:t.A:R1"},
		})
		noErr(t, out)
		if got := s.groups(upstream.GroupQuery{Names: []string{"Ghost"}, Members: true})["Ghost"]; len(got.Roles) != 1 || len(got.Members) != 1 {
			t.Errorf("roles %v, members %v", got.Roles, got.Members)
		}
	})
	t.Run("v1 alone cannot write or delete one and says so", func(t *testing.T) {
		t.Parallel()
		s := make(t, "1")
		key := upstream.GroupKey{Name: "Ghost"}
		for _, out := range []upstream.Outcome{
			s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, AddMembers: []string{"U0001"}}), s.DeleteGroup(t.Context(), key),
		} {
			e, ok := errors.AsType[*upstream.Error](out.Err)
			if !ok || e.Cause == "" {
				t.Errorf("Err = %v, want a cause", out.Err)
			}
		}
	})
}

func TestFindGroupsReadsFewOfManyTeamsOneByOne(t *testing.T) {
	t.Parallel()
	var teams []string
	for _, name := range ids("T", 1, 950) {
		teams = append(teams, `{"id":"`+name+`","members":["SYSOWNER"]}`)
	}
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true}],"teams":[` + strings.Join(teams, ",") + `]}`
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		s := open(t, setup{platform: platform, seed: seed})
		got := s.groups(upstream.GroupQuery{Names: ids("T", 99, 103), Members: true, People: true})
		if diff := cmp.Diff(keys(got), ids("T", 99, 103)); diff != "" {
			t.Errorf("%s: teams (-got +want):\n%s", platform, diff)
		}
		s.wantCalls(map[string]int{listTeamsV1: 1, getTeamV1: 3})
		if got := s.groups(upstream.GroupQuery{Names: ids("T", 1, 950), Members: true, People: true}); len(got) != 950 {
			t.Errorf("%s: %d teams", platform, len(got))
		}
		s.wantCalls(map[string]int{listTeamsV1: 10})
	}
}
