package service

import (
	"maps"
	"slices"
)

// stateDoc is the answer of /__state. encoding/json writes map keys sorted, so two equal states are
// equal texts.
type stateDoc struct {
	Users   map[string]stateUser `json:"users"`
	Teams   map[string]stateTeam `json:"teams"`
	Folders []string             `json:"folders"`
	Roles   []string             `json:"roles"`
}

type stateUser struct {
	UserName          string   `json:"userName"`
	Email             string   `json:"email"`
	GivenName         string   `json:"givenName"`
	FamilyName        string   `json:"familyName"`
	DisplayName       string   `json:"displayName"`
	PreferredLanguage string   `json:"preferredLanguage"`
	Active            bool     `json:"active"`
	Manager           string   `json:"manager"`
	Roles             []string `json:"roles"`
	Teams             []string `json:"teams"`
	Photos            []string `json:"photos"`
	Params            params   `json:"params"`
}

type stateTeam struct {
	DisplayName string   `json:"displayName"`
	Members     []string `json:"members"`
	Roles       []string `json:"roles"`
}

func (st *state) document(namespace string) stateDoc {
	doc := stateDoc{Users: map[string]stateUser{}, Teams: map[string]stateTeam{}}
	for _, u := range st.users {
		if !u.filler || len(u.teams) > 0 {
			doc.Users[u.id] = u.document(namespace)
		}
	}
	for _, t := range st.teams {
		doc.Teams[t.key(namespace)] = t.document()
	}
	doc.Folders = sorted(slices.Collect(maps.Keys(st.folders)))
	delivered := deliveredRoles()
	doc.Roles = []string{}
	for name := range st.roles {
		if !slices.Contains(delivered, name) {
			doc.Roles = append(doc.Roles, name)
		}
	}
	slices.Sort(doc.Roles)
	return doc
}

func (u *user) document(namespace string) stateUser {
	d := stateUser{
		UserName: u.login, Email: u.email, GivenName: u.given, FamilyName: u.family, DisplayName: u.display,
		PreferredLanguage: u.language, Active: u.active, Roles: sorted(u.roles), Photos: sorted(u.photos),
		Params: u.params, Teams: make([]string, 0, len(u.teams)),
	}
	if u.manager != nil {
		d.Manager = u.manager.id
	}
	for _, t := range u.teams {
		d.Teams = append(d.Teams, t.key(namespace))
	}
	slices.Sort(d.Teams)
	return d
}

func (t *team) document() stateTeam {
	d := stateTeam{DisplayName: t.display, Roles: sorted(t.roles), Members: make([]string, 0, t.members.len())}
	for u := range t.members.each() {
		d.Members = append(d.Members, u.id)
	}
	slices.Sort(d.Members)
	return d
}

// key names a team; one of another namespace carries it, since names repeat across namespaces.
func (t *team) key(namespace string) string {
	if t.namespace == namespace {
		return t.name
	}
	return t.namespace + ":" + t.name
}

// sorted copies and sorts; the copy is never nil, so that JSON shows an empty list.
func sorted(in []string) []string {
	out := append([]string{}, in...)
	slices.Sort(out)
	return out
}
