package main

import (
	"slices"
	"strings"
)

// teamCopy is one row of what is wanted: everybody of a team is brought over with these actions.
type teamCopy struct {
	number    int
	team      string
	userRoles string
	userTeams string
	teamRoles string
	members   string
	copyName  bool
}

// stays is the truth table of the four actions, by whether the target and the source have the element.
var stays = map[string]map[[2]bool]bool{
	"keep":    {{true, true}: true, {true, false}: true, {false, true}: false, {false, false}: false},
	"add":     {{true, true}: true, {true, false}: true, {false, true}: true, {false, false}: false},
	"remove":  {{true, true}: false, {true, false}: true, {false, true}: false, {false, false}: false},
	"replace": {{true, true}: true, {true, false}: false, {false, true}: true, {false, false}: false},
}

// applyAction applies an action to two lists, element by element.
func applyAction(action string, target, source []string) []string {
	result := []string{}
	for _, element := range append(slices.Clone(target), source...) {
		in := [2]bool{slices.Contains(target, element), slices.Contains(source, element)}
		if stays[action][in] && !slices.Contains(result, element) {
			result = append(result, element)
		}
	}
	slices.Sort(result)
	return result
}

// inTargetNamespace names roles as the target does: its content namespace is t.B, the source's t.A.
func inTargetNamespace(roles []string) []string {
	var out []string
	for _, r := range roles {
		out = append(out, strings.Replace(r, "PROFILE:t.A:", "PROFILE:t.B:", 1))
	}
	return out
}

// oracle is what the target must look like after the copies, worked out person by person and team by
// team, in place. It follows what SAP's scripts 1953 and 1983 lead to: people first, then the team's name,
// members and roles. Everybody's fields follow the source, and nobody's names.
func oracle(source, target *tenantState, from, to string, copies []teamCopy) {
	for _, o := range copies {
		ours := source.Teams[o.team]
		for _, id := range ours.Members {
			copyPerson(source, target, from, to, id, o)
		}
		createEmptyTeam(target, o.team)
		theirs := target.Teams[o.team]
		var here []string
		for _, id := range ours.Members {
			if target.Users[id] != nil {
				here = append(here, id)
			}
		}
		setMembers(target, o.team, applyAction(o.members, theirs.Members, here))
		theirs.Roles = applyAction(o.teamRoles, theirs.Roles, inTargetNamespace(ours.Roles))
		if o.copyName {
			theirs.DisplayName = ours.DisplayName
		}
	}
}

// copyPerson creates one person or brings one up to date.
func copyPerson(source, target *tenantState, from, to, id string, o teamCopy) {
	ours := source.Users[id]
	theirs := target.Users[id]
	if theirs == nil {
		made := *ours
		made.Email, made.Active, made.Roles, made.Teams = strings.ToLower(ours.Email), true, []string{}, []string{}
		made.UserName = loginOfNew(id, ours, from, to)
		theirs = &made
		target.Users[id] = theirs
	}
	theirs.PreferredLanguage, theirs.Manager, theirs.Params = ours.PreferredLanguage, ours.Manager, ours.Params
	theirs.Photos = slices.Clone(ours.Photos)
	if to == "default" || to == "email" {
		theirs.Email = strings.ToLower(ours.Email)
	}
	if to == "email" {
		theirs.UserName = theirs.Email
	}
	if to == "custom" && from == "custom" {
		theirs.UserName = ours.UserName
	}
	if to == "custom" && from == "email" {
		theirs.UserName = id
	}
	theirs.Roles = applyAction(o.userRoles, theirs.Roles, inTargetNamespace(ours.Roles))
	for _, name := range applyAction(o.userTeams, theirs.Teams, ours.Teams) {
		createEmptyTeam(target, name)
		target.join(name, id)
	}
	wanted := applyAction(o.userTeams, theirs.Teams, ours.Teams)
	for _, name := range slices.Clone(theirs.Teams) {
		if !slices.Contains(wanted, name) {
			target.leave(name, id)
		}
	}
}

// loginOfNew is the login ID of a person whom the target lacks.
func loginOfNew(id string, ours *userState, from, to string) string {
	switch {
	case to == "email":
		return strings.ToLower(ours.Email)
	case to == "custom" && from == "custom":
		return ours.UserName
	}
	return id
}

// createEmptyTeam creates a team with nothing but its name. NEO has v1 only, which makes a team folder too, and the
// team is called after that (script 1501).
func createEmptyTeam(target *tenantState, name string) {
	if target.Teams[name] != nil {
		return
	}
	display := name
	if target.neo {
		display += " with Team Folder"
		target.Folders = slices.Sorted(slices.Values(append(target.Folders, name)))
	}
	target.Teams[name] = &teamState{DisplayName: display, Members: []string{}, Roles: []string{}}
}

func setMembers(target *tenantState, team string, wanted []string) {
	for _, id := range slices.Clone(target.Teams[team].Members) {
		if !slices.Contains(wanted, id) {
			target.leave(team, id)
		}
	}
	for _, id := range wanted {
		target.join(team, id)
	}
}
