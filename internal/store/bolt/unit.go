package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// unit is one directory.Change on its way into a transaction. It is planned first, which reads and may
// refuse, and written then, which only fails where the file does. So a refused unit leaves the others
// of its group alone.
type unit struct {
	buckets
	source directory.SourceID
	change *directory.Change

	states  []*state // in the order they were first touched
	byID    map[directory.ID]*state
	claims  map[claim]directory.ID // unique values that records of this unit take
	edges   []edgeWrite            // of deleted groups, which have no state
	buried  []directory.DeletedRecord
	raised  []*state // restored ones, whose deleted records go
	purges  []purge
	answers []*state // one for each Put, Restore and MemberChange
	dropped []directory.ID
}

// claim is a unique value.
type claim struct {
	kind  directory.Kind
	field directory.Field
	key   string
}

// state is what a unit makes of one record.
type state struct {
	old, now directory.Record
	existed  bool
	put      bool // written by a Put or Restore, even without a change of members
	op       directory.Op
	changed  []string
	delta    map[directory.ID]edgeWrite // members that come or go, against the file
}

// edgeWrite is one membership that comes (add) or goes.
type edgeWrite struct {
	directory.MemberEdge
	add bool
}

// newUnit starts a unit on a transaction. The source may be new: its prefix is nil until it is written.
func newUnit(tx *bbolt.Tx, source directory.SourceID, c *directory.Change) *unit {
	return &unit{
		buckets: buckets{tx: tx, prefix: sourcePrefix(tx, source)}, source: source, change: c,
		byID: map[directory.ID]*state{}, claims: map[claim]directory.ID{},
	}
}

// plan compares every precondition and works out what is to be written. An error is a refusal, unless the
// file cannot be read.
func (u *unit) plan() error {
	for i := range u.change.Puts {
		if err := u.planPut(&u.change.Puts[i]); err != nil {
			return err
		}
	}
	for _, r := range u.change.Restores {
		if err := u.planRestore(r); err != nil {
			return err
		}
	}
	for i := range u.change.Members {
		if err := u.planMembers(&u.change.Members[i]); err != nil {
			return err
		}
	}
	for _, d := range u.change.Deletes {
		if err := u.planDelete(d); err != nil {
			return err
		}
	}
	for _, p := range u.change.Purges {
		if err := u.planPurge(p); err != nil {
			return err
		}
	}
	return nil
}

// refuse marks an error as the fault of this unit alone.
func refuse(err error) error { return &refusal{err} }

// load gives the state of a record, reading it where the unit has not touched it; nil where there is none.
func (u *unit) load(kind directory.Kind, id directory.ID) (*state, error) {
	if s := u.byID[id]; s != nil && s.now.Kind == kind {
		return s, nil
	}
	raw := u.raw(kind, id)
	if raw == nil {
		return nil, nil
	}
	record, err := store.DecodeRecord(id, raw)
	if err != nil {
		return nil, err
	}
	s := &state{old: record, now: record, existed: true, op: directory.Updated}
	u.touch(s)
	return s, nil
}

func (u *unit) touch(s *state) {
	u.states = append(u.states, s)
	u.byID[s.now.ID] = s
}

// expect compares a revision that a caller expects with that of a record, nil where there is none.
func expect(want int64, kind directory.Kind, id directory.ID, s *state) error {
	switch {
	case s == nil && want != directory.NotThere:
		return refuse(directory.ErrNotFound)
	case s == nil:
		return nil
	case want == directory.NotThere:
		return refuse(&directory.ConflictError{Kind: kind, Attr: "id", Value: id.String(), Holder: id})
	case want > 0 && uint64(want) != s.now.Revision:
		return refuse(&directory.RevisionError{Kind: kind, ID: id, Got: s.now.Revision})
	}
	return nil
}

func (u *unit) planPut(p *directory.Put) error {
	h := &p.Record.Header
	s, err := u.load(h.Kind, h.ID)
	if err != nil {
		return err
	}
	if err := expect(p.Expect, h.Kind, h.ID, s); err != nil {
		return err
	}
	if s == nil {
		if u.buriedAlready(h.Kind, h.ID) {
			return refuse(&directory.ConflictError{Kind: h.Kind, Attr: "id", Value: h.ID.String(), Holder: h.ID})
		}
		s = &state{op: directory.Created, now: p.Record}
		s.now.Revision, s.now.Created, s.now.Members, s.now.Last = 0, moment(u.change.At), 0, u.purged(h.ID)
		u.touch(s)
	} else {
		before := s.now.Header
		s.now = p.Record
		s.now.Revision, s.now.Created, s.now.Modified = before.Revision, before.Created, before.Modified
		s.now.Members, s.now.Last = before.Members, before.Last
	}
	s.put, s.changed = true, append(s.changed, p.Changed...)
	u.answers = append(u.answers, s)
	return u.claimNames(s, p.UniqueExternalID)
}

func (u *unit) buriedAlready(kind directory.Kind, id directory.ID) bool {
	return u.prefix != nil && u.open(bucketDeleted).Get(u.key([]byte{byte(kind)}, id[:])) != nil
}

func (u *unit) planRestore(r directory.Restore) error {
	if u.prefix == nil {
		return refuse(directory.ErrNotFound)
	}
	raw := u.open(bucketDeleted).Get(u.key([]byte{byte(r.Kind)}, r.ID[:]))
	if raw == nil {
		return refuse(directory.ErrNotFound)
	}
	d, err := store.DecodeDeleted(r.ID, raw)
	if err != nil {
		return err
	}
	if d.Purging {
		return refuse(fmt.Errorf("%s %s is being removed for good: %w", r.Kind, r.ID, directory.ErrNotFound))
	}
	s := &state{now: d.Record, put: true, op: directory.Restored}
	if r.Kind == directory.Group {
		// Members that were deleted and restored meanwhile changed what is kept, not what was counted.
		s.now.Members = int64(len(u.memberIDs(r.ID, -1)))
	}
	u.touch(s)
	u.raised, u.answers = append(u.raised, s), append(u.answers, s)
	if err := u.claimNames(s, false); err != nil {
		return err
	}
	for _, e := range d.Groups {
		if err := u.rejoin(e); err != nil {
			return err
		}
	}
	return nil
}

// rejoin brings a membership back where its group exists or can itself be restored.
func (u *unit) rejoin(e directory.MemberEdge) error {
	group, err := u.load(directory.Group, e.Group)
	if err != nil {
		return err
	}
	if group != nil {
		group.set(edgeWrite{e, true}, u.hasEdge(e.Group, e.Member))
	} else if u.buriedAlready(directory.Group, e.Group) {
		u.edges = append(u.edges, edgeWrite{e, true})
	}
	return nil
}

func (u *unit) planDelete(d directory.Delete) error {
	s, err := u.load(d.Kind, d.ID)
	if err != nil {
		return err
	}
	if s == nil {
		return refuse(directory.ErrNotFound)
	}
	if err := expect(d.Expect, d.Kind, d.ID, s); err != nil {
		return err
	}
	if s.put || len(s.delta) > 0 {
		return refuse(errors.New("a record cannot be changed and deleted at once"))
	}
	s.op = directory.Deleted
	buried := directory.DeletedRecord{Record: s.old, At: moment(u.change.At), By: u.change.By}
	low := u.key(d.ID[:])
	c := u.open(bucketGroups).Cursor()
	for key, _ := c.Seek(low); bytes.HasPrefix(key, low); key, _ = c.Next() {
		e, err := u.leave(tail(key), d.ID)
		if err != nil {
			return err
		}
		buried.Groups = append(buried.Groups, e)
	}
	u.buried = append(u.buried, buried)
	return nil
}

// leave ends a membership and gives what was kept of it.
func (u *unit) leave(group, member directory.ID) (directory.MemberEdge, error) {
	e, err := store.DecodeEdge(group, member, u.open(bucketMembers).Get(u.key(group[:], member[:])))
	if err != nil {
		return e, err
	}
	s, err := u.load(directory.Group, group)
	if err != nil {
		return e, err
	}
	if s == nil {
		u.edges = append(u.edges, edgeWrite{e, false})
		return e, nil
	}
	s.set(edgeWrite{e, false}, true)
	return e, nil
}

// moment gives a time as records hold it.
func moment(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }

// idsOf gives the members of a delta that come or go, by id.
func (s *state) idsOf(add bool) (ids []directory.ID) {
	for id, w := range s.delta {
		if w.add == add {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, directory.ID.Compare)
	return ids
}
