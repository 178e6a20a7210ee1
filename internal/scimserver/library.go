package scimserver

import (
	libschema "github.com/elimity-com/scim/schema"

	"sacbridge/internal/scim"
)

// library is the SCIM library as the judge of values: its schemas check what was normalised, whole resources and the
// single values of a patch. Its server is not used: it would decode every body and parse every path again, knows only
// some statuses, and drops the error of a handler for the others.
// It is safe for concurrent use.
type library struct {
	schemas    map[*scim.ResourceType][]libschema.Schema   // the core schema first
	attributes map[*scim.Attribute]libschema.CoreAttribute // sub-attributes among them
}

func newLibrary() *library {
	l := &library{schemas: map[*scim.ResourceType][]libschema.Schema{}, attributes: map[*scim.Attribute]libschema.CoreAttribute{}}
	for _, t := range [...]*scim.ResourceType{scim.User(), scim.Group()} {
		for _, s := range append([]*scim.Schema{t.Core}, t.Extensions...) {
			l.schemas[t] = append(l.schemas[t], l.schema(s))
		}
	}
	return l
}

// schema tells the library of a schema. Members are left out: a group may have a hundred thousand, and what they
// are is checked where they are looked up.
func (l *library) schema(s *scim.Schema) libschema.Schema {
	out := libschema.Schema{ID: s.URN}
	for _, a := range s.Attributes {
		if s.URN == scim.GroupURN && a.Name == "members" {
			continue
		}
		whole := libraryAttribute(a)
		out.Attributes = append(out.Attributes, whole)
		l.attributes[a] = whole
		for i, sub := range whole.SubAttributes() {
			l.attributes[a.Sub[i]] = sub
		}
	}
	return out
}

// checkResource has the library check a whole resource, extension by extension.
func (l *library) checkResource(r *scim.Resource) error {
	for i, s := range l.schemas[r.Type] {
		var attrs any = r.Attrs
		if i > 0 {
			if attrs = r.Attrs[s.ID]; attrs == nil {
				continue
			}
		}
		if _, refused := s.Validate(attrs); refused != nil {
			return fail(refused.Status, string(refused.ScimType), refused.Detail)
		}
	}
	return nil
}

// checkPatch has the library check the values that a patch brings. Left out are members, unknown extensions, and
// what is for the patch engine to refuse.
func (l *library) checkPatch(p *scim.Patch) error {
	for _, op := range p.Operations {
		if op.Kind == scim.Remove || op.Value == nil || op.Path == nil || op.Path.Ref == nil {
			continue
		}
		ref := op.Path.Ref
		target := ref.Attr
		if ref.Sub != nil {
			target = ref.Sub
		}
		attribute, ok := l.attributes[target]
		if !ok {
			continue
		}
		values, many := op.Value.([]any)
		if !many || !target.MultiValued {
			values = []any{op.Value}
		}
		for _, value := range values {
			if _, refused := attribute.ValidateSingular(value); refused != nil {
				return scim.NewInvalidValue(ref.Name, "operation %d: the value does not fit the attribute", op.Index+1)
			}
		}
	}
	return nil
}
