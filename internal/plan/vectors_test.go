package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// vector is one worked example of SAP's sample scripts: rows, both tenants before, the target after.
type vector struct {
	ID     string `json:"id"`
	Script string `json:"script"`
	Env    struct {
		SourceSSO string `json:"source_samlsso"`
		TargetSSO string `json:"target_samlsso"`
	} `json:"env"`
	Source      vectorSide  `json:"start_source"`
	Target      vectorSide  `json:"start_target"`
	Data        []vectorRow `json:"data"`
	End         vectorSide  `json:"end_target"`
	Recommended *vectorSide `json:"recommended_end_target"`
}

type vectorSide struct {
	Users []vectorUser `json:"users"`
	Teams []vectorTeam `json:"teams"`
	Roles []string     `json:"roles"`
}

type vectorUser struct {
	ID           string   `json:"id"`
	UserName     string   `json:"userName"`
	Email        string   `json:"email"`
	Active       bool     `json:"active"`
	IsConcurrent bool     `json:"isConcurrent"`
	Manager      string   `json:"manager"`
	Roles        []string `json:"roles"`
	Teams        []string `json:"teams"`
	DisplayName  string   `json:"displayName"`
	Language     string   `json:"preferredLanguage"`
}

type vectorTeam struct {
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	Roles       []string `json:"roles"`
	Members     []string `json:"members"`
}

type vectorRow struct {
	UserID     string          `json:"file_userid"`
	Roles      identity.Action `json:"file_roles_action"`
	Teams      identity.Action `json:"file_teams_action"`
	Team       string          `json:"file_primary_team"`
	Name       bool            `json:"file_transport_primary_team_displayname"`
	TeamRoles  identity.Action `json:"file_transport_primary_team_roles_action"`
	Members    bool            `json:"file_transport_primary_team_user_membership"`
	Users      bool            `json:"file_transport_users_of_primary_team"`
	UsersRoles identity.Action `json:"file_users_roles_action"`
	UsersTeams identity.Action `json:"file_users_teams_action"`
}

func TestSAPVectorsOfTheTransportScripts(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, entry := range entries {
		var head struct{ Script string }
		if err := json.Unmarshal(entry, &head); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains([]string{"1903", "1933", "1953", "1983"}, head.Script) {
			continue
		}
		seen++
		var v vector
		if err := json.Unmarshal(entry, &v); err != nil {
			t.Fatal(err)
		}
		t.Run(v.ID, func(t *testing.T) { t.Parallel(); v.check(t) })
	}
	if seen != 36 {
		t.Errorf("got %d vectors of the transport scripts, want 36", seen)
	}
}

func (v vector) check(t *testing.T) {
	source := v.Source.snapshot(v.Env.SourceSSO)
	target := v.Target.snapshot(v.Env.TargetSSO)
	p := plan.Make(v.request(), source, target, plan.Rules{Guards: plan.DefaultGuards()})
	if len(p.Exceeded) > 0 {
		t.Errorf("got guards %+v, want none", p.Exceeded)
	}
	want := v.End
	if v.Recommended != nil {
		want = *v.Recommended
	}
	got := carryOut(target, p)
	if diff := cmp.Diff(state(got), state(want.snapshot(v.Env.TargetSSO))); diff != "" {
		t.Errorf("the target after the plan (-got +want):\n%s", diff)
	}
}

func (v vector) request() plan.Request {
	var req plan.Request
	pick := func(yes bool, a, b string) string {
		if yes {
			return a
		}
		return b
	}
	for i, r := range v.Data {
		s := plan.Step{Origin: fmt.Sprintf("%s:%d", v.ID, i+1)}
		if r.UserID != "" {
			s.CopyUser = &plan.CopyUser{UserID: r.UserID, Users: plan.UsersAll, Roles: r.Roles, Teams: r.Teams}
		} else {
			s.CopyTeam = &plan.CopyTeam{
				Team: r.Team, UserRoles: r.UsersRoles, UserTeams: r.UsersTeams, TeamRoles: r.TeamRoles,
				Users:   plan.Users(pick(r.Users, "all", "none")),
				Members: identity.Action(pick(r.Members, "add", "keep")),
				Name:    plan.NameMode(pick(r.Name, "copy", "keep")),
			}
		}
		req.Steps = append(req.Steps, s)
	}
	return req
}

func (side vectorSide) snapshot(sso string) identity.Snapshot {
	s := identity.NewSnapshot(identity.Tenant{SSO: sso})
	s.RolesComplete = true
	for _, r := range side.Roles {
		s.Roles[r] = true
	}
	for _, u := range side.Users {
		s.Users[u.ID] = &identity.User{
			UserID: u.ID, LoginID: u.UserName, Email: u.Email, Active: u.Active, Concurrent: u.IsConcurrent,
			Manager: u.Manager, Roles: u.Roles, Teams: u.Teams, DisplayName: u.DisplayName, Language: u.Language,
		}
	}
	for _, g := range side.Teams {
		s.Groups[g.ID] = &identity.Group{Name: g.ID, Description: g.DisplayName, Roles: g.Roles, Members: g.Members, Size: len(g.Members)}
	}
	return s
}

// state gives a snapshot's facts as lines, sorted, so that two of them compare as text. In SSO mode
// default the login ID is the user ID in v1 and the e-mail in v2, so there it is left out.
func state(s identity.Snapshot) []string {
	list := func(l []string) string { return strings.Join(identity.Set(l), " ") }
	var out []string
	for _, u := range s.Users {
		login := u.LoginID
		if s.Tenant.SSO == "default" {
			login = ""
		}
		out = append(out, fmt.Sprintf("user %s login=%s email=%s active=%t concurrent=%t manager=%s name=%s language=%s roles=%s teams=%s",
			u.UserID, login, u.Email, u.Active, u.Concurrent, u.Manager, u.DisplayName, u.Language, list(u.Roles), list(u.Teams)))
	}
	for _, g := range s.Groups {
		out = append(out, fmt.Sprintf("team %s description=%s roles=%s members=%s", g.Name, g.Description, list(g.Roles), list(g.Members)))
	}
	slices.Sort(out)
	return out
}
