package scim

import (
	"slices"
	"strings"
)

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
	t.tops = map[*Attribute]*Ref{}
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
	t.tops[a] = whole
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

// part finds a sub-attribute by its name in any case.
func (r *Ref) part(name string) (*Ref, bool) {
	sub := r.Attr.SubAttribute(name)
	if sub == nil {
		return nil, false
	}
	return r.parts[sub.Name], true
}
