package plan_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// names of the small worlds that properties draw from.
func worldUsers() []string { return []string{"ANNA", "BO", "CARL", "DORA", "EVE", "FINN"} }
func worldTeams() []string { return []string{"Blue", "Green", "Red"} }
func worldRoles() []string {
	return []string{"PROFILE:sap.epm:BI_Admin", "PROFILE:t.x:One", "PROFILE:t.x:Three", "PROFILE:t.x:Two"}
}

// drawTenant draws a consistent tenant: a user's teams are the teams that list the user, e-mails are
// unique, managers exist.
func drawTenant(t *rapid.T, label, sso string) identity.Snapshot {
	s := identity.NewSnapshot(identity.Tenant{Name: label, SSO: sso})
	s.RolesComplete = true
	for _, r := range worldRoles() {
		s.Roles[r] = true
	}
	ids := drawSubset(t, label+" users", worldUsers())
	for _, id := range ids {
		who := label + " " + id
		u := &identity.User{
			UserID: id, LoginID: id, Email: drawEmail(t, who, id),
			GivenName: label, DisplayName: label + " " + id,
			Active: rapid.Bool().Draw(t, who+" active"), Concurrent: rapid.Bool().Draw(t, who+" concurrent"),
			Language: rapid.SampledFrom([]string{"de", "en"}).Draw(t, who+" language"),
			Roles:    drawSubset(t, who+" roles", worldRoles()),
		}
		if sso == "email" {
			u.LoginID = u.Email
		}
		u.Settings = identity.Settings{CleanUpDays: rapid.IntRange(0, 1).Draw(t, who+" days"), DateFormat: rapid.SampledFrom([]string{"MMM d, yyyy", "yyyy/MM/dd"}).Draw(t, who+" dates")}
		u.Photos = drawSubset(t, who+" photos", []string{"https://p.example/1", "https://p.example/2"})
		if manager := rapid.SampledFrom(append([]string{""}, ids...)).Draw(t, who+" manager"); manager != "" {
			u.Manager = manager
		}
		s.Users[id] = u
	}
	for _, name := range drawSubset(t, label+" teams", worldTeams()) {
		g := &identity.Group{Name: name, Description: label + " " + name, Roles: drawSubset(t, label+" "+name+" roles", worldRoles())}
		g.Members = append([]string{}, drawSubset(t, label+" "+name+" members", ids)...)
		g.Size = len(g.Members)
		for _, id := range g.Members {
			s.Users[id].Teams = append(s.Users[id].Teams, name)
		}
		s.Groups[name] = g
	}
	return s
}

func drawEmail(t *rapid.T, who, id string) string {
	domain := rapid.SampledFrom([]string{"old.example", "new.example"}).Draw(t, who+" domain")
	return strings.ToLower(id) + "@" + domain
}

// drawSubset draws a sorted subset, nil where it is empty.
func drawSubset(t *rapid.T, label string, all []string) []string {
	var out []string
	bits := rapid.IntRange(0, 1<<len(all)-1).Draw(t, label)
	for i, s := range all {
		if bits&(1<<i) != 0 {
			out = append(out, s)
		}
	}
	return out
}

// drawRequest draws one to three rows.
func drawRequest(t *rapid.T, teamRoles []identity.Action) plan.Request {
	var req plan.Request
	link := func(label string) identity.Action { return rapid.SampledFrom(identity.LinkActions).Draw(t, label) }
	for i := range rapid.IntRange(1, 3).Draw(t, "rows") {
		s := plan.Step{Origin: fmt.Sprintf("rows.csv:%d", i+1)}
		if rapid.Bool().Draw(t, "one person") {
			s.CopyUser = &plan.CopyUser{
				UserID: rapid.SampledFrom(worldUsers()).Draw(t, "user"), Roles: link("roles"), Teams: link("teams"),
				Users: rapid.SampledFrom([]plan.Users{plan.UsersAll, plan.UsersMissing}).Draw(t, "users"),
			}
		} else {
			s.CopyTeam = &plan.CopyTeam{
				Team: rapid.SampledFrom(worldTeams()).Draw(t, "team"), UserRoles: link("user roles"), UserTeams: link("user teams"),
				TeamRoles: rapid.SampledFrom(teamRoles).Draw(t, "team roles"), Members: link("members"),
				Users: rapid.SampledFrom([]plan.Users{plan.UsersNone, plan.UsersAll, plan.UsersMissing}).Draw(t, "users"),
				Name:  rapid.SampledFrom([]plan.NameMode{plan.NameKeep, plan.NameCopy}).Draw(t, "name"),
			}
		}
		req.Steps = append(req.Steps, s)
	}
	req.Options.Active = rapid.SampledFrom([]plan.ActiveMode{plan.ActiveKeep, plan.ActiveSource, plan.ActiveTrue}).Draw(t, "active")
	req.Options.SecondaryRoles = rapid.Bool().Draw(t, "secondary roles")
	return req
}

// drawEdits draws one to five steps of all kinds. email draws an e-mail for somebody.
func drawEdits(t *rapid.T, teamRoles []identity.Action, email func(id string) string) plan.Request {
	req := drawRequest(t, teamRoles)
	for i := range rapid.IntRange(1, 4).Draw(t, "edits") {
		s := plan.Step{Origin: fmt.Sprintf("edits.csv:%d", i+1)}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			s.SetUser = drawSetUser(t, email)
		case 1:
			s.SetTeam = drawSetTeam(t)
		case 2:
			s.DeleteUser = &plan.DeleteUser{Who: drawWho(t), ClearReports: rapid.Bool().Draw(t, "clear reports")}
		default:
			s.DeleteTeam = &plan.DeleteTeam{Team: rapid.SampledFrom(worldTeams()).Draw(t, "team")}
		}
		at := rapid.IntRange(0, len(req.Steps)).Draw(t, "place")
		req.Steps = slices.Insert(req.Steps, at, s)
	}
	return req
}

// drawAnyEdits draws edits that make no two people have one e-mail.
func drawAnyEdits(t *rapid.T) plan.Request {
	return drawEdits(t, identity.SetActions, func(id string) string { return drawEmail(t, "edit "+id, id) })
}

func drawWho(t *rapid.T) plan.Who {
	switch id := rapid.SampledFrom(worldUsers()).Draw(t, "who"); rapid.IntRange(0, 3).Draw(t, "by") {
	case 0:
		return plan.Who{Email: drawEmail(t, "who", id)}
	case 1:
		return plan.Who{MembersOf: rapid.SampledFrom(worldTeams()).Draw(t, "members of")}
	default:
		return plan.Who{UserID: id}
	}
}

func drawSetUser(t *rapid.T, email func(id string) string) *plan.SetUser {
	s := &plan.SetUser{
		Who: drawWho(t), IfMissing: drawIfMissing(t), IfExists: drawIfExists(t),
		Values: plan.Values{}, New: plan.Values{},
	}
	draw := func(to plan.Values, name plan.FieldName, values ...string) {
		if rapid.Bool().Draw(t, string(name)) {
			to[name] = rapid.SampledFrom(values).Draw(t, string(name)+" value")
		}
	}
	draw(s.Values, plan.FieldActive, "true", "false")
	draw(s.Values, plan.FieldConcurrent, "true", "false")
	draw(s.Values, plan.FieldLanguage, "de", "en", "fr")
	draw(s.Values, plan.FieldCleanUpDays, "0", "1", "30")
	draw(s.Values, plan.FieldManager, append(worldUsers(), "")...)
	draw(s.Values, plan.FieldGivenName, "New")
	draw(s.New, plan.FieldDisplayName, "Somebody new")
	if s.UserID != "" {
		draw(s.Values, plan.FieldEmail, email(s.UserID))
		draw(s.New, plan.FieldEmail, email(s.UserID))
	}
	if rapid.Bool().Draw(t, "set roles") {
		s.Roles = &plan.LinkEdit{Action: rapid.SampledFrom(identity.LinkActions).Draw(t, "set roles action"), Names: drawSubset(t, "set roles names", worldRoles())}
	}
	if rapid.Bool().Draw(t, "set teams") {
		s.Teams = &plan.LinkEdit{Action: rapid.SampledFrom(identity.LinkActions).Draw(t, "set teams action"), Names: drawSubset(t, "set teams names", worldTeams())}
	}
	return s
}

func drawSetTeam(t *rapid.T) *plan.SetTeam {
	s := &plan.SetTeam{Team: rapid.SampledFrom(worldTeams()).Draw(t, "team"), IfMissing: drawIfMissing(t), IfExists: drawIfExists(t)}
	if rapid.Bool().Draw(t, "describe") {
		s.Description = new(rapid.SampledFrom([]string{"One", "Two"}).Draw(t, "description"))
	}
	edit := func(label string, actions []identity.Action, names []string) *plan.LinkEdit {
		if !rapid.Bool().Draw(t, label) {
			return nil
		}
		e := &plan.LinkEdit{Action: rapid.SampledFrom(actions).Draw(t, label+" action")}
		if rapid.IntRange(0, 3).Draw(t, label+" of team") == 0 {
			e.OfTeam = rapid.SampledFrom(worldTeams()).Draw(t, label+" team")
		} else {
			e.Names = drawSubset(t, label+" names", names)
		}
		return e
	}
	s.Roles = edit("team roles", identity.SetActions, worldRoles())
	s.Members = edit("members", append(slices.Clone(identity.SetActions), identity.ExcludeAll, identity.Invert), worldUsers())
	return s
}

func drawIfMissing(t *rapid.T) plan.IfMissing {
	return rapid.SampledFrom([]plan.IfMissing{plan.MissingCreate, plan.MissingRefuse, plan.MissingLeave}).Draw(t, "if missing")
}

func drawIfExists(t *rapid.T) plan.IfExists {
	return rapid.SampledFrom([]plan.IfExists{plan.ExistsUpdate, plan.ExistsRefuse, plan.ExistsLeave}).Draw(t, "if exists")
}

// shuffled gives a snapshot with every list in another order and with repetitions.
func shuffled(t *rapid.T, s identity.Snapshot) identity.Snapshot {
	out := clone(s)
	mix := func(list []string) []string {
		if len(list) == 0 {
			return list
		}
		return rapid.Permutation(append(slices.Clone(list), list[0])).Draw(t, "order")
	}
	for _, id := range worldUsers() {
		if u := out.Users[id]; u != nil {
			u.Roles, u.Teams = mix(u.Roles), mix(u.Teams)
		}
	}
	for _, name := range worldTeams() {
		if g := out.Groups[name]; g != nil {
			g.Roles, g.Members = mix(g.Roles), mix(g.Members)
		}
	}
	return out
}
