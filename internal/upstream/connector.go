package upstream

import (
	"context"
	"iter"

	"sacbridge/internal/identity"
)

// Connector is one provisioning target. All methods are safe for concurrent use; every error is an
// *Error with a class. Reads are repeated by the connector itself; a write is repeated by it only
// where it certainly had no effect.
type Connector interface {
	Reader
	Writer
}

// Reader reads people and teams.
type Reader interface {
	// Tenant says which tenant this is. It makes no call.
	Tenant() identity.Tenant
	// FindUsers yields the people that match q, each once, in no particular order. Asking for people
	// who do not exist is not an error. The connector chooses the cheapest way (batched searches,
	// pages, single reads).
	FindUsers(ctx context.Context, q UserQuery) iter.Seq2[*identity.User, error]
	// FindGroups yields the teams that match q. A team that exists but cannot be read comes as an
	// *UnreadableError, after which the sequence goes on.
	FindGroups(ctx context.Context, q GroupQuery) iter.Seq2[*identity.Group, error]
	// RoleIDs lists every role of the tenant; ok is false where the tenant has no such listing.
	RoleIDs(ctx context.Context) (ids []string, ok bool, err error)
}

// UserQuery asks for people by any of their names. All asks for everybody.
type UserQuery struct {
	All      bool
	UserIDs  []string // exact
	Emails   []string // without case
	LoginIDs []string // without case
}

// GroupQuery asks for teams by exact name. All asks for every team.
type GroupQuery struct {
	All   bool
	Names []string
	// Members asks for the member lists too; without it Group.Members is nil, Group.Size is set.
	Members bool
	// People says that the members are asked for as users next. It is a hint: a connector then prefers
	// a read that tells user IDs, even where Group.Ref stays empty.
	People bool
}

// UnreadableError says that a team exists but cannot be read, and what would cure that.
type UnreadableError struct {
	Name  string
	Cause string
}

// Error names the team, the cause and the cure.
func (e *UnreadableError) Error() string { return "team " + e.Name + " cannot be read: " + e.Cause }

// Writer changes people and teams. Each call is one batch of at most the size that Limits allows; a
// slice result has one Outcome per item, in order.
type Writer interface {
	// Limits gives the sizes for the next write to a team of teamSize members (0 for people). It makes
	// no call and may change from call to call as the connector learns from answer times.
	Limits(teamSize int) Limits

	// CreateUsers creates people with all that identity.User holds but Ref, Teams and Created. A user
	// is created under exactly the wanted user ID or not at all.
	CreateUsers(ctx context.Context, users []*identity.User) []Outcome
	// CreateCalls is the number of requests that CreateUsers sends for this batch when nothing goes wrong.
	// It makes no call.
	CreateCalls(users []*identity.User) int
	// UpdateUsers changes fields and role links. Role links are untouched where u.Roles is nil.
	UpdateUsers(ctx context.Context, updates []UserUpdate) []Outcome
	// DeleteUsers deletes people; one who is gone already is a success.
	DeleteUsers(ctx context.Context, users []UserKey) []Outcome

	// CreateGroup creates an empty team without role links.
	CreateGroup(ctx context.Context, g *identity.Group) Outcome
	// UpdateGroup makes one write to a team: at most one chunk of member or role changes. Adding a
	// member or role that is there, or removing one that is not, is no error. What is not named
	// stays untouched, role links above all.
	UpdateGroup(ctx context.Context, u GroupUpdate) Outcome
	// DeleteGroup deletes a team; one that is gone already is a success.
	DeleteGroup(ctx context.Context, g GroupKey) Outcome
}

// UserKey names a person; Ref saves a look-up where it is known.
type UserKey struct {
	UserID string `json:"userId"`
	Ref    string `json:"ref,omitempty"`
}

// GroupKey names a team; Ref saves a look-up where it is known.
type GroupKey struct {
	Name string `json:"name"`
	Ref  string `json:"ref,omitempty"`
}

// UserUpdate is a change of one person. Fields that are nil stay as they are.
type UserUpdate struct {
	UserKey
	Email      *string            `json:"email,omitempty"`
	LoginID    *string            `json:"loginId,omitempty"`
	Active     *bool              `json:"active,omitempty"`
	Concurrent *bool              `json:"concurrent,omitempty"`
	Language   *string            `json:"language,omitempty"`
	Settings   *identity.Settings `json:"settings,omitempty"` // the whole of it
	Manager    *string            `json:"manager,omitempty"`  // user ID; "" = none
	Photos     *[]string          `json:"photos,omitempty"`
	Roles      *[]string          `json:"roles,omitempty"` // the whole set wanted
}

// GroupUpdate is one write to one team.
type GroupUpdate struct {
	GroupKey
	Size          int      `json:"size"` // members before this write, for the connector's tuning
	Description   *string  `json:"description,omitempty"`
	RemoveMembers []string `json:"removeMembers,omitempty"` // user IDs
	RemoveRoles   []string `json:"removeRoles,omitempty"`
	AddRoles      []string `json:"addRoles,omitempty"`
	AddMembers    []string `json:"addMembers,omitempty"` // user IDs
}

// Outcome is what became of one item. Err is nil on success.
type Outcome struct {
	Err error
	Ref string // the tenant's key of a created entity, where the answer told it
	// Dropped names members that the tenant silently left out of an accepted team write.
	Dropped []string
	// Warnings are facts worth telling about an accepted write (a field the tenant ignored).
	Warnings []string
}

// Limits are the sizes and prices of writes. A price is the number of HTTP requests that one batch of
// the kind takes when nothing goes wrong.
type Limits struct {
	Workers int // calls side by side

	Page   int // rows of a list page
	Lookup int // people per batched look-up; 1 where there is none

	CreateBatch int // people per CreateUsers
	UpdateBatch int
	DeleteBatch int
	UpdateCalls int // requests per UpdateUsers batch
	DeleteCalls int

	GroupCreateCalls int
	GroupDeleteCalls int
	// GroupFirstCalls is the price of the first UpdateGroup of a team in a run that changes members or
	// the description, GroupNextCalls of each further one.
	GroupFirstCalls int
	GroupNextCalls  int
	// RoleFirstCalls and RoleNextCalls are the prices of an UpdateGroup that changes roles, where these go
	// another way than members do: one that follows no other role change of that team, and one that
	// does. 0: role changes are priced like member changes.
	RoleFirstCalls int
	RoleNextCalls  int
	AddChunk       int // members added per UpdateGroup
	RemoveChunk    int // members removed per UpdateGroup
	RoleChunk      int // role changes per UpdateGroup
	MaxMembers     int // members a team can have

	// Reread is how many created people one request reads again, asked by user ID and e-mail: a Bulk answer
	// carries no ids, and the tenant's defaults may have added roles or changed the licence. 0: there is
	// no need to.
	Reread int
}
