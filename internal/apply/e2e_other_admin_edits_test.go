package apply_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim/service"
)

// The people and teams of these tests are named after what the other administrator does to them. Each of
// them is planned to change in the same way.
const (
	granted  = "PROFILE:sap.epm:Planner_Reporter" // by the other administrator, unknown to the plan
	revoked  = "PROFILE:sap.epm:Predictive_Admin" // by the other administrator; both have it
	viewer   = "PROFILE:sap.epm:Viewer"           // only the source has it
	modeler  = "PROFILE:sap.epm:Modeler"          // both have it
	biAdmin  = "PROFILE:sap.epm:BI_Admin"         // only the target has it
	standard = "PROFILE:t.A:Standard"             // the target gives it to everybody it creates
	thirdWay = "neither of both"
)

func editedPeople() []string {
	return []string{"GRANT", "REVOKE", "LANGUAGE", "EMAIL", "ACTIVE", "NAME", "FORMAT", "MANAGER", "DELETED", "ANEW", "UNEDITED"}
}

func editedTeams() []string {
	return []string{"T join", "T leave", "T grant", "T revoke", "T text", "T deleted", "T anew", "T unedited"}
}

// editedSeeds are the seeds of source and target. NEW, OTHER_NEW and "T new" are in the source only.
func editedSeeds(t testing.TB) (source, target string) {
	t.Helper()
	type entity = map[string]any
	var from, to struct {
		Users        []entity `json:"users"`
		Teams        []entity `json:"teams"`
		DefaultRoles []string `json:"defaultRoles,omitempty"`
	}
	to.DefaultRoles = []string{standard}
	for _, id := range append(editedPeople(), "NEW", "OTHER_NEW", "STAYS") {
		from.Users = append(from.Users, entity{"id": id, "preferredLanguage": "de", "roles": []string{viewer, modeler, revoked}})
	}
	from.Users[slices.Index(editedPeople(), "EMAIL")]["email"] = "new.email@example.com"
	for _, id := range append(editedPeople(), "STAYS", "LEAVES", "EVE") {
		to.Users = append(to.Users, entity{"id": id, "roles": []string{biAdmin, modeler, revoked}})
	}
	for _, name := range append(editedTeams(), "T new") {
		from.Teams = append(from.Teams, entity{
			"id": name, "displayName": "of the source", "roles": []string{viewer, modeler, revoked}, "members": []string{"STAYS", "UNEDITED", "NEW"},
		})
	}
	for _, name := range editedTeams() {
		to.Teams = append(to.Teams, entity{
			"id": name, "displayName": "of the target", "roles": []string{biAdmin, modeler, revoked}, "members": []string{"STAYS", "LEAVES"},
		})
	}
	from.Teams = append(from.Teams, entity{"id": "Everybody", "members": append(editedPeople(), "NEW", "OTHER_NEW", "STAYS")})
	to.Teams = append(to.Teams, entity{"id": "Everybody", "members": append(editedPeople(), "STAYS")})
	text := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return text(from), text(to)
}

// copyEdited asks for everybody and every team, all by one action.
func copyEdited(action identity.Action) plan.Request {
	req := plan.Request{Steps: []plan.Step{{Origin: "people", CopyTeam: &plan.CopyTeam{
		Team: "Everybody", Users: plan.UsersAll, UserRoles: action, UserTeams: identity.Keep, TeamRoles: identity.Keep, Members: identity.Add, Name: plan.NameKeep,
	}}}}
	for _, name := range append(editedTeams(), "T new") {
		req.Steps = append(req.Steps, plan.Step{Origin: name, CopyTeam: &plan.CopyTeam{
			Team: name, Users: plan.UsersNone, UserRoles: identity.Keep, UserTeams: identity.Keep, TeamRoles: action, Members: action, Name: plan.NameCopy,
		}})
	}
	return req
}

// otherAdminEdits are what the other administrator does, as far as the entities are there.
func otherAdminEdits(now simState) []service.Edit {
	third, email, none, manager := "fr", "third@example.com", false, "EVE"
	text := thirdWay
	edits := []service.Edit{
		{User: "GRANT", AddRoles: []string{granted}},
		{User: "REVOKE", RemoveRoles: []string{revoked}},
		{User: "LANGUAGE", Set: service.EditSet{PreferredLanguage: &third}},
		{User: "EMAIL", Set: service.EditSet{Email: &email}},
		{User: "ACTIVE", Set: service.EditSet{Active: &none}},
		{User: "NAME", Set: service.EditSet{GivenName: &text, DisplayName: &text}},
		{User: "FORMAT", Set: service.EditSet{Params: json.RawMessage(`{"dateFormatting":"dd.MM.yyyy"}`)}},
		{User: "MANAGER", Set: service.EditSet{Manager: &manager}},
		{User: "NEW", AddRoles: []string{granted}},
		{Team: "T join", AddMembers: []string{"EVE"}},
		{Team: "T leave", RemoveMembers: []string{"STAYS"}},
		{Team: "T grant", AddRoles: []string{granted}},
		{Team: "T revoke", RemoveRoles: []string{revoked}},
		{Team: "T text", Set: service.EditSet{DisplayName: &text}},
		{User: "DELETED", Delete: true},
		{User: "ANEW", Delete: true},
		{User: "ANEW", Create: true, AddRoles: []string{granted}},
		{Team: "T anew", Delete: true},
		{Team: "T anew", Create: true, AddRoles: []string{granted}, AddMembers: []string{"EVE"}},
		{Team: "T deleted", Delete: true},
		{Team: "T new", AddMembers: []string{"EVE"}, AddRoles: []string{granted}},
	}
	return slices.DeleteFunc(edits, func(e service.Edit) bool {
		_, user := now.Users[e.User]
		_, team := now.Teams[e.Team]
		return !user && !team
	})
}

// lost says what is not there any more of an edit; empty where all of it is.
func lost(e service.Edit, end simState) string {
	u, user := end.Users[e.User]
	g, team := end.Teams[e.Team]
	switch {
	case e.Delete && isAnew(e):
		return "" // and created anew
	case e.Create && user:
		return lostAnew(u.Roles, u.PreferredLanguage, "en")
	case e.Create && team:
		return lostAnew(slices.Concat(g.Roles, g.Members), g.DisplayName, e.Team)
	case e.Delete:
		return map[bool]string{true: "it is there again"}[user || team]
	}
	roles := append(slices.Clone(u.Roles), g.Roles...)
	var gone []string
	missing := func(what string, is bool) {
		if is {
			gone = append(gone, what)
		}
	}
	for _, r := range e.AddRoles {
		missing("granted role "+r, !slices.Contains(roles, r))
	}
	for _, r := range e.RemoveRoles {
		missing("revoked role "+r, slices.Contains(roles, r))
	}
	for _, id := range e.AddMembers {
		missing("new member "+id, !slices.Contains(g.Members, id))
	}
	for _, id := range e.RemoveMembers {
		missing("removed member "+id, slices.Contains(g.Members, id))
	}
	is := func(what string, want *string, got string) { missing(what+" is "+got, want != nil && *want != got) }
	is("language", e.Set.PreferredLanguage, u.PreferredLanguage)
	is("e-mail", e.Set.Email, u.Email)
	is("given name", e.Set.GivenName, u.GivenName)
	is("manager", e.Set.Manager, u.Manager)
	is("display name", e.Set.DisplayName, u.DisplayName+g.DisplayName)
	missing("active", e.Set.Active != nil && *e.Set.Active != u.Active)
	missing("format", e.Set.Params != nil && u.Params["dateFormatting"] != "dd.MM.yyyy")
	return strings.Join(gone, ", ")
}

// isAnew reports whether an edit is about who is deleted and created anew.
func isAnew(e service.Edit) bool { return strings.HasSuffix(strings.ToLower(e.User+e.Team), "anew") }

// lostAnew says what is not as the other administrator created it: one role, in a team one member, and the text.
func lostAnew(links []string, text, want string) string {
	if !slices.Contains(links, granted) || len(without(links, []string{granted, "EVE"})) > 0 || text != want {
		return strings.Join(append(links, text), ", ")
	}
	return ""
}

// contradicts reports whether an edit, made when the tenant was as in now, contradicts what the plan still
// has to write: another value of an attribute, or another set where the action decides about all of it.
func contradicts(e service.Edit, action identity.Action, before, now simState) bool {
	wasUser, wasTeam := before.Users[e.User], before.Teams[e.Team]
	isUser, isTeam := now.Users[e.User], now.Teams[e.Team]
	switch {
	case e.Delete || e.Create:
		return wasUser.PreferredLanguage == isUser.PreferredLanguage && wasTeam.DisplayName == isTeam.DisplayName
	case e.Set.PreferredLanguage != nil:
		return wasUser.PreferredLanguage == isUser.PreferredLanguage
	case e.Set.Email != nil:
		return wasUser.Email == isUser.Email
	case e.Team == "T text":
		return wasTeam.DisplayName == isTeam.DisplayName
	case action != identity.Replace:
		return false
	case e.User == "GRANT" || e.User == "REVOKE":
		return slices.Equal(wasUser.Roles, isUser.Roles)
	case e.Team == "T grant" || e.Team == "T revoke":
		return slices.Equal(wasTeam.Roles, isTeam.Roles)
	case e.Team == "T join" || e.Team == "T leave":
		return slices.Equal(wasTeam.Members, isTeam.Members)
	}
	return false
}

// mayConflict reports whether an entity may end with a conflict at all.
func mayConflict(key string, action identity.Action) bool {
	switch key {
	case "LANGUAGE", "EMAIL", "T text", "DELETED", "T deleted", "ANEW", "T anew":
		return true
	case "GRANT", "REVOKE", "T grant", "T revoke", "T join", "T leave", "T new", "NEW", "OTHER_NEW":
		return action == identity.Replace
	}
	return false
}
