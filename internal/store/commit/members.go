package commit

import (
	"slices"

	"sacbridge/internal/directory"
)

// set notes that a member comes or goes, against what the store has.
func (s *state) set(w MemberWrite, stored bool) {
	if w.Add == stored {
		delete(s.members, w.Member)
		return
	}
	if s.members == nil {
		s.members = map[directory.ID]MemberWrite{}
	}
	s.members[w.Member] = w
}

// ids gives the members that come or go, by id.
func (s *state) ids(add bool) (ids []directory.ID) {
	for id, w := range s.members {
		if w.Add == add {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, directory.ID.Compare)
	return ids
}

func (p *planner) changeMembers(c *directory.MemberChange) error {
	s, err := p.load(directory.Group, c.Group)
	if err != nil {
		return err
	}
	if s == nil {
		return refuse(directory.ErrNotFound)
	}
	if err := expect(c.Expect, directory.Group, c.Group, s); err != nil && !s.put {
		return err
	}
	p.answers = append(p.answers, s)
	switch c.Op {
	case directory.RemoveMembers:
		return p.removeMembers(c, s)
	case directory.SetMembers:
		return p.setMembers(c, s)
	case directory.AddMembers:
	}
	return p.addMembers(c, s)
}

func (p *planner) removeMembers(c *directory.MemberChange, s *state) error {
	for _, m := range c.Members {
		stored, err := p.from.HasMember(c.Group, m.ID)
		if err != nil {
			return err
		}
		s.set(MemberWrite{MemberEdge: directory.MemberEdge{Group: c.Group, Member: m.ID}}, stored)
	}
	return nil
}

// setMembers notes how the members differ from those wanted.
func (p *planner) setMembers(c *directory.MemberChange, s *state) error {
	wanted := make(map[directory.ID]bool, len(c.Members))
	for _, m := range c.Members {
		wanted[m.ID] = true
	}
	for id, w := range s.members {
		if w.Add && !wanted[id] {
			delete(s.members, id)
		}
	}
	stored, err := p.from.Members(c.Group, 0)
	if err != nil {
		return err
	}
	for _, id := range stored {
		if !wanted[id] {
			s.set(MemberWrite{MemberEdge: directory.MemberEdge{Group: c.Group, Member: id}}, true)
		}
	}
	return p.addMembers(c, s)
}

// addMembers notes the members that are not there yet. The fate of unknown ones is the caller's choice.
func (p *planner) addMembers(c *directory.MemberChange, s *state) error {
	var unknown []string
	for _, m := range c.Members {
		stored, err := p.from.HasMember(c.Group, m.ID)
		if err != nil {
			return err
		}
		if stored {
			delete(s.members, m.ID)
			continue
		}
		if m.ID == c.Group && c.Unknown == directory.RefuseUnknown {
			return refuse(&directory.ValueError{Attr: "members", Reason: "name the group itself"})
		}
		e, known, err := p.membership(c.Group, m)
		if err != nil {
			return err
		}
		switch {
		case known:
			s.set(MemberWrite{e, true}, false)
		case c.Unknown == directory.DropUnknown:
			p.dropped = append(p.dropped, m.ID)
		default:
			unknown = append(unknown, m.ID.String())
		}
	}
	if len(unknown) > 0 {
		return refuse(&directory.UnknownMembersError{Group: c.Group, IDs: unknown})
	}
	return nil
}

// membership makes the membership of a user or group of the source. It is not known where neither has the id, nor for
// the group itself, which cannot outlive its own deletion as a member.
func (p *planner) membership(group directory.ID, m directory.Member) (e directory.MemberEdge, known bool, err error) {
	e = directory.MemberEdge{Group: group, Member: m.ID, Display: m.Display}
	if m.ID == group {
		return e, false, nil
	}
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		h, found, err := p.header(kind, m.ID)
		if err != nil {
			return e, false, err
		}
		if !found {
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
