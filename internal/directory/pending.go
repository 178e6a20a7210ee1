package directory

import (
	"cmp"
	"slices"

	"sacbridge/internal/scim"
)

// pendingMembers is what the steps of a PATCH so far make of a group's members. A filter of a later step sees them
// (RFC 7644 §3.5.2), though the Store gets all steps at once. Who is a member in the Store and is one after
// all keeps the membership that is there, as MemberChange does.
type pendingMembers struct {
	replaced bool                 // a step replaced all members: of those in the Store only whom a step names is one
	named    map[ID]pendingMember // what the last step that names somebody does
}

type pendingMember struct {
	in      bool
	display string // as the first step that adds says
}

// apply notes one step.
func (p *pendingMembers) apply(c *MemberChange) {
	before := p.named
	if c.Op == SetMembers || before == nil {
		p.named = make(map[ID]pendingMember, len(c.Members))
	}
	p.replaced = p.replaced || c.Op == SetMembers
	for _, m := range c.Members {
		step := pendingMember{in: c.Op != RemoveMembers, display: m.Display}
		if had := before[m.ID]; had.in && step.in {
			step = had
		}
		p.named[m.ID] = step
	}
}

// has says whether somebody who is a member in the Store still is one.
func (p *pendingMembers) has(member ID) bool {
	if step, named := p.named[member]; named {
		return step.in
	}
	return !p.replaced
}

// newcomers lists whom a filter selects of those who came by the steps and are not in stored. Who is no record of the
// source comes to nothing, whatever the Store is to do about it.
func (p *pendingMembers) newcomers(tx ReadTx, group ID, stored map[ID]bool, where scim.Expr) (members []Member, err error) {
	var came []ID
	for id, step := range p.named {
		if step.in && !stored[id] && id != group {
			came = append(came, id)
		}
	}
	slices.SortFunc(came, ID.Compare)
	for _, kind := range [...]Kind{User, Group} {
		headers, err := tx.Headers(kind, came)
		if err != nil {
			return nil, err
		}
		for i := range headers {
			h := &headers[i]
			one := scim.Member{Value: h.ID.String(), Type: kind.String(), Display: cmp.Or(p.named[h.ID].display, h.DisplayName)}
			if scim.MatchMember(where, one) {
				members = append(members, Member{ID: h.ID})
			}
		}
	}
	return members, nil
}
