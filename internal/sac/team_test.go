package sac_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

const (
	getTeamV2 = "GET /api/v1/scim2/Groups/{id}"
	patchTeam = "PATCH /api/v1/scim2/Groups/{id}"
	putTeam   = "PUT /api/v1/scim/Groups/{id}"
	postTeam2 = "POST /api/v1/scim2/Groups"
)

// linkSeed has a team whose roles stand in no sorted order.
const linkSeed = `{"users":[{"id":"SYSOWNER","systemOwner":true}],
 "usersRange":[{"prefix":"U","from":1,"to":400,"pad":4,"domain":"example.com"}],
 "roles":["PROFILE:t.A:New"],
 "teams":[{"id":"T 1","displayName":"One","roles":["PROFILE:t.A:Zeta","PROFILE:t.A:Alpha"],"membersRange":[{"prefix":"U","from":1,"to":150,"pad":4}]}]}`

// undone names what an accepted write did not do.
func undone(out upstream.Outcome) []string {
	var list []string
	for _, part := range out.Undone {
		list = append(list, string(part.Kind)+" "+part.Key+" "+part.Code)
	}
	return list
}

func teamKey(s *sim, name string) upstream.GroupKey {
	return upstream.GroupKey{Name: name, Ref: s.groups(upstream.GroupQuery{Names: []string{name}})[name].Ref}
}

func TestUpdateGroup(t *testing.T) {
	t.Parallel()
	members := ids("U", 1, 150)
	roles := []string{"PROFILE:t.A:Alpha", "PROFILE:t.A:Zeta"}
	tests := []struct {
		name   string
		update upstream.GroupUpdate
		want   simTeam
		cf     map[string]int
	}{
		{
			"adds people and leaves roles alone",
			upstream.GroupUpdate{AddMembers: ids("U", 150, 300)},
			simTeam{"One", ids("U", 1, 300), roles},
			map[string]int{patchTeam: 1},
		},
		{
			"removes 98 people, some of them not in the team",
			upstream.GroupUpdate{RemoveMembers: ids("U", 60, 157)},
			simTeam{"One", ids("U", 1, 59), roles},
			map[string]int{patchTeam: 1},
		},
		{
			"removes and adds in one write",
			upstream.GroupUpdate{RemoveMembers: []string{"U0001"}, AddMembers: []string{"U0200"}},
			simTeam{"One", append(ids("U", 2, 150), "U0200"), roles},
			map[string]int{patchTeam: 1},
		},
		{
			"adds and removes roles and leaves members alone",
			upstream.GroupUpdate{RemoveRoles: []string{"PROFILE:t.A:Zeta", "PROFILE:t.A:New"}, AddRoles: []string{"PROFILE:sap.epm:Viewer", "PROFILE:t.A:Alpha"}},
			simTeam{"One", members, []string{"PROFILE:sap.epm:Viewer", "PROFILE:t.A:Alpha"}},
			map[string]int{getTeamV1: 1, putTeam: 1},
		},
		{
			"removes all roles",
			upstream.GroupUpdate{RemoveRoles: roles},
			simTeam{"One", members, []string{}},
			map[string]int{getTeamV1: 1, putTeam: 1},
		},
		{
			"writes the description",
			upstream.GroupUpdate{Description: edit("One", strings.Repeat("ü", 1100))},
			simTeam{strings.Repeat("ü", 1024), members, roles},
			map[string]int{getTeamV2: 1, patchTeam: 1},
		},
	}
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, tt := range tests {
			t.Run(string(platform)+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				s := open(t, setup{platform: platform, seed: linkSeed})
				s.find(upstream.UserQuery{All: true})
				u := tt.update
				u.GroupKey, u.Size = teamKey(s, "T 1"), 150
				s.calls()
				out := s.UpdateGroup(t.Context(), u)
				noErr(t, out)
				if len(out.Undone)+len(out.Warnings) > 0 {
					t.Errorf("undone %v, warnings %q", out.Undone, out.Warnings)
				}
				want := tt.cf
				if platform == service.NEO {
					want = map[string]int{getTeamV1: 1, putTeam: 1}
				}
				s.wantCalls(want)
				if diff := cmp.Diff(s.state().Teams["T 1"], tt.want); diff != "" {
					t.Errorf("team (-got +want):\n%s", diff)
				}
			})
		}
	}
}

func TestUpdateGroupReadsBeforeEachV1Write(t *testing.T) {
	t.Parallel()
	s := open(t, setup{platform: service.NEO, seed: linkSeed})
	key := upstream.GroupKey{Name: "T 1"}
	noErr(t, s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, Size: 150, AddMembers: ids("U", 151, 200)}))
	noErr(t, s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, Size: 200, AddMembers: ids("U", 201, 210)}))
	noErr(t, s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, Size: 999, RemoveMembers: []string{"U0001"}}))
	s.wantCalls(map[string]int{getTeamV1: 3, putTeam: 3})
	if got := len(s.state().Teams["T 1"].Members); got != 209 {
		t.Errorf("%d members, want 209", got)
	}
}

func TestUpdateGroupRolesThenMembersOnCF(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: linkSeed})
	key := teamKey(s, "T 1")
	noErr(t, s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, Size: 150, AddRoles: []string{"PROFILE:t.A:New"}}))
	noErr(t, s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, Size: 150, AddMembers: []string{"U0200"}}))
	noErr(t, s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, Size: 151, RemoveRoles: []string{"PROFILE:t.A:New"}}))
	got := s.state().Teams["T 1"]
	if len(got.Members) != 151 || len(got.Roles) != 2 {
		t.Errorf("%d members, roles %v", len(got.Members), got.Roles)
	}
}

func TestUpdateGroupReportsWhomTheTenantDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, tt := range []setup{{}, {settings: `{"refuseUnknownMembers":true}`}, {platform: service.NEO}} {
		tt.seed = linkSeed
		s := open(t, tt)
		out := s.UpdateGroup(t.Context(), upstream.GroupUpdate{
			GroupKey: teamKey(s, "T 1"), Size: 150, AddMembers: []string{"U0200", "NOBODY"}, RemoveMembers: []string{"NEVER"},
		})
		noErr(t, out)
		code := "unknown"
		if tt.platform == service.NEO {
			code = "dropped" // its answer alone tells
		}
		if diff := cmp.Diff(undone(out), []string{"member NOBODY " + code}); diff != "" {
			t.Errorf("%+v: undone (-got +want):\n%s", tt, diff)
		}
		if !slices.Contains(s.state().Teams["T 1"].Members, "U0200") {
			t.Errorf("%+v: U0200 is missing", tt)
		}
	}
}

func TestUpdateGroupFindsOutThatSomebodyWasDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	for settings, code := range map[string]string{`{}`: "dropped", `{"refuseUnknownMembers":true}`: "unknown"} {
		s := open(t, setup{seed: linkSeed, settings: settings})
		s.find(upstream.UserQuery{UserIDs: []string{"U0200", "U0201"}})
		other := s.connect("auto").Writer(always{})
		noErr(t, other.DeleteUsers(t.Context(), []upstream.UserKey{key("U0200")})...)
		out := s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: teamKey(s, "T 1"), Size: 150, AddMembers: []string{"U0200", "U0201"}})
		noErr(t, out)
		if diff := cmp.Diff(undone(out), []string{"member U0200 " + code}); diff != "" {
			t.Errorf("%s: undone (-got +want):\n%s", settings, diff)
		}
	}
}

func TestUpdateGroupNamesAMissingRole(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		s := open(t, setup{platform: platform, seed: linkSeed})
		out := s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: teamKey(s, "T 1"), Size: 150, AddRoles: []string{"PROFILE:t.A:None"}})
		if e := asError(t, out.Err); e.MissingRef != "PROFILE:t.A:None" || e.Class != upstream.Refused {
			t.Errorf("%s: class %q, missing %q: %v", platform, e.Class, e.MissingRef, e)
		}
	}
}

func TestUpdateGroupUnknownOutcome(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: linkSeed, faults: `[{"match":{"method":"PATCH"},"once":true,"action":"hangup-after-write"}]`})
	key := teamKey(s, "T 1")
	out := s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, Size: 150, AddMembers: []string{"U0200"}})
	if got := upstream.ClassOf(out.Err); got != upstream.Unknown {
		t.Fatalf("class %q, want unknown", got)
	}
	if got := s.groups(upstream.GroupQuery{Names: []string{"T 1"}, Members: true})["T 1"]; !slices.Contains(got.Members, "U0200") {
		t.Error("the write had no effect")
	}
}

func TestUpdateGroupRefusesMoreRemovalsThanOnePatchTakes(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: linkSeed})
	out := s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: teamKey(s, "T 1"), RemoveMembers: ids("U", 1, 99)})
	if upstream.ClassOf(out.Err) != upstream.Refused {
		t.Errorf("Err = %v", out.Err)
	}
}

func TestCreateAndDeleteGroup(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		t.Run(string(platform), func(t *testing.T) {
			t.Parallel()
			s := open(t, setup{platform: platform, seed: linkSeed})
			plain := s.CreateGroup(t.Context(), &identity.Group{Name: "Plain"})
			named := s.CreateGroup(t.Context(), &identity.Group{Name: "Named", Description: "Its name"})
			noErr(t, plain, named)
			if (plain.Ref == "") != (platform == service.NEO) {
				t.Errorf("Ref = %q", plain.Ref)
			}
			wantName := map[service.Platform]string{service.CF: "Plain", service.NEO: "Plain with Team Folder"}[platform]
			got := s.state().Teams
			if got["Plain"].DisplayName != wantName || got["Named"].DisplayName != "Its name" {
				t.Errorf("descriptions %q and %q", got["Plain"].DisplayName, got["Named"].DisplayName)
			}
			clash := s.CreateGroup(t.Context(), &identity.Group{Name: "PLAIN"})
			if e := asError(t, clash.Err); e.Class != upstream.Conflict || !strings.Contains(e.Cause, "folder") {
				t.Errorf("clash: %v", clash.Err)
			}
			for range 2 {
				noErr(t, s.DeleteGroup(t.Context(), upstream.GroupKey{Name: "Plain"}))
			}
			if _, there := s.state().Teams["Plain"]; there {
				t.Error("Plain is still there")
			}
		})
	}
}

func TestTeamsOfThousandsAreFilledInChunks(t *testing.T) {
	t.Parallel()
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true}],"usersRange":[{"prefix":"U","from":1,"to":6000,"pad":4}],"teams":[{"id":"T"}]}`
	s := open(t, setup{seed: seed})
	s.find(upstream.UserQuery{All: true})
	key, all, chunks := teamKey(s, "T"), ids("U", 1, 6000), 0
	for size := 0; size < len(all); chunks++ {
		n := min(s.Limits(size).AddChunk, len(all)-size)
		noErr(t, s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: key, Size: size, AddMembers: all[size : size+n]}))
		size += n
	}
	if chunks != 2 {
		t.Errorf("%d chunks, want 4590 and then, since that was fast, the rest", chunks)
	}
	if got := len(s.state().Teams["T"].Members); got != 6000 {
		t.Errorf("%d members", got)
	}
}
