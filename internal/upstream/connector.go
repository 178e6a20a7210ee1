package upstream

import (
	"context"
	"iter"
	"time"

	"sacbridge/internal/identity"
)

// Connector is one provisioning target. All methods are safe for concurrent use; every error is an
// *Error with a class. Reads are repeated by the connector itself; a write is repeated by it only
// where it certainly had no effect.
type Connector interface {
	Reader
	Costs
	// Writer gives the way to write under a permission. There is no other.
	Writer(p Permission) Writer
	// Facts gives what has been learnt about the target so far.
	Facts() Facts
}

// Permission is asked right before each send of a call that a Writer makes, first or repeated.
type Permission interface {
	// Check is nil where a call may be sent at this very moment. It is called as the last thing before
	// bytes leave, so it must be fast, and from several goroutines.
	Check() error
	// Stopping is closed once Check will never be nil again. Waits for pace, back-off and Retry-After end
	// then; what is on the wire is waited for.
	Stopping() <-chan struct{}
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
	// Clock gives what the tenant's clock showed at a local time, going by its newest answer; it is whole
	// seconds at best. ok is false where no answer has told the time yet. It makes no call.
	Clock(local time.Time) (tenant time.Time, ok bool)
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

// Costs tells sizes and prices of writes, for batches and estimates. A price is the number of HTTP
// requests that one call of a Writer sends, its reads included, when nothing goes wrong. No method
// makes a call.
type Costs interface {
	// Limits gives the sizes for the next write to a team of teamSize members (0 for people). They may
	// change from call to call as the connector learns from answer times.
	Limits(teamSize int) Limits
	// CreateCalls is the price of CreateUsers for this batch.
	CreateCalls(users []*identity.User) int
	// UpdateCalls is the price of UpdateUsers for this batch.
	UpdateCalls(updates []UserUpdate) int
	// GroupCalls is the price of UpdateGroup for this write, to a team whose Ref is known.
	GroupCalls(u *GroupUpdate) int
}

// Writer changes people and teams under a Permission. Each call is one batch of at most the size that
// Limits allows; a slice result has one Outcome per item, in order. Where the permission is refused
// nothing is sent, and the errors of the items that nothing has been sent for have class NotSent.
//
// The context is that of calls on the wire: its end breaks them off. To stop a run close the
// permission's Stopping.
type Writer interface {
	// CreateUsers creates people with all that identity.User holds but Ref, Teams and Created. A user
	// is created under exactly the wanted user ID or not at all. Where Limits.Reread is not 0 the caller
	// reads the created people again and compares them by NotAsWanted.
	CreateUsers(ctx context.Context, users []*identity.User) []Outcome
	// UpdateUsers changes fields and role links: it reads the people, takes what each update still has to
	// do (CompareWith), and writes that. People whom somebody else changed in a way that the update
	// contradicts are left alone, with class Changed.
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

// UserKey names a person; Ref saves a look-up where it is known. Created is when the person came to be, as
// read; zero where that is not known. Where the target goes by user ID, it tells the person from another one
// who has the same user ID by now: that one is left alone, with class Changed.
type UserKey struct {
	UserID  string    `json:"userId"`
	Ref     string    `json:"ref,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// GroupKey names a team; Ref saves a look-up where it is known. Created is as in UserKey.
type GroupKey struct {
	Name    string    `json:"name"`
	Ref     string    `json:"ref,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// Limits are the sizes of writes, and the prices that are the same for every batch.
type Limits struct {
	Workers int // calls side by side

	Page   int // rows of a list page
	Lookup int // people per batched look-up; 1 where there is none

	CreateBatch int // people per CreateUsers
	UpdateBatch int // people per UpdateUsers: as many as one reading serves
	DeleteBatch int
	DeleteCalls int // requests per DeleteUsers batch

	GroupCreateCalls int
	GroupDeleteCalls int
	AddChunk         int // members added per UpdateGroup
	RemoveChunk      int // members removed per UpdateGroup
	RoleChunk        int // role changes per UpdateGroup
	MaxMembers       int // members a team can have

	// Reread is how many created people one request reads again, asked by user ID and e-mail: a Bulk answer
	// carries no ids, and the tenant's defaults may have added roles or changed the licence. 0: there is
	// no need to.
	Reread int
}
