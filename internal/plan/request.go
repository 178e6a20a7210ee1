package plan

import "sacbridge/internal/identity"

// Request is what is wanted: steps that are applied in order to one picture of the target, so that
// several rows about one entity have the effect of doing them one after the other.
type Request struct {
	Steps   []Step  `json:"steps"`
	Options Options `json:"options"`
}

// Step is one row of a data file or one command. Exactly one of CopyUser and CopyTeam is set.
type Step struct {
	Origin   string    `json:"origin"` // place for messages, such as "x953.csv:3" or "--team Finance"
	CopyUser *CopyUser `json:"copyUser,omitempty"`
	CopyTeam *CopyTeam `json:"copyTeam,omitempty"`
}

// CopyUser copies one person (scripts 1903 and 1933).
type CopyUser struct {
	UserID string          `json:"userId"`
	Users  Users           `json:"users"` // missing or all
	Roles  identity.Action `json:"roles"` // a link action
	Teams  identity.Action `json:"teams"` // a link action
}

// CopyTeam copies one team with its people and role links (scripts 1953 and 1983).
type CopyTeam struct {
	Team      string          `json:"team"`
	Users     Users           `json:"users"`
	UserRoles identity.Action `json:"userRoles"` // a link action; without effect where Users is none
	UserTeams identity.Action `json:"userTeams"` // a link action; without effect where Users is none
	TeamRoles identity.Action `json:"teamRoles"` // a set action
	Members   identity.Action `json:"members"`   // a link action
	Name      NameMode        `json:"name"`
}

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
	// TranslateRoles rewrites role namespaces from the source's to the target's; RoleTable has
	// exceptions, source role ID to target role ID, which win.
	TranslateRoles bool              `json:"translateRoles,omitempty"`
	RoleTable      map[string]string `json:"roleTable,omitempty"`
	// SecondaryRoles gives secondary teams that are created the source team's role links.
	SecondaryRoles bool       `json:"secondaryRoles,omitempty"`
	Active         ActiveMode `json:"active,omitempty"`
	// Strict makes any conflict stop the whole plan.
	Strict bool `json:"strict,omitempty"`
}

// Rules are the limits a plan is judged by. They come from the configuration and from the ledger of
// earlier runs, not from the request.
type Rules struct {
	Guards  Guards  `json:"guards"`
	Protect Protect `json:"protect"`
	// JobGuards are the limits of the job that the plan is made for, where it has its own; what the job
	// spent is judged by them, what was spent on the tenant by Guards. nil: Guards hold for both.
	JobGuards *Guards `json:"jobGuards,omitempty"`
	// Spent is what earlier runs used up in the guards' window (SpentIn). Without it every plan is judged
	// alone, so that many small ones pass what one large one may not.
	Spent Spent `json:"spent,omitzero"`
	// Population is how much the tenant holds in all, as far as the caller knows; shares are taken of it
	// where the plan read less.
	Population Population `json:"population,omitzero"`
}

// Guard is a limit on one kind of change, in a plan and what was spent before it together. Count trips
// above that many; Percent trips above that share of all there are of the kind, where that is 100 or
// more. nil = no such limit.
type Guard struct {
	Count   *int     `json:"count,omitempty"`
	Percent *float64 `json:"percent,omitempty"`
	// Once marks a limit that a person gave for this plan alone: what was spent before does not count, nor
	// does this plan count in the window of later ones (Plan.Spends).
	Once bool `json:"once,omitempty"`
}

// Guards are all limits of a plan.
type Guards struct {
	MaxCreate        Guard `json:"maxCreate"`
	MaxUpdate        Guard `json:"maxUpdate"`
	MaxDeactivate    Guard `json:"maxDeactivate"`
	MaxDelete        Guard `json:"maxDelete"`
	MaxRoleRemoval   Guard `json:"maxRoleRemoval"`
	MaxMemberRemoval Guard `json:"maxMemberRemoval"`
	// MinSourceSize refuses a source team with fewer members than Count, or than Percent of the
	// target team's, where the plan would remove members: a short read removes nothing.
	MinSourceSize Guard `json:"minSourceSize"`
}

// Protect names what no plan may change. The System Owner is always protected.
type Protect struct {
	Users []string `json:"users,omitempty"` // user IDs
	Teams []string `json:"teams,omitempty"` // team names
	Roles []string `json:"roles,omitempty"` // role IDs whose links are neither added nor removed
}
