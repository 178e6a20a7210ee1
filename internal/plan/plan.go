package plan

import (
	"time"

	"sacbridge/internal/identity"
)

// Plan is everything that would be done, in order, with the reasons. It is data: see Encode and Decode
// for its file format.
type Plan struct {
	Version   int             `json:"version"` // of the file format
	ID        string          `json:"id"`
	Tool      string          `json:"tool"` // program and version that made it
	Created   time.Time       `json:"created"`
	Source    identity.Tenant `json:"source"`
	Target    identity.Tenant `json:"target"`
	Request   Request         `json:"request"`
	Rules     Rules           `json:"rules"`
	Changes   []Change        `json:"changes"`
	Conflicts []Finding       `json:"conflicts,omitempty"`
	Skips     []Finding       `json:"skips,omitempty"`    // protected entities and the like: asked for, deliberately not done
	Warnings  []Finding       `json:"warnings,omitempty"` // what cannot be undone, or is not quite as asked
	Exceeded  []ExceededGuard `json:"held,omitempty"`     // the guards that it exceeds; a plan that has any is not applied
	Counts    Counts          `json:"counts"`
	Read      Population      `json:"read"`  // how much the plan read in the target; see Judge
	Calls     int             `json:"calls"` // requests that applying will take; filled in by the caller from apply.Estimate
	// Fingerprints of all that was read, by "user:<id>" and "team:<name>"; an absent entity has "-".
	SourceFingerprints map[string]string `json:"sourceFingerprints"`
	TargetFingerprints map[string]string `json:"targetFingerprints"`
}

// Entity says what a change is about.
type Entity string

// The kinds of entities.
const (
	User Entity = "user"
	Team Entity = "team"
	// In findings only: no plan changes these.
	Role      Entity = "role"
	Attribute Entity = "attribute"
)

// Op is what a change does to its entity.
type Op string

// The operations.
const (
	Create Op = "create"
	Update Op = "update"
	Delete Op = "delete"
)

// Change is one entity's part of the plan. Of a user: User (create, delete), Fields and roles (update).
// Of a team: Group (create, delete), Fields, roles and members.
type Change struct {
	Entity Entity `json:"entity"`
	Op     Op     `json:"op"`
	Key    string `json:"key"`              // user ID or team name
	Source string `json:"source,omitempty"` // key in the source, where it is another
	Ref    string `json:"ref,omitempty"`    // the target's own key, where it was read
	// Created is when the target says that the entity, which exists, came to be; zero where that was not read. Whoever
	// is deleted and created anew under the same key has another time.
	Created time.Time `json:"created,omitzero"`

	User  *identity.User  `json:"user,omitempty"`  // create: all of it (Roles included, Teams not); delete: what is lost
	Group *identity.Group `json:"group,omitempty"` // create: name and description; delete: what is lost

	Fields []Field `json:"fields,omitempty"`

	RolesBefore []string `json:"rolesBefore,omitempty"` // the whole set that was read, where role links change
	AddRoles    []string `json:"addRoles,omitempty"`
	RemoveRoles []string `json:"removeRoles,omitempty"`
	// DecidesAllRoles says that an action decided about every role (replace, intersect …), so that a role
	// nobody knew of contradicts it. A created user must end with exactly User.Roles, even if the tenant adds
	// default roles of its own. An update is right only on top of RolesBefore: where the roles are
	// others by now it is to be left alone. Without it the difference holds on top of whatever is there.
	DecidesAllRoles bool `json:"exactRoles,omitempty"`

	AddMembers    []string `json:"addMembers,omitempty"`
	RemoveMembers []string `json:"removeMembers,omitempty"`
	Size          int      `json:"size,omitempty"` // members of the team before
	// DecidesAllMembers says the same of the members of an existing team. MembersBefore, sorted, is all that
	// were read; it is given with DecidesAllMembers only.
	DecidesAllMembers bool     `json:"exactMembers,omitempty"`
	MembersBefore     []string `json:"membersBefore,omitempty"`

	Reasons []string `json:"reasons"` // why, in words, such as "--team Finance: members add"
}

// Field is one attribute that changes. Before and After are the values as text; Before is the value as it
// was read, "" where the target told none.
type Field struct {
	Name   FieldName `json:"name"`
	Before string    `json:"before"`
	After  string    `json:"after"`
}

// FieldName is an attribute's name in plan files.
type FieldName string

// The attributes that updates can change.
const (
	FieldEmail        FieldName = "email"
	FieldLoginID      FieldName = "loginId"
	FieldGivenName    FieldName = "givenName"
	FieldFamilyName   FieldName = "familyName"
	FieldDisplayName  FieldName = "displayName"
	FieldActive       FieldName = "active"     // "true" or "false"
	FieldConcurrent   FieldName = "concurrent" // "true" or "false"
	FieldLanguage     FieldName = "language"
	FieldDataLanguage FieldName = "dataLanguage"
	FieldDateFormat   FieldName = "dateFormat"
	FieldTimeFormat   FieldName = "timeFormat"
	FieldNumberFormat FieldName = "numberFormat"
	FieldCleanUpDays  FieldName = "cleanUpDays"   // a whole number
	FieldNotify       FieldName = "notifyByEmail" // "true" or "false"
	FieldManager      FieldName = "manager"
	FieldPhotos       FieldName = "photos"      // URLs, one a line
	FieldDescription  FieldName = "description" // of a team
)

// ExceededGuard is a guard that was exceeded.
type ExceededGuard struct {
	Guard   string  `json:"guard"`           // as in the configuration: "max_role_removal"
	Job     bool    `json:"job,omitempty"`   // by what the job spent, not by what was spent on the tenant
	Count   int     `json:"count"`           // what the plan would do
	Spent   int     `json:"spent,omitempty"` // what was done before it in the window
	Of      int     `json:"of"`              // out of how many there are
	Limit   int     `json:"limit,omitempty"`
	Percent float64 `json:"percent,omitempty"`
}

// Counts sum a plan up.
type Counts struct {
	CreateUsers     int `json:"createUsers"`
	UpdateUsers     int `json:"updateUsers"`
	DeleteUsers     int `json:"deleteUsers"`
	DeactivateUsers int `json:"deactivateUsers"`
	CreateTeams     int `json:"createTeams"`
	UpdateTeams     int `json:"updateTeams"`
	DeleteTeams     int `json:"deleteTeams"`
	AddRoles        int `json:"addRoles"` // role links of users and teams
	RemoveRoles     int `json:"removeRoles"`
	AddMembers      int `json:"addMembers"`
	RemoveMembers   int `json:"removeMembers"`
	UnchangedUsers  int `json:"unchangedUsers"`
	UnchangedTeams  int `json:"unchangedTeams"`
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 }
