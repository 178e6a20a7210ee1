package commit

import (
	"slices"
	"time"

	"sacbridge/internal/directory"
)

// writes numbers what was decided, and lists it.
func (p *planner) writes() (*Writes, error) {
	last, err := p.from.Last()
	if err != nil {
		return nil, err
	}
	w := &Writes{Events: p.number(last), Members: p.members, NoLonger: p.restored, Tombstones: p.tombstones}
	for _, s := range p.states {
		w.addRecord(s)
	}
	for i := range p.purges {
		w.addPurge(&p.purges[i])
	}
	slices.SortFunc(w.Members, func(a, b MemberWrite) int {
		if c := a.Group.Compare(b.Group); c != 0 {
			return c
		}
		return a.Member.Compare(b.Member)
	})
	if n := len(w.Events); n > 0 {
		w.Answer.Seq = w.Events[n-1].Seq
	}
	for _, s := range p.answers {
		w.Answer.Headers = append(w.Answer.Headers, s.after.Header)
	}
	w.Answer.Dropped = p.dropped
	return w, nil
}

// number gives revisions and makes the events from behind last on, deletions at the end.
func (p *planner) number(last directory.Seq) (events []directory.Event) {
	at := moment(p.change.At)
	add := func(op directory.Op, h *directory.Header) *directory.Event {
		last++
		events = append(events, directory.Event{
			Seq: last, Prev: h.Last, At: at, By: p.change.By, Op: op, Kind: h.Kind, ID: h.ID, Revision: h.Revision,
		})
		h.Last = last
		return &events[len(events)-1]
	}
	for _, s := range p.states {
		if !s.isWritten() {
			continue
		}
		added, removed := s.ids(true), s.ids(false)
		s.after.Revision++
		s.after.Members += int64(len(added) - len(removed))
		s.after.Modified = later(at, s.after.Modified)
		e := add(s.op, &s.after.Header)
		e.Changed, e.Added, e.Removed = s.changed, added, removed
	}
	for i := range p.tombstones {
		add(directory.Deleted, &p.tombstones[i].Header)
	}
	for i := range p.purges {
		if !p.purges[i].more {
			add(directory.Purged, &p.purges[i].deleted.Header)
		}
	}
	return events
}

// moment gives a time as records hold it.
func moment(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }

// later gives at, or the first moment after before where the clock has not moved on.
func later(at, before time.Time) time.Time {
	if at.After(before) {
		return at
	}
	return before.Add(time.Millisecond)
}

// addRecord lists what becomes of one record and its members.
func (w *Writes) addRecord(s *state) {
	if s.op == directory.Deleted {
		w.Records = append(w.Records, RecordWrite{Before: &s.before.Header})
		return
	}
	if !s.isWritten() {
		return
	}
	write := RecordWrite{After: &s.after, Bare: !s.put}
	if s.existed {
		write.Before = &s.before.Header
	}
	w.Records = append(w.Records, write)
	for _, m := range s.members {
		w.Members = append(w.Members, m)
	}
}

// addPurge lists a step of a purge; the last one takes the record itself.
func (w *Writes) addPurge(p *purge) {
	d := &p.deleted
	for _, member := range p.members {
		w.Members = append(w.Members, MemberWrite{MemberEdge: directory.MemberEdge{Group: d.ID, Member: member}})
	}
	if p.more {
		d.Purging = true
		w.Tombstones, w.Answer.More = append(w.Tombstones, *d), true
		return
	}
	w.NoLonger = append(w.NoLonger, Tombstone{d.Kind, d.ID})
	w.Purged = append(w.Purged, PurgedRecord{d.ID, d.Last})
}
