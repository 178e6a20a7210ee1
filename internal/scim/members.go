package scim

import (
	"slices"
	"strings"
)

// MemberOpKind is what a [MemberOp] does.
type MemberOpKind uint8

// The kinds.
const (
	AddMembers     MemberOpKind = iota + 1 // Members come; those who are there stay, which is no fault
	RemoveMembers                          // Members go, by Value; those who are not there are no fault
	ReplaceMembers                         // Members are all there is
	ClearMembers                           // nobody is left
	RemoveWhere                            // whoever Where matches goes: evaluate it with [MatchMember]
)

// MemberOp is one step of a change of a group's membership. Members may name somebody twice.
type MemberOp struct {
	Kind    MemberOpKind
	Members []Member
	Where   Expr
}

// isMembers says whether ref is the list of a group's members, which is never part of the tree.
func (d decoder) isMembers(ref *Ref) bool {
	return ref.Sub == nil && ref.Schema == d.t.Core && ref.Attr.Name == "members"
}

// members reads a list of members, nil where it names nobody.
func (d decoder) members(ref *Ref, raw []any) (any, error) {
	out := make([]Member, 0, len(raw))
	for _, e := range raw {
		if e == nil {
			continue
		}
		m, assigned, err := d.member(ref, e)
		if err != nil {
			return nil, err
		}
		if assigned {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return slices.Clip(out), nil // steps that are joined must not grow into each other
}

// member reads one member; assigned is false for an object in which nothing is.
func (d decoder) member(ref *Ref, raw any) (m Member, assigned bool, err error) {
	o, err := d.objectOf(ref, raw)
	if err != nil {
		return Member{}, false, err
	}
	for _, f := range o {
		sub := d.subOf(ref.Attr, f.key)
		if sub == nil {
			if err := d.unknown(ref.Name + "." + f.key); err != nil {
				return Member{}, false, err
			}
			continue
		}
		v, err := d.value(ref.parts[sub.Name], f.value)
		if err != nil {
			return Member{}, false, err
		}
		assigned = assigned || v != nil
		text, _ := v.(string)
		switch sub.Name {
		case "value":
			m.Value = text
		case "type":
			m.Type = text
		case "display":
			if m.Display == "" || strings.EqualFold(f.key, sub.Name) { // a client may call it displayName, too
				m.Display = text
			}
		}
	}
	if assigned && m.Value == "" {
		return Member{}, false, errNoMemberValue()
	}
	return m, assigned, nil
}

// errNoMemberValue refuses a member without a value, who would be nobody.
func errNoMemberValue() *Error {
	return NewInvalidValue("members.value", "a member has no value, the member's id is expected")
}

// Membership gives the steps of a patch of a group that changes its members and nothing else, without the group;
// ok is false for every other patch, and for one that [Patch.Apply] refuses.
func (p *Patch) Membership() (ops []MemberOp, ok bool) {
	a := applier{decoder: decoder{t: p.Type, tol: p.tol, valid: p.valid}}
	for _, op := range p.Operations {
		if op.Path.Ref == nil || !a.isMembers(op.Path.Ref.whole) || a.membership(op) != nil {
			return nil, false
		}
	}
	return a.members, len(a.members) > 0
}

// membership turns an operation on members into steps for the store.
func (a *applier) membership(op Operation) error {
	if op.Kind == Remove {
		return a.removeMembers(op)
	}
	if op.Path.Where == nil && op.Path.Ref.Sub == nil {
		members, _ := op.Value.([]Member)
		kind := AddMembers
		if op.Kind == Replace {
			kind = ReplaceMembers
		}
		a.members = appendMemberOp(a.members, MemberOp{Kind: kind, Members: members})
		return nil
	}
	return a.putMember(op)
}

// putMember adds the member that a value filter names, as add on a filter does elsewhere. To change a
// member is to remove one and add another: its sub-attributes are immutable (RFC 7643 §8.7.1).
func (a *applier) putMember(op Operation) error {
	tree := map[string]any{}
	creates := op.Kind == Add || a.tol.CreateOnReplace
	if !creates || op.Path.Where == nil || !impliedBy(op.Path.Where, tree) {
		return NewMutability("members", "a member is immutable: it can only be added or removed")
	}
	named := tree["value"]
	if sub := op.Path.Ref.Sub; sub != nil {
		tree[sub.Name] = op.Value
	} else if m, ok := op.Value.(map[string]any); ok {
		merge(tree, m)
	}
	if named != nil && tree["value"] != named {
		return NewMutability("members.value", "a member is immutable: it can only be added or removed")
	}
	var m Member
	m.Value, _ = tree["value"].(string)
	m.Type, _ = tree["type"].(string)
	m.Display, _ = tree["display"].(string)
	if m.Value == "" {
		return errNoMemberValue()
	}
	a.members = appendMemberOp(a.members, MemberOp{Kind: AddMembers, Members: []Member{m}})
	return nil
}

// removeMembers reads the two ways of taking some members out, and the one that empties the group. A list
// of values takes out those only: Entra, JumpCloud and authentik send it, and read as the bare operation
// of the RFC it would empty the group.
func (a *applier) removeMembers(op Operation) error {
	if op.Path.Ref.Sub != nil {
		return NewMutability(op.Path.Ref.Name, "%s is immutable", op.Path.Ref.Name)
	}
	list, given := op.Value.([]Member)
	switch {
	case given:
		a.members = appendMemberOp(a.members, MemberOp{Kind: RemoveMembers, Members: list})
	case op.Path.Where == nil:
		a.members = appendMemberOp(a.members, MemberOp{Kind: ClearMembers})
	default:
		if members, ok := membersNamed(op.Path.Where, nil); ok {
			a.members = appendMemberOp(a.members, MemberOp{Kind: RemoveMembers, Members: members})
		} else {
			a.members = append(a.members, MemberOp{Kind: RemoveWhere, Where: op.Path.Where})
		}
	}
	return nil
}

// membersNamed gives the members that a filter of the shape value eq "x" or value eq "y" names.
func membersNamed(e Expr, members []Member) ([]Member, bool) {
	switch e := e.(type) {
	case *Or:
		for _, p := range e.Parts {
			named, ok := membersNamed(p, members)
			if !ok {
				return nil, false
			}
			members = named
		}
		return members, true
	case *Term:
		if e.Op == OpEq && !e.Value.Null && e.Ref.Sub != nil && e.Ref.Sub.Name == "value" && e.Value.Text != "" {
			return append(members, Member{Value: e.Value.Text}), true
		}
	}
	return nil, false
}

// appendMemberOp joins neighbours that add, or that remove, and leaves out a step that does nothing.
func appendMemberOp(ops []MemberOp, op MemberOp) []MemberOp {
	switch {
	case op.Kind == ReplaceMembers && len(op.Members) == 0:
		return append(ops, MemberOp{Kind: ClearMembers})
	case op.Kind != AddMembers && op.Kind != RemoveMembers:
		return append(ops, op)
	case len(op.Members) == 0:
		return ops
	}
	if last := len(ops) - 1; last >= 0 && ops[last].Kind == op.Kind {
		ops[last].Members = append(ops[last].Members, op.Members...)
		return ops
	}
	return append(ops, op)
}
