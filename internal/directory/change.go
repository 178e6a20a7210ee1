package directory

import "time"

// Revisions that a change may expect instead of a number above 0.
const (
	AnyRevision int64 = -1 // the record exists, whatever its revision
	NotThere    int64 = 0  // no record, living or deleted, has the id
)

// Change is one unit of work: all of it takes effect or nothing. A Store applies Puts, then Restores, then
// Members in their order, then Deletes, and writes the events itself.
type Change struct {
	At time.Time // the moment of the change; a record's Modified never goes back or stands still
	By string    // who asked, for the history

	Puts     []Put
	Restores []Restore
	Members  []MemberChange
	Deletes  []Delete
	Purges   []Purge
}

// Put creates or replaces a record. Of the header the Store fills Revision, Created, Modified, Last and Members.
type Put struct {
	Record           Record
	Expect           int64
	Changed          []string // the attributes that differ, for the event
	UniqueExternalID bool     // refuse an externalId that another record of the kind has
}

// Delete takes a record out of sight with everything needed to bring it back. Its names are free at once.
// Its own memberships end; the members of a group are kept with it.
type Delete struct {
	Kind   Kind
	ID     ID
	Expect int64
}

// Restore brings a deleted record back under its id, with its memberships in groups that still exist. It
// is refused with a ConflictError where its name is taken again.
type Restore struct {
	Kind Kind
	ID   ID
}

// Purge removes a deleted record for good, at most Edges of its members at a time, so that no transaction
// is long. From the first step on the record cannot be restored.
type Purge struct {
	Kind  Kind
	ID    ID
	Edges int
}

// MemberOp is what to do to the members of a group.
type MemberOp uint8

// The membership operations.
const (
	AddMembers    MemberOp = iota + 1 // those who are members stay as they are
	RemoveMembers                     // those who are not are passed over
	SetMembers                        // exactly these
)

// UnknownPolicy says what becomes of a member that the source does not hold.
type UnknownPolicy uint8

// The ways with unknown members. A group itself is never its member: it is dropped alike, or refused with
// a ValueError.
const (
	RefuseUnknown UnknownPolicy = iota // the whole change fails with an UnknownMembersError
	DropUnknown                        // it is left out, and named in Committed.Dropped
)

// MemberChange is one operation on the members of one group. The Store takes O(Members) steps for adding
// and removing; SetMembers reads the present members once.
type MemberChange struct {
	Group   ID
	Expect  int64
	Op      MemberOp
	Members []Member
	Unknown UnknownPolicy
}

// Member names a member. Where Display is empty the member's own display name is kept with the edge.
type Member struct {
	ID      ID
	Display string
}

// Committed is what became of a Change.
type Committed struct {
	Seq     Seq      // the last event; 0 where nothing changed
	Headers []Header // after the change: one per Put, Restore and MemberChange, in that order
	Dropped []ID     // unknown members that were left out
	More    bool     // a Purge has more to do
}

// Op is what an event reports.
type Op uint8

// The operations of events.
const (
	Created Op = iota + 1
	Updated
	Deleted
	Restored
	Purged
)

// String gives the word that histories show.
func (o Op) String() string {
	switch o {
	case Created:
		return "created"
	case Updated:
		return "updated"
	case Deleted:
		return "deleted"
	case Restored:
		return "restored"
	case Purged:
		return "purged"
	}
	return "unknown"
}

// Event is one entry of the change feed.
type Event struct {
	Seq      Seq
	Prev     Seq // the event before it of the same record, which may be forgotten; 0 where there was none
	At       time.Time
	By       string
	Op       Op
	Kind     Kind
	ID       ID
	Revision uint64
	Changed  []string // attributes; empty where only the members changed
	Added    []ID     // members of a group who came
	Removed  []ID     // members of a group who went
}
