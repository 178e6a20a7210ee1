package plan

import "sacbridge/internal/identity"

// Who names people of the target. Exactly one field is set. UserID names somebody who need not exist yet;
// the others find people in the projected state at that point: by e-mail or login ID exactly one, by
// MembersOf everybody in a team.
type Who struct {
	UserID    string `json:"userId,omitempty"`
	Email     string `json:"email,omitempty"`
	LoginID   string `json:"loginId,omitempty"`
	MembersOf string `json:"membersOf,omitempty"` // a team name
}

// IfMissing says what a step does where the target lacks its entity.
type IfMissing string

// The choices of IfMissing.
const (
	MissingRefuse IfMissing = ""       // a conflict
	MissingCreate IfMissing = "create" // create it
	MissingLeave  IfMissing = "leave"  // nothing; told as a skip
)

// IfExists says what a step does where the target has its entity already.
type IfExists string

// The choices of IfExists.
const (
	ExistsUpdate IfExists = ""       // bring it up to date
	ExistsRefuse IfExists = "refuse" // a conflict
	ExistsLeave  IfExists = "leave"  // nothing; told as a skip
)

// Values are wanted values of attributes, as texts like those of a Field. What is not named stays.
type Values map[FieldName]string

// LinkEdit is a wanted difference of a set of links: what Action makes of the links that are there and of
// Names.
type LinkEdit struct {
	Action identity.Action `json:"action"`
	Names  []string        `json:"names,omitempty"`
	// OfTeam, in SetTeam only, takes the names from another team of the target as it is in the projected
	// state at that point: its members or its roles, whichever is edited (script 1653).
	OfTeam string `json:"ofTeam,omitempty"`
	// FromReading says that Names are what a source was read to hold, and no choice of a person, so that
	// min_source_size has its word: a short reading removes nobody.
	FromReading bool `json:"fromReading,omitempty"`
}

// SetUser wants attributes and links of people to be as told (scripts 11xx, 12xx, 14xx, 24xx).
type SetUser struct {
	Who
	Source    string    `json:"source,omitempty"` // the person's key where the values come from; it ends in Change.Source
	IfMissing IfMissing `json:"ifMissing,omitempty"`
	IfExists  IfExists  `json:"ifExists,omitempty"`
	Values    Values    `json:"values,omitempty"`
	New       Values    `json:"new,omitempty"`   // for somebody who is created; Values win
	Roles     *LinkEdit `json:"roles,omitempty"` // role IDs, a link action
	Teams     *LinkEdit `json:"teams,omitempty"` // team names, a link action; missing teams are created
}

// SetTeam wants description and links of a team to be as told (scripts 1501, 16xx).
type SetTeam struct {
	Team        string    `json:"team"`
	Source      string    `json:"source,omitempty"` // as in SetUser
	IfMissing   IfMissing `json:"ifMissing,omitempty"`
	IfExists    IfExists  `json:"ifExists,omitempty"`
	Description *string   `json:"description,omitempty"`
	Roles       *LinkEdit `json:"roles,omitempty"`   // role IDs, a set action
	Members     *LinkEdit `json:"members,omitempty"` // user IDs, any action
}

// DeleteUser deletes people. Who is gone already is no conflict. The tenant deletes no manager of others:
// with ClearReports those who stay lose their manager first, else they are a conflict.
type DeleteUser struct {
	Who
	Source       string `json:"source,omitempty"`
	ClearReports bool   `json:"clearReports,omitempty"`
}

// DeleteTeam deletes a team; its members stay as people.
type DeleteTeam struct {
	Team   string `json:"team"`
	Source string `json:"source,omitempty"`
}
