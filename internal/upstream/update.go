package upstream

import "sacbridge/internal/identity"

// Edit is the change of one attribute.
type Edit[T any] struct {
	Before T `json:"before"` // what the plan saw
	After  T `json:"after"`
}

// UserUpdate is a change of one person as a difference: attributes that are nil and role links that are
// not named stay as they are.
type UserUpdate struct {
	UserKey
	Email       *Edit[string] `json:"email,omitempty"`
	LoginID     *Edit[string] `json:"loginId,omitempty"`
	GivenName   *Edit[string] `json:"givenName,omitempty"`
	FamilyName  *Edit[string] `json:"familyName,omitempty"`
	DisplayName *Edit[string] `json:"displayName,omitempty"`
	Language    *Edit[string] `json:"language,omitempty"`
	Manager     *Edit[string] `json:"manager,omitempty"` // user ID; "" = none

	Active        *Edit[bool] `json:"active,omitempty"`
	Concurrent    *Edit[bool] `json:"concurrent,omitempty"`
	NotifyByEmail *Edit[bool] `json:"notifyByEmail,omitempty"`

	DataLanguage *Edit[string]   `json:"dataLanguage,omitempty"`
	DateFormat   *Edit[string]   `json:"dateFormat,omitempty"`
	TimeFormat   *Edit[string]   `json:"timeFormat,omitempty"`
	NumberFormat *Edit[string]   `json:"numberFormat,omitempty"`
	CleanUpDays  *Edit[int]      `json:"cleanUpDays,omitempty"`
	Photos       *Edit[[]string] `json:"photos,omitempty"`

	AddRoles    []string `json:"addRoles,omitempty"`
	RemoveRoles []string `json:"removeRoles,omitempty"`
	RolesBefore []string `json:"rolesBefore,omitempty"` // the whole set that the plan saw, where roles change
	// DecidesAllRoles says that the person must end with exactly RolesBefore, changed by AddRoles and
	// RemoveRoles: roles that somebody else granted or took meanwhile are then a contradiction.
	DecidesAllRoles bool `json:"exactRoles,omitempty"`
}

// GroupUpdate is one write to one team, as a difference.
type GroupUpdate struct {
	GroupKey
	Size          int           `json:"size"` // members before this write, for the connector's chunk sizes
	Description   *Edit[string] `json:"description,omitempty"`
	RemoveMembers []string      `json:"removeMembers,omitempty"` // user IDs
	RemoveRoles   []string      `json:"removeRoles,omitempty"`
	AddRoles      []string      `json:"addRoles,omitempty"`
	AddMembers    []string      `json:"addMembers,omitempty"` // user IDs

	// RolesBefore is the whole set that the team is expected to hold right now, where roles change, and
	// DecidesAllRoles is as in UserUpdate.
	RolesBefore     []string `json:"rolesBefore,omitempty"`
	DecidesAllRoles bool     `json:"exactRoles,omitempty"`
	// DecidesAllMembers says that the team must end with exactly what the plan wants, and MembersBefore whom it
	// is expected to have right now; nil where that is not known. Both come with the first write to a team.
	// Without DecidesAllMembers, as for a team that was just created, others who came meanwhile are kept and told.
	MembersBefore     []string `json:"membersBefore,omitempty"`
	DecidesAllMembers bool     `json:"exactMembers,omitempty"`
}

// The names of attributes, in Undone, Facts and the texts of conflicts.
const (
	AttrEmail         = "email"
	AttrLoginID       = "loginId"
	AttrGivenName     = "givenName"
	AttrFamilyName    = "familyName"
	AttrDisplayName   = "displayName"
	AttrLanguage      = "language"
	AttrManager       = "manager"
	AttrActive        = "active"
	AttrConcurrent    = "concurrent"
	AttrNotifyByEmail = "notifyByEmail"
	AttrDataLanguage  = "dataLanguage"
	AttrDateFormat    = "dateFormat"
	AttrTimeFormat    = "timeFormat"
	AttrNumberFormat  = "numberFormat"
	AttrCleanUpDays   = "cleanUpDays"
	AttrPhotos        = "photos"
	AttrDescription   = "description" // of a team
)

// Empty reports whether u changes nothing.
func (u *UserUpdate) Empty() bool { return len(u.Attributes()) == 0 && !u.ChangesRoles() }

// Attributes names the attributes that u changes.
func (u *UserUpdate) Attributes() []string {
	var names []string
	for _, a := range u.attributes(&identity.User{}) {
		if a.asked {
			names = append(names, a.name)
		}
	}
	return names
}

// ChangesRoles reports whether u adds or removes role links.
func (u *UserUpdate) ChangesRoles() bool { return len(u.AddRoles)+len(u.RemoveRoles) > 0 }

// ChangesRoles reports whether u adds or removes role links.
func (u *GroupUpdate) ChangesRoles() bool { return len(u.AddRoles)+len(u.RemoveRoles) > 0 }

// ChangesMembers reports whether u adds or removes members.
func (u *GroupUpdate) ChangesMembers() bool { return len(u.AddMembers)+len(u.RemoveMembers) > 0 }

// attributeCount is how many attributes an update of a person can change.
const attributeCount = 16

// attributes compares every attribute of u with a person; each drop works on u itself.
func (u *UserUpdate) attributes(now *identity.User) [attributeCount]attribute {
	s := &now.Settings
	return [attributeCount]attribute{
		compare(AttrEmail, &u.Email, now.Email, sameFold),
		compare(AttrLoginID, &u.LoginID, now.LoginID, sameFold),
		compare(AttrGivenName, &u.GivenName, now.GivenName, same),
		compare(AttrFamilyName, &u.FamilyName, now.FamilyName, same),
		compare(AttrDisplayName, &u.DisplayName, now.DisplayName, same),
		compare(AttrLanguage, &u.Language, now.Language, same),
		compare(AttrManager, &u.Manager, now.Manager, same),
		compare(AttrActive, &u.Active, now.Active, same),
		compare(AttrConcurrent, &u.Concurrent, now.Concurrent, same),
		compare(AttrNotifyByEmail, &u.NotifyByEmail, s.NotifyByEmail, same),
		compare(AttrDataLanguage, &u.DataLanguage, s.DataLanguage, same),
		compare(AttrDateFormat, &u.DateFormat, s.DateFormat, same),
		compare(AttrTimeFormat, &u.TimeFormat, s.TimeFormat, same),
		compare(AttrNumberFormat, &u.NumberFormat, s.NumberFormat, same),
		compare(AttrCleanUpDays, &u.CleanUpDays, s.CleanUpDays, same),
		compare(AttrPhotos, &u.Photos, now.Photos, identity.SameSet),
	}
}

// attribute is one attribute of an update beside what is there.
type attribute struct {
	name            string
	asked           bool   // the update changes it
	done, unchanged bool   // what is there is what the update wants; is what the plan saw
	saw, is         string // for people
	drop            func() // takes it out of the update
}

func compare[T any](name string, e **Edit[T], now T, same func(a, b T) bool) attribute {
	if *e == nil {
		return attribute{name: name}
	}
	a := attribute{name: name, asked: true, drop: func() { *e = nil }}
	if a.done = same((*e).After, now); !a.done {
		a.unchanged = same((*e).Before, now)
		a.saw, a.is = show((*e).Before), show(now)
	}
	return a
}

func same[T comparable](a, b T) bool { return a == b }

func sameFold(a, b string) bool { return identity.Fold(a) == identity.Fold(b) }
