package scim

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

// membership turns an operation on members into steps for the store.
func (a *applier) membership(op Operation) error {
	if op.Kind == Remove {
		return a.removeMembers(op)
	}
	if op.Path.Where == nil && op.Path.Ref.Sub == nil {
		list, _ := op.Value.([]any)
		members, err := membersOf(list)
		if err != nil {
			return err
		}
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
	if !creates || op.Path.Where == nil || !template(op.Path.Where, tree) {
		return NewMutability("members", "a member is immutable, it can be added and removed only")
	}
	named := tree["value"]
	if sub := op.Path.Ref.Sub; sub != nil {
		tree[sub.Name] = op.Value
	} else if m, ok := op.Value.(map[string]any); ok {
		merge(tree, m)
	}
	if named != nil && tree["value"] != named {
		return NewMutability("members.value", "a member is immutable, it can be added and removed only")
	}
	members, err := membersOf([]any{tree})
	if err != nil {
		return err
	}
	a.members = appendMemberOp(a.members, MemberOp{Kind: AddMembers, Members: members})
	return nil
}

// removeMembers reads the two ways of taking some members out, and the one that empties the group. A list
// of values takes out those only: Entra, JumpCloud and authentik send it, and read as the bare operation
// of the RFC it would empty the group.
func (a *applier) removeMembers(op Operation) error {
	if op.Path.Ref.Sub != nil {
		return NewMutability(op.Path.Ref.Name, "%s is immutable", op.Path.Ref.Name)
	}
	list, given := op.Value.([]any)
	switch {
	case given:
		members, err := membersOf(list)
		if err != nil {
			return err
		}
		a.members = appendMemberOp(a.members, MemberOp{Kind: RemoveMembers, Members: members})
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
