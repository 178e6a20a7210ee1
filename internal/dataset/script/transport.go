package script

import (
	"sacbridge/internal/dataset"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// The fields of scripts 1903 and 1933.
const (
	fieldUserID       = "file_userid"
	fieldRolesAction  = "file_roles_action"
	fieldTeamsAction  = "file_teams_action"
	fieldPrimaryTeam  = "file_primary_team"
	fieldDisplayName  = "file_transport_primary_team_displayname"
	fieldTeamRoles    = "file_transport_primary_team_roles_action"
	fieldMembership   = "file_transport_primary_team_user_membership"
	fieldUsers        = "file_transport_users_of_primary_team"
	fieldUsersRoles   = "file_users_roles_action"
	fieldUsersTeams   = "file_users_teams_action"
	withUsersSentence = "Needed where " + fieldUsers + " is true; without effect where it is false."
)

// words gives the spelling of actions.
func words(actions []identity.Action) []string {
	out := make([]string, len(actions))
	for i, a := range actions {
		out[i] = string(a)
	}
	return out
}

// copyUsers describes scripts 1903 and 1933: one row, one person. The SAML variant differs in how the
// sample works around the tenant's rules, not in what it wants.
func copyUsers(number, data, title string) Script {
	link := words(identity.LinkActions)
	return Script{
		Number: number, Data: data, Title: title, keyField: fieldUserID, keyWords: "user ID",
		Fields: []Field{
			{Name: fieldUserID, Kind: Text, Required: true, Doc: "User ID of the person, the same in source and target."},
			{Name: fieldRolesAction, Kind: Action, Allowed: link, Required: true, Doc: "What to do with the roles that the person holds directly."},
			{Name: fieldTeamsAction, Kind: Action, Allowed: link, Required: true, Doc: "What to do with the person's teams. Teams that the target lacks are created by name."},
		},
		step: func(f *dataset.Fields) plan.Step {
			return plan.Step{CopyUser: &plan.CopyUser{
				UserID: f.Required(fieldUserID),
				Users:  plan.UsersAll,
				Roles:  f.Action(fieldRolesAction, identity.LinkActions),
				Teams:  f.Action(fieldTeamsAction, identity.LinkActions),
			}}
		},
	}
}

// copyTeams describes scripts 1953 and 1983: one row, one team.
func copyTeams(number, data, title string) Script {
	link := words(identity.LinkActions)
	return Script{
		Number: number, Data: data, Title: title, keyField: fieldPrimaryTeam, keyWords: "team",
		Fields: []Field{
			{Name: fieldPrimaryTeam, Kind: Text, Required: true, Doc: "Name of the team, the same in source and target. It must exist in the source."},
			{Name: fieldDisplayName, Kind: Bool, Required: true, Doc: "true: the target team gets the source team's display name. false: it keeps its own; a new team gets its name."},
			{Name: fieldTeamRoles, Kind: Action, Allowed: words(identity.SetActions), Required: true, Doc: "What to do with the roles of the team itself."},
			{Name: fieldMembership, Kind: Bool, Required: true, Doc: "true: the source team's members join the target team. Nobody is ever taken out by it."},
			{Name: fieldUsers, Kind: Bool, Required: true, Doc: "true: each member is transported too, as script 1903 would."},
			{Name: fieldUsersRoles, Kind: Action, Allowed: link, Doc: "What to do with the roles that the members hold directly. " + withUsersSentence},
			{Name: fieldUsersTeams, Kind: Action, Allowed: link, Doc: "What to do with the members' teams, the primary team included. " + withUsersSentence},
		},
		step: teamStep,
	}
}

// teamStep reads a row of scripts 1953 and 1983. The two actions on users may be absent only where they
// have no effect; where they stand they must be valid, since a slip there shows a wrong idea of the row.
func teamStep(f *dataset.Fields) plan.Step {
	c := &plan.CopyTeam{
		Team:      f.Required(fieldPrimaryTeam),
		Users:     plan.UsersNone,
		UserRoles: f.OptionalAction(fieldUsersRoles, identity.LinkActions),
		UserTeams: f.OptionalAction(fieldUsersTeams, identity.LinkActions),
		TeamRoles: f.Action(fieldTeamRoles, identity.SetActions),
		Members:   identity.Keep,
		Name:      plan.NameKeep,
	}
	if f.Bool(fieldDisplayName) {
		c.Name = plan.NameCopy
	}
	if f.Bool(fieldMembership) {
		c.Members = identity.Add
	}
	if f.Bool(fieldUsers) {
		c.Users = plan.UsersAll
		f.Needed(fieldUsersRoles, fieldUsers+" is true")
		f.Needed(fieldUsersTeams, fieldUsers+" is true")
	} else {
		c.UserRoles, c.UserTeams = orKeep(c.UserRoles), orKeep(c.UserTeams)
	}
	return plan.Step{CopyTeam: c}
}

// orKeep fills in the action that does nothing.
func orKeep(a identity.Action) identity.Action {
	if a == "" {
		return identity.Keep
	}
	return a
}
