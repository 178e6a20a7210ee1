package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"sacbridge/internal/sacsim/service"
)

// tenantState is a tenant as /__state tells it. Seeds are made from it, and oracles work on it, so that what
// is expected never passes through the program's own types.
type tenantState struct {
	Users   map[string]*userState `json:"users"`
	Teams   map[string]*teamState `json:"teams"`
	Folders []string              `json:"folders"`
	Roles   []string              `json:"roles"`

	neo bool
}

type userState struct {
	UserName          string     `json:"userName"`
	Email             string     `json:"email"`
	GivenName         string     `json:"givenName"`
	FamilyName        string     `json:"familyName"`
	DisplayName       string     `json:"displayName"`
	PreferredLanguage string     `json:"preferredLanguage"`
	Active            bool       `json:"active"`
	Manager           string     `json:"manager"`
	Roles             []string   `json:"roles"`
	Teams             []string   `json:"teams"`
	Photos            []string   `json:"photos"`
	Params            userParams `json:"params"`
}

type userParams struct {
	DataAccessLanguage  string `json:"dataAccessLanguage"`
	DateFormatting      string `json:"dateFormatting"`
	TimeFormatting      string `json:"timeFormatting"`
	NumberFormatting    string `json:"numberFormatting"`
	CleanUpDays         int    `json:"cleanUpNotificationsNumberOfDays"`
	SystemNotifications bool   `json:"systemNotificationsEmailOptIn"`
	IsConcurrent        bool   `json:"isConcurrent"`
}

type teamState struct {
	DisplayName string   `json:"displayName"`
	Members     []string `json:"members"`
	Roles       []string `json:"roles"`
}

// newTenantState has a System Owner and roles that nobody holds.
func newTenantState(roles ...string) *tenantState {
	w := &tenantState{Users: map[string]*userState{}, Teams: map[string]*teamState{}, Folders: []string{}, Roles: append([]string{}, roles...)}
	w.add("SYSOWNER", "sysowner@example.com", "PROFILE:sap.epm:System_Owner")
	return w
}

// add puts a person into the state, with the settings that a tenant gives on its own.
func (w *tenantState) add(id, email string, roles ...string) *userState {
	h := &userState{
		UserName: id, Email: email, GivenName: "G " + id, FamilyName: "F " + id, DisplayName: "D " + id,
		PreferredLanguage: "en", Active: true, Roles: slices.Sorted(slices.Values(roles)), Teams: []string{}, Photos: []string{},
		Params: userParams{
			DataAccessLanguage: "en", DateFormatting: "MMM d, yyyy", TimeFormatting: "H:mm:ss", NumberFormatting: "1,234.56",
			SystemNotifications: true,
		},
	}
	if h.Roles == nil {
		h.Roles = []string{}
	}
	w.Users[id] = h
	return h
}

// team puts a team into the state; its members' lists of teams follow.
func (w *tenantState) team(name, display string, roles, members []string) {
	g := &teamState{DisplayName: display, Members: []string{}, Roles: append([]string{}, roles...)}
	slices.Sort(g.Roles)
	w.Teams[name] = g
	for _, id := range members {
		w.join(name, id)
	}
}

func (w *tenantState) join(team, id string) {
	g, h := w.Teams[team], w.Users[id]
	if at, there := slices.BinarySearch(g.Members, id); !there {
		g.Members = slices.Insert(g.Members, at, id)
		at, _ = slices.BinarySearch(h.Teams, team)
		h.Teams = slices.Insert(h.Teams, at, team)
	}
}

func (w *tenantState) leave(team, id string) {
	g, h := w.Teams[team], w.Users[id]
	g.Members = slices.DeleteFunc(g.Members, func(x string) bool { return x == id })
	h.Teams = slices.DeleteFunc(h.Teams, func(x string) bool { return x == team })
}

// clone gives a copy that shares nothing.
func (w *tenantState) clone(t *testing.T) *tenantState {
	t.Helper()
	c := &tenantState{neo: w.neo}
	if err := json.Unmarshal([]byte(w.text(t)), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// text is the state as /__state writes it, indented so that differences show by line.
func (w *tenantState) text(t *testing.T) string {
	t.Helper()
	data, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// seedJSON is the state as a seed file of a tenant with this SSO mode. Only custom has login IDs that do
// not follow from the person.
func (w *tenantState) seedJSON(t *testing.T, sso string) []byte {
	t.Helper()
	users, teams := []map[string]any{}, []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(w.Users)) {
		h := w.Users[id]
		u := map[string]any{
			"id": id, "email": h.Email, "givenName": h.GivenName, "familyName": h.FamilyName, "displayName": h.DisplayName,
			"preferredLanguage": h.PreferredLanguage, "active": h.Active, "manager": h.Manager, "roles": h.Roles,
			"photos": h.Photos, "params": h.Params,
		}
		if sso == "custom" {
			u["userName"] = h.UserName
		}
		users = append(users, u)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Teams)) {
		g := w.Teams[name]
		teams = append(teams, map[string]any{"id": name, "displayName": g.DisplayName, "roles": g.Roles, "members": g.Members})
	}
	data, err := json.Marshal(map[string]any{"users": users, "teams": teams, "roles": w.Roles, "folders": w.Folders})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (w *tenantState) seed(t *testing.T, sso string) service.Seed {
	t.Helper()
	seed, err := service.ParseSeed(strings.NewReader(string(w.seedJSON(t, sso))))
	if err != nil {
		t.Fatal(err)
	}
	return seed
}
