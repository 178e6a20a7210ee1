package scim

import (
	"slices"
	"strings"
)

// Decode reads the body of a POST or PUT. Names are made canonical, unassigned values dropped, readOnly
// attributes left out (RFC 7644 §3.3), and every value shown to the validator, required ones that are missing
// too. At most one value of an attribute is primary. An object under a URN that no schema has is kept as it
// was sent, less what is unassigned. Every error is an [*Error] that names the place.
func Decode(t *ResourceType, body []byte, maxBytes int, tol Tolerance, valid Validator) (*Resource, error) {
	if len(body) > maxBytes {
		return nil, NewTooLarge(maxBytes)
	}
	doc, err := scanDocument(string(body))
	if err != nil {
		return nil, err
	}
	r := NewResource(t)
	d := decoder{t: t, tol: tol, valid: valid, dropReadOnly: true}
	if err := d.checkSchemas(doc); err != nil {
		return nil, err
	}
	if err := d.fill(r, doc); err != nil {
		return nil, err
	}
	if err := d.required(r); err != nil {
		return nil, err
	}
	return r, nil
}

// DecodeStored reads what Encode wrote: nothing is left out, values are taken as they are, and text may be of
// any length. Every error is an [*Error].
func DecodeStored(t *ResourceType, body []byte) (*Resource, error) {
	doc, err := scanDocument(string(body))
	if err != nil {
		return nil, err
	}
	r := NewResource(t)
	d := decoder{t: t, tol: Tolerance{IgnoreUnknown: true, ReducePrimaries: true}, valid: storedValues{}}
	if err := d.fill(r, doc); err != nil {
		return nil, err
	}
	return r, nil
}

// required refuses a resource that lacks a required attribute, or has an empty text or nothing but blanks there, which
// the SCIM library accepts.
func (d decoder) required(r *Resource) error {
	for _, ref := range r.Type.order {
		if !ref.Attr.Required || ref.Attr.Name == "schemas" {
			continue
		}
		if v := r.Attrs[ref.Attr.Name]; isBlank(v) || !d.valid.Whole(ref.Attr, v) {
			return NewInvalidValue(ref.Name, "%s is required", ref.Name)
		}
	}
	return nil
}

// CheckImmutable refuses a replacement that changes or takes away the assigned value of an immutable
// attribute (RFC 7644 §3.5.1).
func CheckImmutable(before, after *Resource) error {
	for _, ref := range before.Type.order {
		if ref.Attr.Mutability != Immutable {
			continue
		}
		if had := before.Attrs[ref.Attr.Name]; had != nil && !equalTree(had, after.Attrs[ref.Attr.Name]) {
			return NewMutability(ref.Name, "%s is immutable and has a value already", ref.Name)
		}
	}
	return nil
}

// fill reads the top level of a document into r.
func (d decoder) fill(r *Resource, doc jsonObject) error {
	for _, f := range doc {
		ref, known := d.topLevel(f.key)
		switch {
		case known && ref.Attr.Name == "schemas":
		case known:
			if err := d.set(r, ref, f.value); err != nil {
				return err
			}
		default:
			if err := d.extension(r, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// topLevel finds the attribute that a key of a body's top level means.
func (d decoder) topLevel(key string) (*Ref, bool) {
	if isURN(key) {
		return d.t.resolve(key, d.tol)
	}
	if strings.Contains(key, ".") {
		return nil, false
	}
	ref, ok := d.t.Ref(key)
	if ok && ref.Schema != d.t.Core && !d.tol.UnqualifiedExtensions {
		return nil, false
	}
	return ref, ok
}

// set reads the value of an attribute into r.
func (d decoder) set(r *Resource, ref *Ref, raw any) error {
	if d.dropReadOnly && ref.Attr.Mutability == ReadOnly {
		return nil
	}
	v, err := d.value(ref, raw)
	if err != nil {
		return err
	}
	if d.isMembers(ref) {
		r.HasMembers = true
		r.Members, _ = v.([]Member)
		return nil
	}
	if v != nil {
		r.attributesOf(ref.Schema)[ref.Attr.Name] = v
	}
	return nil
}

// attributesOf is the map that holds the attributes of a schema; it is made where it is missing.
func (r *Resource) attributesOf(s *Schema) map[string]any {
	if s == r.Type.Core {
		return r.Attrs
	}
	m, ok := r.Attrs[s.URN].(map[string]any)
	if !ok {
		m = map[string]any{}
		r.Attrs[s.URN] = m
	}
	return m
}

// extension reads a key of the top level that is no attribute.
func (d decoder) extension(r *Resource, f jsonField) error {
	f.value = d.tol.decodedText(f.value)
	o, isObject := f.value.(jsonObject)
	switch s := d.t.schemaOf(f.key, d.tol); {
	case s == d.t.Core && isObject:
		return d.fill(r, o)
	case s != nil && s != d.t.Core:
		return d.knownExtension(r, s, f)
	}
	if isURN(f.key) && (isObject || f.value == nil) && !inKnownSchema(f.key) {
		if m := assignedObject(o); len(m) > 0 {
			r.Attrs[f.key] = m
		}
		return nil
	}
	return d.unknown(f.key)
}

func (d decoder) knownExtension(r *Resource, s *Schema, f jsonField) error {
	if f.value == nil {
		return nil
	}
	o, ok := f.value.(jsonObject)
	if !ok && !d.valid.Extension(s, f.value) {
		return NewInvalidValue(s.URN, "%s is %s, an object is expected", s.URN, kindOf(f.value))
	}
	for _, g := range o {
		a := s.Attribute(g.key)
		if a == nil {
			if err := d.unknown(s.URN + ":" + g.key); err != nil {
				return err
			}
			continue
		}
		if err := d.set(r, d.t.topRefs[a], g.value); err != nil {
			return err
		}
	}
	if len(r.attributesOf(s)) == 0 {
		delete(r.Attrs, s.URN)
	}
	return nil
}

func (d decoder) unknown(path string) error {
	if d.tol.IgnoreUnknown {
		return nil
	}
	return NewInvalidSyntax(path, "no schema of %s has the attribute %q", d.t.Name, path)
}

// checkSchemas holds the body's schemas against the resource type (RFC 7643 §3). URNs that nothing is
// known of are no fault: Entra and OneLogin name some.
func (d decoder) checkSchemas(doc jsonObject) error {
	urns, err := d.schemas(doc)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(urns, func(urn string) bool { return d.t.schemaOf(urn, d.tol) == d.t.Core }) {
		return d.checkListed(doc, urns)
	}
	for _, other := range []*ResourceType{User(), Group()} {
		if other == d.t {
			continue
		}
		for _, urn := range urns {
			if other.schemaOf(urn, d.tol) == other.Core {
				return NewInvalidValue("schemas", "schemas names %s, this is a %s: %s is expected", urn, d.t.Name, d.t.Core.URN)
			}
		}
	}
	if d.tol.SchemasOptional {
		return nil
	}
	return NewInvalidValue("schemas", "schemas does not name %s", d.t.Core.URN)
}

func (d decoder) schemas(doc jsonObject) ([]string, error) {
	raw, _ := doc.get("schemas")
	return textList(raw, "schemas", d.tol)
}

// textList reads a list of strings that a protocol message holds.
func textList(raw any, name string, tol Tolerance) ([]string, error) {
	raw = tol.decodedText(raw)
	if s, ok := raw.(string); ok && tol.WrapMultiValued {
		return []string{s}, nil
	}
	list, ok := raw.([]any)
	if !ok && raw != nil {
		return nil, NewInvalidValue(name, "%s is %s, a list of strings is expected", name, kindOf(raw))
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil, NewInvalidValue(name, "%s holds %s, a list of strings is expected", name, kindOf(e))
		}
		out = append(out, s)
	}
	return out, nil
}

// checkListed refuses the data of an extension that schemas does not name.
func (d decoder) checkListed(doc jsonObject, urns []string) error {
	if d.tol.SchemasOptional {
		return nil
	}
	for _, f := range doc {
		if _, isObject := f.value.(jsonObject); !isObject || !isURN(f.key) {
			continue
		}
		named := slices.ContainsFunc(urns, func(urn string) bool { return strings.EqualFold(urn, f.key) })
		if !named {
			return NewInvalidValue("schemas", "schemas does not name %s, for which the body has data", f.key)
		}
	}
	return nil
}
