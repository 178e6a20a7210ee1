package scim

import (
	"errors"
	"fmt"
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
// resource; every value is shown to the validator. Keys and op may be in any case; an empty list of operations does nothing (Entra's validator
// sends one). Every error is an [*Error] whose detail counts the operation from 1.
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
		n := normaliser{canon: canon{t: t, tol: tol, valid: valid, dropReadOnly: true}, index: i}
		if err := n.operation(raw); err != nil {
			return nil, atOperation(i, err)
		}
		p.Operations = append(p.Operations, n.out...)
	}
	return p, nil
}

// operationsOf checks the envelope.
func operationsOf(doc object, tol Tolerance) ([]any, error) {
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
	if o, ok := raw.(object); ok && tol.WrapMultiValued {
		return []any{o}, nil
	}
	list, ok := raw.([]any)
	if !ok {
		return nil, NewInvalidSyntax("Operations", "Operations is %s, a list of operations is expected", kindOrMissing(raw))
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
