package bolt

import (
	"bytes"
	"slices"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// set notes that a member comes or goes, against what the file has.
func (s *state) set(w edgeWrite, stored bool) {
	if w.add == stored {
		delete(s.delta, w.Member)
		return
	}
	if s.delta == nil {
		s.delta = map[directory.ID]edgeWrite{}
	}
	s.delta[w.Member] = w
}

func (u *unit) hasEdge(group, member directory.ID) bool {
	return u.prefix != nil && u.open(bucketMembers).Get(u.key(group[:], member[:])) != nil
}

func (u *unit) planMembers(c *directory.MemberChange) error {
	s, err := u.load(directory.Group, c.Group)
	if err != nil {
		return err
	}
	if s == nil {
		return refuse(directory.ErrNotFound)
	}
	if err := expect(c.Expect, directory.Group, c.Group, s); err != nil && !s.put {
		return err
	}
	u.answers = append(u.answers, s)
	switch c.Op {
	case directory.RemoveMembers:
		for _, m := range c.Members {
			s.set(edgeWrite{MemberEdge: directory.MemberEdge{Group: c.Group, Member: m.ID}}, u.hasEdge(c.Group, m.ID))
		}
		return nil
	case directory.SetMembers:
		return u.planSet(c, s)
	case directory.AddMembers:
	}
	return u.planAdd(c, s)
}

// planAdd notes the members that are not there yet. The fate of unknown ones is the caller's choice.
func (u *unit) planAdd(c *directory.MemberChange, s *state) error {
	var unknown []string
	for _, m := range c.Members {
		if u.hasEdge(c.Group, m.ID) {
			delete(s.delta, m.ID)
			continue
		}
		if m.ID == c.Group && c.Unknown == directory.RefuseUnknown {
			return refuse(&directory.ValueError{Attr: "members", Reason: "name the group itself"})
		}
		e, ok, err := u.edge(c.Group, m)
		if err != nil {
			return err
		}
		switch {
		case ok:
			s.set(edgeWrite{e, true}, false)
		case c.Unknown == directory.DropUnknown:
			u.dropped = append(u.dropped, m.ID)
		default:
			unknown = append(unknown, m.ID.String())
		}
	}
	if len(unknown) > 0 {
		return refuse(&directory.UnknownMembersError{Group: c.Group, IDs: unknown})
	}
	return nil
}

// edge makes the membership of a user or group of the source; ok is false where neither has the id, and
// for the group itself, which cannot outlive its own deletion as a member.
func (u *unit) edge(group directory.ID, m directory.Member) (e directory.MemberEdge, ok bool, err error) {
	e = directory.MemberEdge{Group: group, Member: m.ID, Display: m.Display}
	if m.ID == group {
		return e, false, nil
	}
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		h, ok, err := u.peek(kind, m.ID)
		if err != nil {
			return e, false, err
		}
		if !ok {
			continue
		}
		e.Kind = kind
		if e.Display == "" {
			e.Display = h.DisplayName
		}
		return e, true, nil
	}
	return e, false, nil
}

// peek reads a header without making the record part of the unit.
func (u *unit) peek(kind directory.Kind, id directory.ID) (h directory.Header, ok bool, err error) {
	if s := u.byID[id]; s != nil && s.now.Kind == kind {
		return s.now.Header, true, nil
	}
	raw := u.raw(kind, id)
	if raw == nil {
		return h, false, nil
	}
	h, err = store.DecodeHeader(id, raw)
	return h, err == nil, err
}

// planSet notes how the members differ from those wanted.
func (u *unit) planSet(c *directory.MemberChange, s *state) error {
	wanted := make(map[directory.ID]bool, len(c.Members))
	for _, m := range c.Members {
		wanted[m.ID] = true
	}
	for id, w := range s.delta {
		if w.add && !wanted[id] {
			delete(s.delta, id)
		}
	}
	for _, id := range u.memberIDs(c.Group, -1) {
		if !wanted[id] {
			s.set(edgeWrite{MemberEdge: directory.MemberEdge{Group: c.Group, Member: id}}, true)
		}
	}
	return u.planAdd(c, s)
}

// memberIDs lists the members that the file has, all where limit is negative.
func (u *unit) memberIDs(group directory.ID, limit int) (ids []directory.ID) {
	if u.prefix == nil {
		return nil
	}
	low := u.key(group[:])
	c := u.open(bucketMembers).Cursor()
	for key, _ := c.Seek(low); bytes.HasPrefix(key, low) && len(ids) != limit; key, _ = c.Next() {
		ids = append(ids, tail(key))
	}
	return ids
}

// writeEdges writes memberships in both directions, by id, which keeps neighbours on one page.
func (u *unit) writeEdges(edges []edgeWrite) error {
	slices.SortFunc(edges, func(a, b edgeWrite) int {
		if c := a.Group.Compare(b.Group); c != 0 {
			return c
		}
		return a.Member.Compare(b.Member)
	})
	members, groups := u.open(bucketMembers), u.open(bucketGroups)
	for i := range edges {
		e := &edges[i]
		forth, back := u.key(e.Group[:], e.Member[:]), u.key(e.Member[:], e.Group[:])
		if e.add {
			if err := members.Put(forth, store.EncodeEdge(e.MemberEdge)); err != nil {
				return err
			}
			if err := groups.Put(back, nil); err != nil {
				return err
			}
			continue
		}
		if err := members.Delete(forth); err != nil {
			return err
		}
		if err := groups.Delete(back); err != nil {
			return err
		}
	}
	return nil
}

// purge is one step of removing a deleted record for good.
type purge struct {
	deleted directory.DeletedRecord
	members []directory.ID // to go in this step
	more    bool
}

func (u *unit) planPurge(p directory.Purge) error {
	if u.prefix == nil {
		return refuse(directory.ErrNotFound)
	}
	raw := u.open(bucketDeleted).Get(u.key([]byte{byte(p.Kind)}, p.ID[:]))
	if raw == nil {
		return refuse(directory.ErrNotFound)
	}
	d, err := store.DecodeDeleted(p.ID, raw)
	if err != nil {
		return err
	}
	step := purge{deleted: d}
	if p.Kind == directory.Group {
		step.members = u.memberIDs(p.ID, max(p.Edges, 1)+1)
		if len(step.members) > max(p.Edges, 1) {
			step.members, step.more = step.members[:max(p.Edges, 1)], true
		}
	}
	u.purges = append(u.purges, step)
	return nil
}

// writePurge takes a step of a purge; the last one takes the record itself.
func (u *unit) writePurge(p *purge) error {
	id := p.deleted.ID
	gone := make([]edgeWrite, len(p.members))
	for i, member := range p.members {
		gone[i].MemberEdge = directory.MemberEdge{Group: id, Member: member}
	}
	if err := u.writeEdges(gone); err != nil {
		return err
	}
	key := u.key([]byte{byte(p.deleted.Kind)}, id[:])
	if !p.more {
		if err := u.open(bucketPurged).Put(u.key(id[:]), store.SeqKey(uint64(p.deleted.Last))); err != nil {
			return err
		}
		return u.open(bucketDeleted).Delete(key)
	}
	p.deleted.Purging = true
	return u.open(bucketDeleted).Put(key, store.EncodeDeleted(&p.deleted))
}
