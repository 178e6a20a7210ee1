package apply

import (
	"context"
	"errors"
	"time"

	"sacbridge/internal/plan"
)

// Journal is the durable record of one run. Every method that writes returns only when the record
// survives a crash (fsync), and is safe for concurrent use. A method whose ctx has ended before it began
// stores nothing; what it has begun it carries through, whatever becomes of ctx.
type Journal interface {
	// Begin stores the run's header and its encoded plan; ErrJournalUsed if the journal has a run already.
	Begin(ctx context.Context, h Header, encodedPlan []byte) error
	// Header and Plan give what Begin stored; ErrNoRun if nothing was.
	Header(ctx context.Context) (Header, error)
	Plan(ctx context.Context) ([]byte, error)
	// Intend stores that a call is about to be made under lease l, the zero Lease where the run takes none,
	// and gives its sequence number (from 1, gapless). The record keeps the lease's fencing number. With
	// ErrLeaseLost, for a lease that is over or outdated, nothing is stored.
	Intend(ctx context.Context, l Lease, r Record) (seq uint64, err error)
	// Settle stores what became of the call. Whoever made it may tell so even after the lease was lost, but what
	// another has settled since is replaced under a lease that holds only: ErrLeaseLost otherwise.
	Settle(ctx context.Context, l Lease, seq uint64, outcomes []ItemOutcome) error
	// Finish stores how the run ended. The end of an interrupted run is replaced by that of its resumption.
	Finish(ctx context.Context, end End) error
	// Records yields all records in order, with their outcomes where settled.
	Records(ctx context.Context, yield func(Record) bool) error
	// End gives how the run ended; ok is false where it did not end.
	End(ctx context.Context) (end End, ok bool, err error)
	Close() error
}

// Journals keeps the journals of many runs, by run ID. It is safe for concurrent use.
type Journals interface {
	// Create makes the journal of a new run; ErrJournalUsed where that run has one. Closed without a run in it,
	// the journal is gone again.
	Create(ctx context.Context, runID string) (Journal, error)
	// Open opens the journal of an earlier run; ErrNoRun where there is none. Where only one can have a journal
	// open, which is that of a run that goes on, others get ErrJournalOpen, at the latest when ctx ends.
	Open(ctx context.Context, runID string) (Journal, error)
	// List gives the IDs of all runs, the newest first: run IDs sort by time.
	List(ctx context.Context) (runIDs []string, err error)
	// Prune takes away the journals of which drop says so, and gives their runs' IDs. The end is nil where the run
	// did not end. Journals that are open stay, and so do those that cannot be read, which the error names.
	Prune(ctx context.Context, drop func(Header, *End) bool) (runIDs []string, err error)
}

// The sentinel errors about journals. ErrFinished comes from Resume.
var (
	ErrNoRun       = errors.New("the journal holds no run")
	ErrJournalUsed = errors.New("the journal holds a run already")
	ErrJournalOpen = errors.New("the run goes on: its journal is open elsewhere")
	ErrFinished    = errors.New("the run is finished, there is nothing to resume")
)

// The kinds of records, one for each kind of call.
const (
	KindCreateUsers   = "create users"
	KindLookAtUsers   = "look at users" // people of an earlier create whose outcome was not known; nothing is written
	KindCorrectUsers  = "correct users" // created people whose roles or licence the tenant changed by its defaults
	KindUpdateUsers   = "update users"
	KindCreateTeam    = "create team"
	KindDescribeTeam  = "describe team" // nothing but the description
	KindRemoveMembers = "remove members"
	KindChangeRoles   = "change roles" // removals and additions; the plan tells which is which
	KindAddMembers    = "add members"
	KindDeleteUsers   = "delete users"
	KindDeleteTeam    = "delete team"
)

// journalFormat is the format of the journals that this program writes.
const journalFormat = 1

// Header says which run a journal belongs to.
type Header struct {
	RunID   string    `json:"runId"`
	PlanID  string    `json:"planId"`
	Source  string    `json:"source"`
	Target  string    `json:"target"`
	Started time.Time `json:"started"`
	Command string    `json:"command"` // for people; without secrets
	Job     string    `json:"job,omitempty"`
	// Spends is what the whole plan takes of the guards' limits; absent in journals of earlier versions.
	Spends *plan.Amounts `json:"spends,omitempty"`
	// Format is 1 where created people were looked at before their call was settled as done, 0 in journals
	// of programs that did not.
	Format int `json:"format,omitempty"`
}

// Record is one intended call with its items.
type Record struct {
	Seq      uint64   `json:"seq"`
	Kind     string   `json:"kind"` // one of the Kind constants
	Team     string   `json:"team,omitempty"`
	Keys     []string `json:"keys,omitempty"`     // user IDs, the team's name (create, delete) or the members or roles of the chunk
	Describe bool     `json:"describe,omitempty"` // this write to a team sets its description too
	// LeftOut holds the links that this call does not make though the plan wants them, by user ID.
	LeftOut  map[string][]LinkFailure `json:"leftOut,omitempty"`
	Fence    uint64                   `json:"fence,omitempty"` // the lease's fencing number at that time; 0 without a lease
	At       time.Time                `json:"at"`
	TenantAt time.Time                `json:"tenantAt,omitzero"` // At by the tenant's clock; zero where that is not known
	Settled  bool                     `json:"settled,omitempty"`
	Outcomes []ItemOutcome            `json:"outcomes,omitempty"`
}

// Outcome gives what became of one of the record's keys; ok is false where that is not known. The key ""
// stands for the call as a whole, and for the description of a team.
func (r *Record) Outcome(key string) (o ItemOutcome, ok bool) {
	for _, o := range r.Outcomes {
		if o.Key == key {
			return o, true
		}
	}
	if key != "" {
		return r.Outcome("")
	}
	return ItemOutcome{}, false
}

// ItemOutcome is what became of one item of a call. A Key of "" speaks for all keys of the record that
// have no outcome of their own, so that a write of thousands of members is settled in a few bytes.
type ItemOutcome struct {
	Key      string   `json:"key,omitempty"`
	OK       bool     `json:"ok,omitempty"`
	Ref      string   `json:"ref,omitempty"`
	Error    string   `json:"error,omitempty"`
	Class    string   `json:"class,omitempty"`
	Code     string   `json:"code,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	// Undone holds what the tenant accepted and did not do.
	Undone []LinkFailure `json:"undone,omitempty"`
	// Rest is what is still to be done to a person who was written, on top of what the tenant showed then.
	Rest    *plan.Change `json:"rest,omitempty"`
	Adopted bool         `json:"adopted,omitempty"` // created by this run or by somebody else: the tenant does not tell
	Unseen  bool         `json:"unseen,omitempty"`  // created by the answer's word; nobody has looked yet
}

// End is how a run ended.
type End struct {
	At          time.Time      `json:"at"`
	Interrupted bool           `json:"interrupted"`
	Cause       string         `json:"cause,omitempty"`
	Entities    []EntityResult `json:"entities,omitempty"`
	// Spent is what the run took of the guards' limits; absent in journals of earlier versions.
	Spent *plan.Amounts `json:"spent,omitempty"`
}

// Leases say who may write to a tenant, also across processes.
type Leases interface {
	// Acquire takes the lease of a tenant for ttl, or fails with a *LeaseHeldError. The fencing number
	// grows with every new holder of that tenant.
	Acquire(ctx context.Context, tenant, holder string, ttl time.Duration) (Lease, error)
	// Holder tells who holds the tenant's lease; ok is false where nobody does.
	Holder(ctx context.Context, tenant string) (l Lease, ok bool, err error)
	// Renew extends l; ErrLeaseLost if another holder has come since.
	Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error)
	// Check fails with ErrLeaseLost when l is outdated or over.
	Check(ctx context.Context, l Lease) error
	// Release gives l back; releasing an outdated lease does nothing.
	Release(ctx context.Context, l Lease) error
}

// ErrLeaseLost says that somebody else may write to the tenant by now.
var ErrLeaseLost = errors.New("the lease on the tenant is lost")

// Lease is the right to write to a tenant until Expires. That is by the clock of whoever asked: a store that
// judges by a clock of its own gives the moment before it was asked plus what was left then.
type Lease struct {
	Tenant  string    `json:"tenant"` // scheme and host of the tenant's URL
	Holder  string    `json:"holder"`
	Fence   uint64    `json:"fence"`
	Expires time.Time `json:"expires"`
}

// Left is how long the lease still lasts at now; not positive once it is over or given back.
func (l Lease) Left(now time.Time) time.Duration { return l.Expires.Sub(now) }

// LeaseHeldError says who holds a tenant.
type LeaseHeldError struct{ Lease Lease }

// Error names the tenant, the holder and when the lease runs out.
func (e *LeaseHeldError) Error() string {
	return "tenant " + e.Lease.Tenant + " is being written to by " + e.Lease.Holder +
		", until " + e.Lease.Expires.UTC().Format(time.RFC3339) + " at the latest unless it renews"
}
