package commit

import (
	"fmt"

	"sacbridge/internal/directory"
)

// Reader reads one source in the transaction that the plan is written in. Where a source was never written to, nothing
// is found. An error is the store's.
type Reader interface {
	// Record reads a record. Its JSON need not outlive the transaction.
	Record(kind directory.Kind, id directory.ID) (r directory.Record, found bool, err error)
	// Header reads the header of a record.
	Header(kind directory.Kind, id directory.ID) (h directory.Header, found bool, err error)
	// Holder finds a record other than one that an index lists under exactly this key.
	Holder(ix directory.Index, key []byte, other directory.ID) (holder directory.ID, found bool, err error)
	// HasMember reports a membership. Here and below, groups that are deleted and keep their members count too.
	HasMember(group, member directory.ID) (bool, error)
	// Member reads a membership that Groups has listed.
	Member(group, member directory.ID) (directory.MemberEdge, error)
	// Members lists the members of a group by id; all of them where limit is 0.
	Members(group directory.ID, limit int) ([]directory.ID, error)
	// Groups lists the groups of a member by id.
	Groups(member directory.ID) ([]directory.ID, error)
	// Tombstone reads a deleted record.
	Tombstone(kind directory.Kind, id directory.ID) (d directory.DeletedRecord, found bool, err error)
	// HasTombstone reports a deleted record.
	HasTombstone(kind directory.Kind, id directory.ID) (bool, error)
	// Purged gives the last event of a record that is gone for good; 0 where there was none, or it is forgotten.
	Purged(id directory.ID) (directory.Seq, error)
	// Last gives the number of the last event.
	Last() (directory.Seq, error)
}

// Writes is what a change comes to. Its parts do not depend on each other's order.
type Writes struct {
	Records    []RecordWrite
	Members    []MemberWrite             // by group and member
	Tombstones []directory.DeletedRecord // to keep, new ones and those that are being purged
	NoLonger   []Tombstone               // deleted records that go, for they were restored or purged
	Purged     []PurgedRecord            // records that are gone for good with this change
	Events     []directory.Event         // numbered, to append to the feed
	Answer     directory.Committed
}

// RecordWrite is a record that comes, changes or goes, with its index entries (directory.Header.Entries) and the number
// of records of its kind. Of one that comes, what Reader.Purged told is forgotten.
type RecordWrite struct {
	Before *directory.Header // nil: it comes
	After  *directory.Record // nil: it goes
	// Bare says that nothing differs but Revision, Modified, Last and Members.
	Bare bool
}

// MemberWrite is a membership that comes (Add) or goes, in both directions.
type MemberWrite struct {
	directory.MemberEdge
	Add bool
}

// Tombstone names a deleted record.
type Tombstone struct {
	Kind directory.Kind
	ID   directory.ID
}

// PurgedRecord is a record that is gone for good, with its last event.
type PurgedRecord struct {
	ID   directory.ID
	Last directory.Seq
}

// Refusal is an error of the change itself: its preconditions do not hold. Nothing is to be written; other changes of the
// same transaction are not concerned.
type Refusal struct{ err error }

// Error gives the reason.
func (e *Refusal) Error() string { return e.err.Error() }

// Unwrap gives the reason.
func (e *Refusal) Unwrap() error { return e.err }

func refuse(err error) error { return &Refusal{err} }

// Plan gives what is to be written for a change, or a *Refusal; any other error is the reader's.
func Plan(from Reader, c *directory.Change) (*Writes, error) {
	p := &planner{
		from: from, change: c, byID: map[directory.ID]*state{}, claims: map[claim]directory.ID{},
	}
	if err := p.decide(); err != nil {
		return nil, err
	}
	return p.writes()
}

// planner works one change out: first every precondition is compared, and what becomes of each record is decided; then
// that is numbered and listed.
type planner struct {
	from   Reader
	change *directory.Change

	states     []*state // in the order they were first touched
	byID       map[directory.ID]*state
	claims     map[claim]directory.ID // unique values that records of this change take
	members    []MemberWrite          // of deleted groups, which have no state
	tombstones []directory.DeletedRecord
	restored   []Tombstone
	purges     []purge
	answers    []*state // one for each Put, Restore and MemberChange
	dropped    []directory.ID
}

// state is what a change makes of one record.
type state struct {
	before, after directory.Record
	existed       bool
	put           bool // by a Put or Restore, even without a change of members
	op            directory.Op
	changed       []string
	members       map[directory.ID]MemberWrite // that come or go, against what the store has
}

// isWritten reports whether the record differs from what the store has.
func (s *state) isWritten() bool { return s.op != directory.Deleted && (s.put || len(s.members) > 0) }

// decide goes through the parts of the change in the order that directory.Change promises.
func (p *planner) decide() error {
	for i := range p.change.Puts {
		if err := p.put(&p.change.Puts[i]); err != nil {
			return err
		}
	}
	for _, r := range p.change.Restores {
		if err := p.restore(r); err != nil {
			return err
		}
	}
	for i := range p.change.Members {
		if err := p.changeMembers(&p.change.Members[i]); err != nil {
			return err
		}
	}
	for _, d := range p.change.Deletes {
		if err := p.delete(d); err != nil {
			return err
		}
	}
	for _, one := range p.change.Purges {
		if err := p.purge(one); err != nil {
			return err
		}
	}
	return nil
}

// load gives the state of a record, reading it where the change has not touched it; nil where there is none.
func (p *planner) load(kind directory.Kind, id directory.ID) (*state, error) {
	if s := p.byID[id]; s != nil && s.after.Kind == kind {
		return s, nil
	}
	record, found, err := p.from.Record(kind, id)
	if err != nil || !found {
		return nil, err
	}
	s := &state{before: record, after: record, existed: true, op: directory.Updated}
	p.track(s)
	return s, nil
}

func (p *planner) track(s *state) {
	p.states = append(p.states, s)
	p.byID[s.after.ID] = s
}

// header reads a header without making the record part of the change.
func (p *planner) header(kind directory.Kind, id directory.ID) (directory.Header, bool, error) {
	if s := p.byID[id]; s != nil && s.after.Kind == kind {
		return s.after.Header, true, nil
	}
	return p.from.Header(kind, id)
}

// expect compares the revision that a caller expects with that of a record, nil where there is none.
func expect(want int64, kind directory.Kind, id directory.ID, s *state) error {
	switch {
	case s == nil && want != directory.NotThere:
		return refuse(directory.ErrNotFound)
	case s == nil:
		return nil
	case want == directory.NotThere:
		return refuse(idTaken(kind, id))
	case want > 0 && uint64(want) != s.after.Revision:
		return refuse(&directory.RevisionError{Kind: kind, ID: id, Got: s.after.Revision})
	}
	return nil
}

func idTaken(kind directory.Kind, id directory.ID) error {
	return &directory.ConflictError{Kind: kind, Attr: "id", Value: id.String(), Holder: id}
}

func (p *planner) put(put *directory.Put) error {
	h := &put.Record.Header
	s, err := p.load(h.Kind, h.ID)
	if err != nil {
		return err
	}
	if err := expect(put.Expect, h.Kind, h.ID, s); err != nil {
		return err
	}
	if s == nil {
		s, err = p.create(&put.Record)
		if err != nil {
			return err
		}
	} else {
		was := s.after.Header
		s.after = put.Record
		s.after.Revision, s.after.Created, s.after.Modified = was.Revision, was.Created, was.Modified
		s.after.Members, s.after.Last = was.Members, was.Last
	}
	s.put, s.changed = true, append(s.changed, put.Changed...)
	p.answers = append(p.answers, s)
	return p.claimNames(s, put.UniqueExternalID)
}

// create starts a record, whose id no deleted one may have.
func (p *planner) create(record *directory.Record) (*state, error) {
	taken, err := p.from.HasTombstone(record.Kind, record.ID)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, refuse(idTaken(record.Kind, record.ID))
	}
	s := &state{op: directory.Created, after: *record}
	s.after.Revision, s.after.Created, s.after.Members = 0, moment(p.change.At), 0
	if s.after.Last, err = p.from.Purged(record.ID); err != nil {
		return nil, err
	}
	p.track(s)
	return s, nil
}

func (p *planner) restore(r directory.Restore) error {
	d, found, err := p.from.Tombstone(r.Kind, r.ID)
	switch {
	case err != nil:
		return err
	case !found:
		return refuse(directory.ErrNotFound)
	case d.Purging:
		return refuse(fmt.Errorf("%s %s is being removed for good: %w", r.Kind, r.ID, directory.ErrNotFound))
	}
	s := &state{after: d.Record, put: true, op: directory.Restored}
	if r.Kind == directory.Group {
		// Members that were deleted and restored meanwhile changed what is kept, not what was counted.
		members, err := p.from.Members(r.ID, 0)
		if err != nil {
			return err
		}
		s.after.Members = int64(len(members))
	}
	p.track(s)
	p.restored, p.answers = append(p.restored, Tombstone{r.Kind, r.ID}), append(p.answers, s)
	if err := p.claimNames(s, false); err != nil {
		return err
	}
	for _, e := range d.Groups {
		if err := p.restoreMembership(e); err != nil {
			return err
		}
	}
	return nil
}

// restoreMembership brings a membership back where its group exists or can itself be restored.
func (p *planner) restoreMembership(e directory.MemberEdge) error {
	group, err := p.load(directory.Group, e.Group)
	if err != nil {
		return err
	}
	if group != nil {
		stored, err := p.from.HasMember(e.Group, e.Member)
		if err == nil {
			group.set(MemberWrite{e, true}, stored)
		}
		return err
	}
	kept, err := p.from.HasTombstone(directory.Group, e.Group)
	if kept {
		p.members = append(p.members, MemberWrite{e, true})
	}
	return err
}
