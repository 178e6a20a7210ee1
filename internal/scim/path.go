package scim

import (
	"slices"
	"strings"
)

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
	if p.pos == len(text) {
		return p.plainPath(name)
	}
	ref, ok := t.resolve(name, tol)
	if !ok && text[p.pos] == '[' && isURN(name) && !inKnownSchema(name) {
		return nil, p.refuse(name, "%s is of an extension that no schema describes: its lists take no value filter, only new lists as a whole", name)
	}
	if !ok || text[p.pos] != '[' {
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
	if p.pos < len(text) && text[p.pos] == '.' {
		p.pos++
		if path.Ref, ok = p.part(ref, p.name()); !ok {
			return nil, p.refuse(ref.Name, "the path %q names no sub-attribute of %s", text, ref.Name)
		}
	}
	if p.pos < len(text) {
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
	if isURN(name) && !inKnownSchema(name) {
		return &Path{Unknown: name}, nil
	}
	return nil, p.refuse(name, "the path %q names no attribute of %s", name, p.t.Name)
}

// inKnownSchema says whether a URN-qualified name begins with the URN of a schema: what follows is then no
// attribute of an unknown extension but a wrong name.
func inKnownSchema(name string) bool {
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
	printExpr(&b, p.Where, p.Ref.whole, precedenceOr)
	b.WriteString("]")
	if p.Ref.Sub != nil {
		b.WriteString("." + p.Ref.Sub.Name)
	}
	return b.String()
}

// Ref finds an attribute by its plain or URN-qualified name, in any case: "name.givenName", "emails",
// "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department". A name that the core schema
// lacks is looked for in the extensions: Entra asks for manager without its URN. SAP's samples write
// a dot between URN and attribute (script 2666), which is understood as well.
func (t *ResourceType) Ref(name string) (*Ref, bool) {
	var buf [160]byte
	if folded := foldASCII(buf[:], name); folded != nil {
		ref, ok := t.refs[string(folded)]
		return ref, ok
	}
	ref, ok := t.refs[Fold(name)]
	return ref, ok
}

// resolve is Ref with the legacy URNs of a tolerance.
func (t *ResourceType) resolve(name string, tol Tolerance) (*Ref, bool) {
	if ref, ok := t.Ref(name); ok || !tol.LegacyURNs {
		return ref, ok
	}
	ref, ok := t.legacyRefs[Fold(name)]
	return ref, ok
}

// schemaOf finds a schema of the type by its URN in any case; nil where there is none.
func (t *ResourceType) schemaOf(urn string, tol Tolerance) *Schema {
	folded := Fold(urn)
	if s := t.urns[folded]; s != nil {
		return s
	}
	if tol.LegacyURNs {
		return t.legacyURNs[folded]
	}
	return nil
}

func (t *ResourceType) buildIndex(legacy map[string]string) {
	t.refs, t.legacyRefs = map[string]*Ref{}, map[string]*Ref{}
	t.topRefs = map[*Attribute]*Ref{}
	t.urns, t.legacyURNs = map[string]*Schema{}, map[string]*Schema{}
	old := map[string][]string{}
	for alias, urn := range legacy {
		old[urn] = append(old[urn], alias)
	}
	for i, s := range append([]*Schema{t.Core}, t.Extensions...) {
		t.urns[Fold(s.URN)] = s
		for _, alias := range old[s.URN] {
			t.legacyURNs[Fold(alias)] = s
		}
		attributes := s.Attributes
		if i == 0 {
			attributes = slices.Concat(t.Common, s.Attributes)
		}
		for _, a := range attributes {
			t.indexAttribute(s, a, old[s.URN])
		}
	}
}

// indexAttribute enters an attribute and its sub-attributes under every name they answer to.
func (t *ResourceType) indexAttribute(s *Schema, a *Attribute, aliases []string) {
	canonical := a.Name
	if s != t.Core {
		canonical = s.URN + ":" + a.Name
	}
	whole := &Ref{Name: canonical, Schema: s, Attr: a}
	t.topRefs[a] = whole
	whole.whole, whole.parts = whole, map[string]*Ref{}
	all := []*Ref{whole}
	for _, sub := range a.Sub {
		part := &Ref{Name: canonical + "." + sub.Name, Schema: s, Attr: a, Sub: sub, whole: whole}
		whole.parts[sub.Name] = part
		all = append(all, part)
	}
	for _, ref := range all {
		plain := a.Name + strings.TrimPrefix(ref.Name, canonical)
		if _, taken := t.refs[Fold(plain)]; !taken {
			t.refs[Fold(plain)] = ref
		}
		t.refs[Fold(s.URN+":"+plain)] = ref
		t.refs[Fold(s.URN+"."+plain)] = ref
		for _, urn := range aliases {
			t.legacyRefs[Fold(urn+":"+plain)] = ref
			if ref.Name == managerValue {
				t.legacyRefs[Fold(urn+":manager.managerId")] = ref
			}
		}
	}
	if s == t.Core {
		t.order = append(t.order, whole)
	}
}

// managerValue is what SCIM 1.1 called manager.managerId.
const managerValue = EnterpriseUserURN + ":manager.value"

// isURN says whether a name begins as the URN of a schema does.
func isURN(name string) bool {
	return len(name) > 4 && strings.EqualFold(name[:4], "urn:")
}

// part finds a sub-attribute; the display of a role may be called displayName, as in bodies.
func (p *parser) part(ref *Ref, name string) (*Ref, bool) {
	if sub, ok := ref.part(name); ok || !p.tol.BareValues || !strings.EqualFold(name, "displayName") {
		return sub, ok
	}
	return ref.part("display")
}

// part finds a sub-attribute by its name in any case.
func (r *Ref) part(name string) (*Ref, bool) {
	sub := r.Attr.SubAttribute(name)
	if sub == nil {
		return nil, false
	}
	return r.parts[sub.Name], true
}
