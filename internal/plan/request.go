package plan

import (
	"cmp"

	"sacbridge/internal/identity"
)

// Request is what is wanted: steps that are edits of one projected state of the target, done in order, so
// that several rows about one entity have the effect of doing them one after the other.
type Request struct {
	Steps   []Step  `json:"steps"`
	Options Options `json:"options"`
	// Counterparts tell who is who where a person or team goes by another key in the target than in the
	// source, for instance because a person was found by e-mail.
	Counterparts Counterparts `json:"counterparts,omitzero"`
}

// Counterparts give the target's keys by the source's, where they differ. A copy step with two keys tells
// one, too; these win.
type Counterparts struct {
	Users map[string]string `json:"users,omitempty"` // user IDs
	Teams map[string]string `json:"teams,omitempty"` // team names
}

// Step is one row of a data file, one command, one entry of a directory. Exactly one of the pointers is
// set.
type Step struct {
	Origin     string      `json:"origin"` // place for messages, such as "x953.csv:3" or "--team Finance"
	CopyUser   *CopyUser   `json:"copyUser,omitempty"`
	CopyTeam   *CopyTeam   `json:"copyTeam,omitempty"`
	SetUser    *SetUser    `json:"setUser,omitempty"`
	SetTeam    *SetTeam    `json:"setTeam,omitempty"`
	DeleteUser *DeleteUser `json:"deleteUser,omitempty"`
	DeleteTeam *DeleteTeam `json:"deleteTeam,omitempty"`
}

// CopyUser copies one person (scripts 1903 and 1933).
type CopyUser struct {
	UserID   string          `json:"userId"`             // in the target
	SourceID string          `json:"sourceId,omitempty"` // user ID in the source, where it is another
	Users    Users           `json:"users"`              // missing or all
	Roles    identity.Action `json:"roles"`              // a link action
	Teams    identity.Action `json:"teams"`              // a link action
}

func (c CopyUser) source() string { return cmp.Or(c.SourceID, c.UserID) }

// CopyTeam copies one team with its people and role links (scripts 1953 and 1983).
type CopyTeam struct {
	Team       string          `json:"team"`                 // in the target
	SourceTeam string          `json:"sourceTeam,omitempty"` // name in the source, where it is another
	Users      Users           `json:"users"`
	UserRoles  identity.Action `json:"userRoles"` // a link action; without effect where Users is none
	UserTeams  identity.Action `json:"userTeams"` // a link action; without effect where Users is none
	TeamRoles  identity.Action `json:"teamRoles"` // a set action
	Members    identity.Action `json:"members"`   // a link action
	Name       NameMode        `json:"name"`
}

func (c CopyTeam) source() string { return cmp.Or(c.SourceTeam, c.Team) }

// copiesUsers reports whether a row is about the team's members as people, too.
func (c CopyTeam) copiesUsers() bool { return c.Users == UsersMissing || c.Users == UsersAll }

// needsMembers reports whether a row looks at the source team's members.
func (c CopyTeam) needsMembers() bool { return linked(c.Members) || c.copiesUsers() }

// Users says which of the source's people a step creates or changes in the target.
type Users string

// The choices of Users.
const (
	UsersNone    Users = "none"    // nobody
	UsersMissing Users = "missing" // those the target lacks are created with role and team links; who exists is left alone
	UsersAll     Users = "all"     // those too, and who exists is brought up to date
)

// NameMode says whether the team's description (what SAC shows as its display name) is copied.
type NameMode string

// The choices of NameMode.
const (
	NameKeep NameMode = "keep" // an existing team keeps its own, a new one gets its name
	NameCopy NameMode = "copy" // the source's
)

// ActiveMode says what becomes of a person's active flag.
type ActiveMode string

// The choices of ActiveMode. New people are always created active; with source, those who are not
// active there are deactivated by an update right after.
const (
	ActiveKeep   ActiveMode = "keep" // an existing person keeps the flag
	ActiveSource ActiveMode = "source"
	ActiveTrue   ActiveMode = "true"
)

// Options hold for all steps.
type Options struct {
	// TranslateRoles rewrites role namespaces of copied links from the source's to the target's; RoleTable
	// has exceptions, source role ID to target role ID, which win.
	TranslateRoles bool              `json:"translateRoles,omitempty"`
	RoleTable      map[string]string `json:"roleTable,omitempty"`
	// SecondaryRoles gives secondary teams that are created by a copy the source team's role links.
	SecondaryRoles bool       `json:"secondaryRoles,omitempty"`
	Active         ActiveMode `json:"active,omitempty"` // of copied people
	// Strict makes any conflict stop the whole plan.
	Strict bool `json:"strict,omitempty"`
}

// linked reports whether an action on links does anything.
func linked(a identity.Action) bool { return a != identity.Keep && a != "" }

// userTeams gives a step's action on the teams of single people.
func (s Step) userTeams() identity.Action {
	switch {
	case s.CopyUser != nil:
		return s.CopyUser.Teams
	case s.CopyTeam != nil && s.CopyTeam.copiesUsers():
		return s.CopyTeam.UserTeams
	case s.SetUser != nil && s.SetUser.Teams != nil:
		return s.SetUser.Teams.Action
	}
	return identity.Keep
}
