package scim

import (
	"maps"
)

// Outcome is what a patch leads to.
type Outcome struct {
	// Resource is the result: a tree of its own, the one before stays as it was.
	Resource *Resource
	// Changed are the top-level names and extension URNs whose values differ, sorted. Members are not
	// among them.
	Changed []string
	// Members are the membership changes, in order: each sees the ones before. The engine does not apply
	// them, so that a store can do so without reading the list.
	Members []MemberOp
}

// Apply applies all operations, each seeing the one before, or none (RFC 7644 §3.5.2), under the tolerance that the
// patch was decoded with. The resource is as
// the store has it, with SetCommon done where the id in a path-less value is to be compared; its Members
// are not looked at. Required attributes are checked on the result. Decisions where the RFC leaves room:
//
//   - add on a value filter that matches nothing creates the element from the filter's eq terms (Entra);
//     replace does so under CreateOnReplace, else it is noTarget.
//   - add of a value that is there already (the same value and type, or nothing that the existing one
//     lacks) updates that one.
//   - replace on a value filter replaces the elements as a whole; what the filter demands by eq and the
//     value does not mention stays.
//   - remove of what is not there is no fault. An element of which only type and primary are left goes.
//
// Every error is an [*Error].
func (p *Patch) Apply(r *Resource) (Outcome, error) {
	a := applier{canon: canon{t: p.Type, tol: p.tol, valid: p.valid}, r: r.Clone()}
	for _, op := range p.Operations {
		if err := a.apply(op); err != nil {
			return Outcome{}, atOperation(op.Index, err)
		}
	}
	if err := a.required(a.r); err != nil {
		return Outcome{}, err
	}
	if err := CheckImmutable(r, a.r); err != nil {
		return Outcome{}, err
	}
	return Outcome{Resource: a.r, Changed: ChangedAttributes(r.Attrs, a.r.Attrs), Members: a.members}, nil
}

type applier struct {
	canon
	r       *Resource
	members []MemberOp
}

func (a *applier) apply(op Operation) error {
	path := op.Path
	switch {
	case path.Unknown != "":
		return a.foreign(op)
	case path.Extension != nil:
		delete(a.r.Attrs, path.Extension.URN)
		return nil
	case path.Ref.Attr.Mutability == ReadOnly:
		return a.ownID(op)
	case path.Ref.Schema == a.t.Core && path.Ref.Attr.Name == "members":
		return a.membership(op)
	}
	home := a.r.home(path.Ref.Schema)
	err := a.on(home, op)
	if len(home) == 0 && path.Ref.Schema != a.t.Core {
		delete(a.r.Attrs, path.Ref.Schema.URN)
	}
	return err
}

// on applies an operation to the attributes of one schema.
func (a *applier) on(home map[string]any, op Operation) error {
	ref := op.Path.Ref
	name := ref.Attr.Name
	switch {
	case ref.Attr.MultiValued && ref.Attr.Type == TypeComplex:
		list, _ := home[name].([]any)
		list, err := a.plural(list, op)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			delete(home, name)
		} else {
			home[name] = list
		}
	case ref.Sub != nil:
		part(home, name, ref.Sub.Name, op)
	case op.Kind == Remove:
		delete(home, name)
	default:
		// A complex value comes here only where it was no object: a manager given as its id.
		if m, ok := op.Value.(map[string]any); ok {
			merge(ensure(home, name), m)
			return nil
		}
		home[name] = cloneTree(op.Value)
	}
	return nil
}

// part applies an operation to a sub-attribute of a singular attribute.
func part(home map[string]any, name, sub string, op Operation) {
	if op.Kind != Remove {
		ensure(home, name)[sub] = cloneTree(op.Value)
		return
	}
	m, _ := home[name].(map[string]any)
	delete(m, sub)
	if len(m) == 0 {
		delete(home, name)
	}
}

func ensure(home map[string]any, name string) map[string]any {
	m, ok := home[name].(map[string]any)
	if !ok {
		m = map[string]any{}
		home[name] = m
	}
	return m
}

func merge(into, from map[string]any) {
	maps.Copy(into, cloneTree(from).(map[string]any))
}

// ownID accepts the resource's own id in a path-less value.
func (a *applier) ownID(op Operation) error {
	id, known := a.r.Attrs["id"]
	if known && op.Kind != Remove && op.Value != id {
		return NewMutability("id", "id is readOnly and is not %v here", op.Value)
	}
	return nil
}
