package scim

import "strings"

// Path is a parsed PATCH path (RFC 7644 §3.5.2, figure 7). Exactly one of Ref, Extension and Unknown is set.
type Path struct {
	Ref       *Ref    // the attribute or sub-attribute
	Where     Expr    // the value filter on Ref's whole attribute; nil where there is none
	Extension *Schema // a schema named as a whole by its bare URN
	Unknown   string  // the path as written where it begins with a URN that no schema has
}

// ParsePath reads a PATCH path: attr, attr.sub, attr[filter], attr[filter].sub, each with or without its
// URN, or a bare URN. A path to an attribute that does not exist is refused. Limits are those of
// ParseFilter. Every error is an [*Error] of type invalidPath.
func ParsePath(t *ResourceType, text string, tol Tolerance) (*Path, error) {
	text = strings.TrimSpace(text)
	tk, why := newTokens(text, tol)
	if why != "" {
		return nil, NewInvalidPath("", "the path cannot be read: %s", why)
	}
	p := &parser{tokens: tk, t: t, what: "path", refuse: NewInvalidPath}
	name := p.name()
	if p.i == len(text) {
		return p.plainPath(name)
	}
	ref, ok := t.resolve(name, tol)
	if !ok || text[p.i] != '[' {
		return nil, p.refuse(name, "the path %q names no attribute of %s", text, t.Name)
	}
	if !ref.Attr.MultiValued {
		return nil, p.refuse(ref.Name, "%s has one value, a value filter cannot stand after it", ref.Name)
	}
	where, err := p.brackets(1, ref)
	if err != nil {
		return nil, err
	}
	path := &Path{Ref: ref, Where: where}
	if p.i < len(text) && text[p.i] == '.' {
		p.i++
		if path.Ref, ok = ref.part(p.name()); !ok {
			return nil, p.refuse(ref.Name, "the path %q names no sub-attribute of %s", text, ref.Name)
		}
	}
	if p.i < len(text) {
		return nil, p.fault("the end of the path is expected")
	}
	return path, nil
}

// plainPath gives the path that is a name without a value filter.
func (p *parser) plainPath(name string) (*Path, error) {
	if ref, ok := p.t.resolve(name, p.tol); ok {
		return &Path{Ref: ref}, nil
	}
	if s := p.t.schemaOf(name, p.tol); s != nil {
		return &Path{Extension: s}, nil
	}
	if isURN(name) && !belowKnown(name) {
		return &Path{Unknown: name}, nil
	}
	return nil, p.refuse(name, "the path %q names no attribute of %s", name, p.t.Name)
}

// belowKnown says whether a URN-qualified name begins with the URN of a schema: what follows is then no
// attribute of an unknown extension but a wrong name.
func belowKnown(name string) bool {
	folded := Fold(name)
	for _, t := range []*ResourceType{User(), Group()} {
		for urn := range t.urns {
			rest, ok := strings.CutPrefix(folded, urn)
			if ok && (rest == "" || rest[0] == ':' || rest[0] == '.') {
				return true
			}
		}
	}
	return false
}

// String gives the path in canonical spelling; parsing it gives an equal path.
func (p *Path) String() string {
	switch {
	case p.Extension != nil:
		return p.Extension.URN
	case p.Ref == nil:
		return p.Unknown
	case p.Where == nil:
		return p.Ref.Name
	}
	var b strings.Builder
	b.WriteString(p.Ref.whole.Name + "[")
	printExpr(&b, p.Where, p.Ref.whole, bindsOr)
	b.WriteString("]")
	if p.Ref.Sub != nil {
		b.WriteString("." + p.Ref.Sub.Name)
	}
	return b.String()
}
