package scim

import (
	"maps"
	"slices"
	"strings"
)

// Projection says which attributes an answer shows (RFC 7644 §3.9). It is immutable; nil is the
// default set.
type Projection struct {
	t       *ResourceType
	only    bool // attributes= was given: what is not named is not shown
	named   map[*Ref]bool
	schemas map[*Schema]bool // extensions named as a whole
	unknown []string         // folded names under URNs that no schema has
}

// ParseProjection reads the parameters attributes and excludedAttributes, both comma-separated; where both
// are empty it gives nil. Sub-attributes, URN-qualified names and bare extension URNs are understood, a
// value filter in brackets is skipped (Entra's published requests hold one), an unknown name selects
// nothing. The two parameters exclude each other: both are refused as invalidValue.
func ParseProjection(t *ResourceType, attributes, excluded string) (*Projection, error) {
	only, without := splitNames(attributes), splitNames(excluded)
	if len(only) > 0 && len(without) > 0 {
		return nil, NewInvalidValue("attributes", "attributes and excludedAttributes cannot be combined (RFC 7644 §3.9)")
	}
	if len(only) == 0 && len(without) == 0 {
		return nil, nil
	}
	p := &Projection{t: t, only: len(only) > 0, named: map[*Ref]bool{}, schemas: map[*Schema]bool{}}
	tol := Tolerance{LegacyURNs: true}
	for _, name := range append(only, without...) {
		if ref, ok := t.resolve(name, tol); ok {
			p.named[ref] = true
		} else if s := t.schemaOf(name, tol); s != nil {
			p.schemas[s] = true
		} else if isURN(name) {
			p.unknown = append(p.unknown, Fold(name))
		}
	}
	return p, nil
}

// splitNames differsInParts at the commas outside brackets and takes the brackets away.
func splitNames(list string) []string {
	var out []string
	var name strings.Builder
	depth := 0
	flush := func() {
		if s := strings.TrimSpace(name.String()); s != "" {
			out = append(out, s)
		}
		name.Reset()
	}
	for _, r := range list {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth = max(depth-1, 0)
		case depth > 0:
		case r == ',':
			flush()
		default:
			name.WriteRune(r)
		}
	}
	flush()
	return out
}

// Wants says whether any part of the named attribute ("members", "groups", "meta") can be shown, so that
// a store need not read what nobody sees. An unknown name is not wanted.
func (p *Projection) Wants(name string) bool {
	types := []*ResourceType{User(), Group()}
	if p != nil {
		types = []*ResourceType{p.t}
	}
	for _, t := range types {
		if ref, ok := t.Ref(name); ok {
			return p.wants(ref.whole)
		}
	}
	return false
}

func (p *Projection) wants(whole *Ref) bool { return p.show(whole) || p.anyPart(whole) }

// show says whether the whole attribute is shown.
func (p *Projection) show(ref *Ref) bool {
	switch ref.Attr.Returned {
	case ReturnedAlways:
		return true
	case ReturnedNever:
		return false
	default:
	}
	named := p != nil && (p.named[ref] || p.schemas[ref.Schema])
	switch {
	case p != nil && p.only:
		return named
	case ref.Attr.Returned == ReturnedRequest:
		return false
	default:
		return !named
	}
}

// anyPart says whether attributes= names a sub-attribute of ref.
func (p *Projection) anyPart(ref *Ref) bool {
	if p == nil || !p.only || ref.Attr.Returned == ReturnedNever {
		return false
	}
	return slices.ContainsFunc(ref.Attr.Sub, func(sub *Attribute) bool { return p.named[ref.parts[sub.Name]] })
}

// Project gives what an answer shows of r. The result shares values with r, which is left as it is;
// neither may be changed while the other is in use.
func Project(r *Resource, p *Projection) *Resource {
	out := NewResource(r.Type)
	for key, v := range r.Attrs {
		s := r.Type.urns[Fold(key)]
		switch {
		case s != nil:
			m, _ := v.(map[string]any)
			if shown := p.projectAttrs(r.Type, s, m); len(shown) > 0 {
				out.Attrs[key] = shown
			}
		case isURN(key):
			if shown := p.projectUnknown(key, v); shown != nil {
				out.Attrs[key] = shown
			}
		}
	}
	maps.Copy(out.Attrs, p.projectAttrs(r.Type, r.Type.Core, r.Attrs))
	if ref, ok := r.Type.Ref("members"); ok && p.wants(ref) {
		out.Members, out.HasMembers = p.projectMembers(ref, r.Members), r.HasMembers
	}
	return out
}

// projectAttrs gives what is shown of the attributes of one schema.
func (p *Projection) projectAttrs(t *ResourceType, s *Schema, attrs map[string]any) map[string]any {
	out := make(map[string]any, len(attrs))
	for name, v := range attrs {
		ref := t.topRefs[s.attrs[Fold(name)]]
		if ref == nil && s == t.Core {
			ref, _ = t.Ref(name) // a common attribute
		}
		if ref == nil || ref.Schema != s {
			continue
		}
		if shown := p.projectValue(ref, v); shown != nil {
			out[name] = shown
		}
	}
	return out
}

// projectValue gives what is shown of one attribute, nil where nothing is.
func (p *Projection) projectValue(ref *Ref, v any) any {
	whole := p.show(ref)
	if !p.wants(ref) {
		return nil
	}
	if len(ref.Attr.Sub) == 0 || whole && !p.differsInParts(ref) {
		return v
	}
	list, many := v.([]any)
	if !many {
		return p.projectObject(ref, whole, v)
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		if shown := p.projectObject(ref, whole, e); shown != nil {
			out = append(out, shown)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// differsInParts says whether some sub-attribute is shown otherwise than its attribute.
func (p *Projection) differsInParts(ref *Ref) bool {
	return slices.ContainsFunc(ref.Attr.Sub, func(sub *Attribute) bool {
		return sub.Returned != ReturnedDefault || p != nil && !p.only && p.named[ref.parts[sub.Name]]
	})
}

func (p *Projection) projectObject(ref *Ref, whole bool, v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for name, e := range m {
		if sub := ref.parts[name]; sub != nil && p.showPart(sub, whole) {
			out[name] = e
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (p *Projection) showPart(part *Ref, whole bool) bool {
	named := p != nil && p.named[part]
	switch part.Sub.Returned {
	case ReturnedAlways:
		return true
	case ReturnedNever:
		return false
	case ReturnedRequest:
		return named && p.only
	default:
	}
	if p != nil && p.only {
		return whole || named
	}
	return !named
}

func (p *Projection) projectMembers(ref *Ref, members []Member) []Member {
	if p.show(ref) && !p.differsInParts(ref) {
		return members
	}
	whole := p.show(ref)
	out := make([]Member, 0, len(members))
	for _, m := range members {
		if !p.showPart(ref.parts["value"], whole) {
			m.Value = ""
		}
		if !p.showPart(ref.parts["type"], whole) {
			m.Type = ""
		}
		if !p.showPart(ref.parts["display"], whole) {
			m.Display = ""
		}
		if m != (Member{}) {
			out = append(out, m)
		}
	}
	return out
}

// projectUnknown gives what is shown of an extension that no schema describes: the whole of it, or what
// is named below its URN.
func (p *Projection) projectUnknown(urn string, v any) any {
	if p == nil {
		return v
	}
	folded := Fold(urn)
	named := slices.Contains(p.unknown, folded)
	m, ok := v.(map[string]any)
	if named || !ok {
		if named == p.only {
			return v
		}
		return nil
	}
	out := map[string]any{}
	for name, e := range m {
		if slices.Contains(p.unknown, folded+":"+Fold(name)) == p.only {
			out[name] = e
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
