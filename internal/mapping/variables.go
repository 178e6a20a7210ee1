package mapping

import (
	"slices"
	"strings"
	"time"

	"sacbridge/internal/identity"
)

// variables is what a rule can name. The documentation of each is in docs/rules.md.
type variables struct {
	UserID       string   `expr:"user_id"`
	LoginID      string   `expr:"login_id"`
	Email        string   `expr:"email"`
	Domain       string   `expr:"domain"`
	GivenName    string   `expr:"given_name"`
	FamilyName   string   `expr:"family_name"`
	DisplayName  string   `expr:"display_name"`
	ExternalID   string   `expr:"external_id"`
	Manager      string   `expr:"manager"`
	Language     string   `expr:"language"`
	DataLanguage string   `expr:"data_language"`
	DateFormat   string   `expr:"date_format"`
	TimeFormat   string   `expr:"time_format"`
	NumberFormat string   `expr:"number_format"`
	Active       bool     `expr:"active"`
	Concurrent   bool     `expr:"concurrent"`
	SystemOwner  bool     `expr:"system_owner"`
	Roles        []string `expr:"roles"`
	Teams        []string `expr:"teams"`
	CreatedDays  int      `expr:"created_days"`

	HasRole func(role string) bool `expr:"has_role"`
	InTeam  func(team string) bool `expr:"in_team"`
}

// createdDays is the one variable that may be unknown.
const createdDays = "created_days"

// variableNames lists what the tags of variables say, functions included.
var variableNames = []string{
	"user_id", "login_id", "email", "domain", "given_name", "family_name", "display_name", "external_id",
	"manager", "language", "data_language", "date_format", "time_format", "number_format", "active",
	"concurrent", "system_owner", "roles", "teams", createdDays, "has_role", "in_team",
}

// builtins are the functions of the expression library that a rule can use. Those are left out that
// build something large, read the clock or give no yes or no in the end.
var builtins = []string{
	"all", "any", "none", "one", "count", "len", "lower", "upper", "trim", "trimPrefix", "trimSuffix",
	"hasPrefix", "hasSuffix", "indexOf",
}

// variablesOf gives the values for one person.
func variablesOf(u identity.User, now time.Time) variables {
	_, domain, _ := strings.Cut(u.Email, "@")
	return variables{
		UserID: u.UserID, LoginID: u.LoginID, Email: u.Email, Domain: strings.ToLower(domain),
		GivenName: u.GivenName, FamilyName: u.FamilyName, DisplayName: u.DisplayName, ExternalID: u.ExternalID,
		Manager: u.Manager, Language: u.Language, DataLanguage: u.Settings.DataLanguage,
		DateFormat: u.Settings.DateFormat, TimeFormat: u.Settings.TimeFormat, NumberFormat: u.Settings.NumberFormat,
		Active: u.Active, Concurrent: u.Concurrent, SystemOwner: u.IsSystemOwner(), Roles: u.Roles, Teams: u.Teams,
		CreatedDays: int(now.Sub(u.Created).Hours() / 24),
		HasRole:     func(role string) bool { return HasRole(u.Roles, role) },
		InTeam: func(team string) bool {
			return slices.Contains(u.Teams, team)
		},
	}
}

// HasRole looks among role IDs for a role by its ID ("PROFILE:t.DEV:Analyst"), by namespace and name
// ("t.DEV:Analyst"), or by name in any namespace ("Analyst").
func HasRole(roles []string, role string) bool {
	const prefix = "PROFILE:"
	for _, r := range roles {
		switch {
		case r == role, strings.Contains(role, ":") && r == prefix+role:
			return true
		case !strings.Contains(role, ":") && role != "" && strings.HasSuffix(r, ":"+role):
			return true
		}
	}
	return false
}
