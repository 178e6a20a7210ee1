package scim

import (
	"errors"
	"fmt"
	"maps"
	"strings"
)

// PatchURN is the schema of a PATCH body.
const PatchURN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// OpKind is what a PATCH operation does.
type OpKind string

// The operations.
const (
	Add     OpKind = "add"
	Replace OpKind = "replace"
	Remove  OpKind = "remove"
)

// Operation is one normalised operation on one attribute. An operation of a body becomes several where it
// has no path, names a schema as a whole, or brings parts of a complex attribute; replace by null or by an
// empty list becomes remove.
type Operation struct {
	Kind OpKind
	Path *Path
	// Value is canonical. Of a remove it is nil, or the list of the values that go; an empty list is
	// not nil and takes nothing away.
	Value any
	Index int // of the operation in the body, from 0

	pathless bool
}

// Patch is a decoded PATCH body. It is immutable.
type Patch struct {
	Type       *ResourceType
	Operations []Operation

	tol   Tolerance
	valid Validator
}

// DecodePatch reads the body of a PATCH (RFC 7644 §3.5.2) and checks whatever does not depend on the
// resource; every value is shown to the validator. Keys and op may be in any case. Every error is an [*Error] whose detail counts the operation from 1.
func DecodePatch(t *ResourceType, body []byte, maxBytes int, tol Tolerance, valid Validator) (*Patch, error) {
	if len(body) > maxBytes {
		return nil, NewTooLarge(maxBytes)
	}
	doc, err := scanDocument(string(body))
	if err != nil {
		return nil, err
	}
	list, err := operationsOf(doc, tol)
	if err != nil {
		return nil, err
	}
	p := &Patch{Type: t, tol: tol, valid: valid}
	for i, raw := range list {
		n := normaliser{decoder: decoder{t: t, tol: tol, valid: valid, dropReadOnly: true}, index: i}
		if err := n.operation(raw); err != nil {
			return nil, atOperation(i, err)
		}
		p.Operations = append(p.Operations, n.out...)
	}
	return p, nil
}

// operationsOf checks the envelope.
func operationsOf(doc jsonObject, tol Tolerance) ([]any, error) {
	raw, _ := doc.get("schemas")
	urns, err := textList(raw, "schemas", tol)
	if err != nil {
		return nil, err
	}
	named := tol.SchemasOptional
	for _, urn := range urns {
		named = named || strings.EqualFold(urn, PatchURN)
	}
	if !named {
		return nil, NewInvalidValue("schemas", "schemas does not name %s", PatchURN)
	}
	raw, _ = doc.get("Operations")
	raw = tol.decodedText(raw)
	if o, ok := raw.(jsonObject); ok && tol.WrapMultiValued {
		return []any{o}, nil
	}
	list, ok := raw.([]any)
	if !ok {
		return nil, NewInvalidSyntax("Operations", "Operations is %s, a list of operations is expected", kindOrMissing(raw))
	}
	if len(list) == 0 && !tol.EmptyOperations {
		return nil, NewInvalidSyntax("Operations", "Operations is empty, at least one operation is expected")
	}
	return list, nil
}

func kindOrMissing(raw any) string {
	if raw == nil {
		return "missing"
	}
	return kindOf(raw)
}

// atOperation names the operation in an error's detail.
func atOperation(index int, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return fmt.Errorf("operation %d: %w", index+1, err)
	}
	named := *e
	named.Detail = fmt.Sprintf("operation %d: %s", index+1, e.Detail)
	return &named
}

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
//   - replace on a value filter sets what the value mentions, as it does on a complex attribute (§3.5.2.3); the
//     rest of the elements stays.
//   - remove of what is not there is no fault. An element of which only type and primary are left goes.
//   - a reference to something else loses what said more of the old one, unless the patch says it anew.
//
// Every error is an [*Error].
func (p *Patch) Apply(r *Resource) (Outcome, error) {
	a := applier{decoder: decoder{t: p.Type, tol: p.tol, valid: p.valid}, before: r, r: r.Clone()}
	for _, op := range p.Operations {
		if err := a.apply(op); err != nil {
			return Outcome{}, atOperation(op.Index, err)
		}
	}
	a.dropStale()
	a.dropEmpty()
	if err := a.required(a.r); err != nil {
		return Outcome{}, err
	}
	if err := CheckImmutable(r, a.r); err != nil {
		return Outcome{}, err
	}
	return Outcome{Resource: a.r, Changed: ChangedAttributes(r.Attrs, a.r.Attrs), Members: a.members}, nil
}

type applier struct {
	decoder
	before  *Resource
	r       *Resource
	members []MemberOp
}

func (a *applier) apply(op Operation) error {
	path := op.Path
	switch {
	case path.Unknown != "":
		return a.unknownExtension(op)
	case path.Extension != nil:
		delete(a.r.Attrs, path.Extension.URN)
		return nil
	case path.Ref.Attr.Mutability == ReadOnly:
		return a.checkID(op)
	case path.Ref.Schema == a.t.Core && path.Ref.Attr.Name == "members":
		return a.membership(op)
	}
	attrs := a.r.attributesOf(path.Ref.Schema)
	err := a.patchAttribute(attrs, op)
	if len(attrs) == 0 && path.Ref.Schema != a.t.Core {
		delete(a.r.Attrs, path.Ref.Schema.URN)
	}
	return err
}

// patchAttribute applies an operation to an attribute; attrs are those of its schema.
func (a *applier) patchAttribute(attrs map[string]any, op Operation) error {
	ref := op.Path.Ref
	name := ref.Attr.Name
	switch {
	case ref.Attr.MultiValued && ref.Attr.Type == TypeComplex:
		list, _ := attrs[name].([]any)
		list, err := a.multiValued(list, op)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			delete(attrs, name)
		} else {
			attrs[name] = list
		}
	case ref.Sub != nil:
		patchSubAttribute(attrs, name, ref.Sub.Name, op)
	case op.Kind == Remove:
		delete(attrs, name)
	default:
		// A complex value comes here only where it was no object: a manager given as its id.
		if m, ok := op.Value.(map[string]any); ok {
			merge(objectAt(attrs, name), m)
			return nil
		}
		attrs[name] = cloneTree(op.Value)
	}
	return nil
}

// patchSubAttribute applies an operation to a sub-attribute of a singular attribute.
func patchSubAttribute(attrs map[string]any, name, sub string, op Operation) {
	if op.Kind != Remove {
		objectAt(attrs, name)[sub] = cloneTree(op.Value)
		return
	}
	m, _ := attrs[name].(map[string]any)
	delete(m, sub)
	if len(m) == 0 {
		delete(attrs, name)
	}
}

func objectAt(attrs map[string]any, name string) map[string]any {
	m, ok := attrs[name].(map[string]any)
	if !ok {
		m = map[string]any{}
		attrs[name] = m
	}
	return m
}

func merge(into, from map[string]any) {
	maps.Copy(into, cloneTree(from).(map[string]any))
}

// checkID accepts the resource's own id in a path-less value.
func (a *applier) checkID(op Operation) error {
	id, known := a.r.Attrs["id"]
	if known && op.Kind != Remove && op.Value != id {
		return NewMutability("id", "id is readOnly and cannot become %v", op.Value)
	}
	return nil
}
