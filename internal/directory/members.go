package directory

import (
	"context"
	"errors"
	"fmt"

	"sacbridge/internal/scim"
)

// membersPage is how many members are read in one snapshot, so that a slow reader holds none.
const membersPage = 1000

// PatchMembers changes nothing but the members of a group, in steps that grow with the change and not
// with the group. The answer has the header only, not the JSON. It fails as Patch does.
func (d *Directory) PatchMembers(ctx context.Context, source SourceID, group ID, ops []scim.MemberOp, o WriteOptions) (Written, error) {
	for range maxAttempts {
		expect := AnyRevision
		if o.IfMatch != "" || hasWhere(ops) {
			var err error
			if expect, err = d.expected(ctx, source, Group, group, orAny(o.IfMatch)); err != nil {
				return Written{}, err
			}
		}
		w, err := d.patchMembers(ctx, source, group, expect, ops, o)
		if _, stale := errors.AsType[*RevisionError](err); !stale {
			return w, err
		}
	}
	return Written{}, fmt.Errorf("group %s changed %d times meanwhile", group, maxAttempts)
}

// orAny makes an absent If-Match one that matches every revision.
func orAny(ifMatch string) string {
	if ifMatch == "" {
		return "*"
	}
	return ifMatch
}

func (d *Directory) patchMembers(ctx context.Context, source SourceID, group ID, expect int64, ops []scim.MemberOp, o WriteOptions) (Written, error) {
	change := d.change(o)
	var dropped []string
	var err error
	if change.Members, dropped, err = d.memberChanges(ctx, source, group, expect, ops, o.Unknown); err != nil {
		return Written{}, err
	}
	if len(change.Members) == 0 {
		found, err := d.Get(ctx, source, Group, group, false)
		return Written{Found: found, Dropped: dropped}, err
	}
	done, err := d.store.Commit(ctx, source, change)
	if err != nil {
		return Written{}, err
	}
	w := Written{Changed: done.Seq > 0, Dropped: texts(dropped, done.Dropped)}
	w.Header = done.Headers[0]
	return w, nil
}

func hasWhere(ops []scim.MemberOp) bool {
	for i := range ops {
		if ops[i].Kind == scim.RemoveWhere {
			return true
		}
	}
	return false
}

// memberChanges puts the steps of a PATCH in the store's terms. A filter is evaluated here, on the members
// as they are at the expected revision and as the steps before leave them.
func (d *Directory) memberChanges(ctx context.Context, source SourceID, group ID, expect int64, ops []scim.MemberOp, policy UnknownPolicy) (changes []MemberChange, dropped []string, err error) {
	var pending pendingMembers
	filtered := hasWhere(ops)
	for _, op := range ops {
		c := MemberChange{Group: group, Expect: expect, Unknown: policy}
		members, unknown := membersOf(op.Members)
		c.Members = members
		switch op.Kind {
		case scim.AddMembers:
			c.Op = AddMembers
		case scim.ReplaceMembers:
			c.Op = SetMembers
		case scim.ClearMembers:
			c.Op, c.Members = SetMembers, nil
		case scim.RemoveMembers:
			c.Op, unknown = RemoveMembers, nil // who is unknown is no member
		case scim.RemoveWhere:
			c.Op = RemoveMembers
			if c.Members, err = d.membersWhere(ctx, source, group, op.Where, &pending); err != nil {
				return nil, nil, err
			}
		}
		if len(unknown) > 0 && policy == RefuseUnknown {
			return nil, nil, &UnknownMembersError{Group: group, IDs: unknown}
		}
		if filtered {
			pending.apply(&c)
		}
		changes, dropped = append(changes, c), append(dropped, unknown...)
	}
	return changes, dropped, nil
}

// membersOf reads the ids of members; unknown are those that no directory gives.
func membersOf(sent []scim.Member) (members []Member, unknown []string) {
	members = make([]Member, 0, len(sent))
	for _, m := range sent {
		id, err := ParseID(m.Value)
		if err != nil {
			unknown = append(unknown, m.Value)
			continue
		}
		members = append(members, Member{ID: id, Display: m.Display})
	}
	return members, unknown
}

// membersWhere lists the members that a filter selects, after the steps so far.
func (d *Directory) membersWhere(ctx context.Context, source SourceID, group ID, where scim.Expr, pending *pendingMembers) (members []Member, err error) {
	stored := map[ID]bool{} // of those whom steps name
	for after := (ID{}); ; {
		page, err := d.Members(ctx, source, group, after, membersPage)
		if err != nil {
			return nil, err
		}
		for i := range page {
			e := &page[i]
			if _, named := pending.named[e.Member]; named {
				stored[e.Member] = true
			}
			if pending.has(e.Member) && scim.MatchMember(where, scim.Member{Value: e.Member.String(), Type: e.Kind.String(), Display: e.Display}) {
				members = append(members, Member{ID: e.Member})
			}
		}
		if len(page) < membersPage {
			break
		}
		after = page[len(page)-1].Member
	}
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		more, err := pending.newcomers(tx, group, stored, where)
		members = append(members, more...)
		return err
	})
	return members, err
}

// Members lists members of a group by id, after one; nobody where the group does not exist. Ask in pages of
// some 1,000: no snapshot is held between them.
func (d *Directory) Members(ctx context.Context, source SourceID, group, after ID, limit int) (edges []MemberEdge, err error) {
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		edges, err = tx.Members(group, after, limit)
		return err
	})
	return edges, err
}

// EachMember shows up to limit members of a group by id, after one, without memory of their own: display is
// valid during visit only. It gives the number shown. Ask in pages, and write to nobody slow in visit: the
// snapshot lasts as long as the page.
func (d *Directory) EachMember(ctx context.Context, source SourceID, group, after ID, limit int, visit func(member ID, kind Kind, display []byte) error) (n int, err error) {
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		n, err = tx.EachMember(group, after, limit, visit)
		return err
	})
	return n, err
}

// GroupsOf lists the groups of a member by id, after one; all of them where limit is 0.
func (d *Directory) GroupsOf(ctx context.Context, source SourceID, member, after ID, limit int) (refs []GroupRef, err error) {
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		refs, err = groupRefs(tx, member, after, limit)
		return err
	})
	return refs, err
}
