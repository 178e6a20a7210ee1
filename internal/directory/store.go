package directory

import (
	"context"
	"io"
	"iter"
	"time"
)

// Store keeps records, indexes, memberships, the feed and the history of all sources. It is safe for
// concurrent use.
//
// A Change is atomic and durable: Commit returns nil only once it survives the end of the process.
// Preconditions are compared inside the transaction. A change that is refused leaves nothing behind and
// does not disturb others.
type Store interface {
	// View gives fn a snapshot of one source, taken between the call and the first read, which ends with fn. fn must
	// be quick, wait for nobody and not call Commit. A source nobody has written to is empty.
	View(ctx context.Context, source SourceID, fn func(ReadTx) error) error
	// Get reads one record; ErrNotFound where there is none. It is what a View with one read would be, where a
	// snapshot costs more than the read.
	Get(ctx context.Context, source SourceID, kind Kind, id ID) (Record, error)
	// Find reads the first record under exactly this key of an index; ErrNotFound where there is none.
	Find(ctx context.Context, source SourceID, ix Index, key []byte) (Record, error)
	// Sources lists all sources that were ever written to, sorted.
	Sources(ctx context.Context) ([]SourceID, error)
	// Commit applies a Change. It fails with ErrNotFound, *RevisionError, *ConflictError or
	// *UnknownMembersError where a precondition does not hold, and with anything else where the store is
	// broken or ctx ended before the change was taken up.
	Commit(ctx context.Context, source SourceID, c Change) (Committed, error)
	// Wait returns the last sequence number of the source once it is above after, or the error of ctx. ErrAhead where
	// after was never given, as for Log.
	Wait(ctx context.Context, source SourceID, after Seq) (Seq, error)
	// Trim forgets events, and the history made of them, from before a moment, at most limit at a time; more
	// reports whether others are left.
	Trim(ctx context.Context, source SourceID, before time.Time, limit int) (more bool, err error)
	// Backup writes a consistent copy while others go on writing.
	Backup(ctx context.Context, w io.Writer) error
	// Check compares everything the store keeps twice. Faults are in the report; an error says that the
	// check could not be made.
	Check(ctx context.Context) (Report, error)
	// Close ends all work and lets go of the store.
	Close() error
}

// ReadTx is a snapshot of one source. It is for one goroutine. What it returns is the caller's own, except
// where said.
type ReadTx interface {
	// Get reads a record; ErrNotFound where there is none.
	Get(kind Kind, id ID) (Record, error)
	// Header reads a record's header; ErrNotFound where there is no record.
	Header(kind Kind, id ID) (Header, error)
	// Headers reads the headers of those ids that are there, in the order asked for.
	Headers(kind Kind, ids []ID) ([]Header, error)
	// Records reads the records of those ids that are there, in the order asked for.
	Records(kind Kind, ids []ID) ([]Record, error)
	// Lookup finds the first record under exactly this key of an index; ErrNotFound where there is none.
	Lookup(ix Index, key []byte) (ID, error)
	// Range lists a part of an index in the order of the bytes, ties by id. An entry's key is valid until the next.
	Range(ix Index, span Span) iter.Seq2[Entry, error]
	// Scan lists records by id after one (zero: from the start; with desc before one, or from the end). A
	// record's JSON is valid until the next.
	Scan(kind Kind, after ID, desc bool) iter.Seq2[Record, error]
	// Members lists the members of a group by id; nobody where there is no such group.
	Members(group, after ID, limit int) ([]MemberEdge, error)
	// EachMember shows up to limit members in the same order, without memory of their own: display is valid
	// during visit only. It gives the number shown and the error of visit.
	EachMember(group, after ID, limit int, visit func(member ID, kind Kind, display []byte) error) (int, error)
	// Groups lists the groups of a member by id, after one.
	Groups(member, after ID, limit int) ([]GroupRef, error)
	// Contains says of each id whether it is a direct member of a group that exists.
	Contains(group ID, ids []ID) ([]bool, error)
	// Count gives the number of records of a kind.
	Count(kind Kind) (int64, error)
	// Last gives the sequence number of the last event; 0 where there is none.
	Last() (Seq, error)
	// Log lists events in order. It may give fewer than limit though there are more, never none.
	// ErrTrimmed where events after that number were forgotten; ErrAhead where that number was never given.
	Log(after Seq, limit int) ([]Event, error)
	// History lists the events of one record from before a number (0: the end), the newest first.
	History(id ID, before Seq, limit int) ([]Event, error)
	// Deleted reads a deleted record; ErrNotFound where there is none.
	Deleted(kind Kind, id ID) (DeletedRecord, error)
	// AllDeleted lists deleted records by id.
	AllDeleted(kind Kind, after ID, limit int) ([]DeletedRecord, error)
}

// Span is a part of an index.
type Span struct {
	From, To []byte // from this key on, up to this one, which is left out; nil: from the start, to the end
	Desc     bool   // backwards
	Skip     int    // how many entries to leave out first
	Limit    int    // how many to give at most; 0: all
}

// GroupRef is one group of a member.
type GroupRef struct {
	ID      ID
	Display string
}

// DeletedRecord is a record that can be brought back.
type DeletedRecord struct {
	Record
	At      time.Time    // when it was deleted
	By      string       // by whom
	Groups  []MemberEdge // the memberships it had itself
	Purging bool         // it is being removed for good
}

// Report is the result of a check.
type Report struct {
	Records int64   `json:"records"`
	Edges   int64   `json:"edges"`
	Events  int64   `json:"events"`
	Faults  []Fault `json:"faults,omitempty"`
	More    int64   `json:"more,omitempty"` // faults beyond those listed
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

// FaultKind names an inconsistency.
type FaultKind string

// The inconsistencies that Check finds.
const (
	FaultOrphanIndex  FaultKind = "orphan-index"  // an index entry without its record
	FaultMissingIndex FaultKind = "missing-index" // a record without its index entry
	FaultLoneEdge     FaultKind = "lone-edge"     // a membership in one direction only
	FaultStrangeEdge  FaultKind = "strange-edge"  // a membership of a record that does not exist
	FaultCount        FaultKind = "count"         // a counter that is off
	FaultFeedGap      FaultKind = "feed-gap"      // a missing event, or one outside the history of its record
	FaultUnreadable   FaultKind = "unreadable"    // a record or key that cannot be decoded
	FaultFile         FaultKind = "file"          // the file itself is damaged
)

// Fault is one inconsistency.
type Fault struct {
	Kind   FaultKind `json:"kind"`
	Source SourceID  `json:"source,omitempty"`
	Where  string    `json:"where"` // the list or bucket
	Key    string    `json:"key"`
	Detail string    `json:"detail"`
}
