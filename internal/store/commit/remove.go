package commit

import (
	"errors"

	"sacbridge/internal/directory"
)

func (p *planner) delete(d directory.Delete) error {
	s, err := p.load(d.Kind, d.ID)
	if err != nil {
		return err
	}
	if s == nil {
		return refuse(directory.ErrNotFound)
	}
	if err := expect(d.Expect, d.Kind, d.ID, s); err != nil {
		return err
	}
	if s.put || len(s.members) > 0 {
		return refuse(errors.New("a record cannot be changed and deleted at once"))
	}
	s.op = directory.Deleted
	tombstone := directory.DeletedRecord{Record: s.before, At: moment(p.change.At), By: p.change.By}
	groups, err := p.from.Groups(d.ID)
	if err != nil {
		return err
	}
	for _, group := range groups {
		e, err := p.removeMembership(group, d.ID)
		if err != nil {
			return err
		}
		tombstone.Groups = append(tombstone.Groups, e)
	}
	p.tombstones = append(p.tombstones, tombstone)
	return nil
}

// removeMembership ends a membership and gives what was kept of it.
func (p *planner) removeMembership(group, member directory.ID) (directory.MemberEdge, error) {
	e, err := p.from.Member(group, member)
	if err != nil {
		return e, err
	}
	s, err := p.load(directory.Group, group)
	if err != nil {
		return e, err
	}
	if s == nil {
		p.members = append(p.members, MemberWrite{e, false})
	} else {
		s.set(MemberWrite{e, false}, true)
	}
	return e, nil
}

// purge is one step of removing a deleted record for good.
type purge struct {
	deleted directory.DeletedRecord
	members []directory.ID // to go in this step
	more    bool
}

func (p *planner) purge(one directory.Purge) error {
	d, found, err := p.from.Tombstone(one.Kind, one.ID)
	if err != nil {
		return err
	}
	if !found {
		return refuse(directory.ErrNotFound)
	}
	step, edges := purge{deleted: d}, max(one.Edges, 1)
	if one.Kind == directory.Group {
		if step.members, err = p.from.Members(one.ID, edges+1); err != nil {
			return err
		}
		if len(step.members) > edges {
			step.members, step.more = step.members[:edges], true
		}
	}
	p.purges = append(p.purges, step)
	return nil
}
