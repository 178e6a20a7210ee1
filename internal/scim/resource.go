package scim

import (
	"encoding/json"
	"maps"
	"slices"
)

// Resource is a user or a group as attribute tree. It is not safe for concurrent change.
//
// Attrs has the canonical names as keys; its values are string, bool, json.Number, map[string]any and
// []any. The attributes of an extension are a map[string]any under the extension's URN. There is no
// null, empty list or empty object in it: they mean unassigned (RFC 7643 §2.5). "schemas" is not held,
// since it follows from the data; "id" and "meta" are there where SetCommon put them, a user's "groups"
// where the server did.
type Resource struct {
	Type  *ResourceType
	Attrs map[string]any
	// Members are a group's members where a body brought them; they are never in Attrs, so that a store
	// can keep them apart. HasMembers tells a body with an empty list or null from one without them.
	Members    []Member
	HasMembers bool
}

// Member is one member of a group as a client names it.
type Member struct {
	Value   string // the member's id
	Type    string // "User", "Group", or empty
	Display string // what the client calls it, or empty
}

// NewResource gives a resource without attributes.
func NewResource(t *ResourceType) *Resource {
	return &Resource{Type: t, Attrs: map[string]any{}}
}

// TakePassword removes the password from the tree and gives it; ok is false where there is none.
func (r *Resource) TakePassword() (password string, ok bool) {
	password, ok = r.Attrs["password"].(string)
	delete(r.Attrs, "password")
	return password, ok
}

// Schemas lists the base URN and each extension with data: the known ones in the order of the resource
// type, then the others, sorted.
func (r *Resource) Schemas() []string {
	out := []string{r.Type.Core.URN}
	for _, s := range r.Type.Extensions {
		if _, ok := r.Attrs[s.URN]; ok {
			out = append(out, s.URN)
		}
	}
	known := len(out)
	for key := range r.Attrs {
		if isURN(key) && !slices.Contains(out[:known], key) {
			out = append(out, key)
		}
	}
	slices.Sort(out[known:])
	return out
}

// Attribute gives the tree of the whole attribute that ref names or is a part of; nil where it is
// unassigned. It makes a Resource a [View].
func (r *Resource) Attribute(ref *Ref) any {
	switch {
	case ref.Schema != r.Type.Core:
		extension, _ := r.Attrs[ref.Schema.URN].(map[string]any)
		return extension[ref.Attr.Name]
	case ref.Attr.Name == "schemas":
		return texts(r.Schemas())
	case ref.Attr.Name == "members":
		if len(r.Members) == 0 {
			return nil
		}
		return memberTree(r.Members)
	default:
		return r.Attrs[ref.Attr.Name]
	}
}

// Text gives the string at ref, "" where it is unassigned, not a string, or below a multi-valued attribute.
func (r *Resource) Text(ref *Ref) string {
	v := r.Attribute(ref)
	if ref.Sub != nil {
		m, _ := v.(map[string]any)
		v = m[ref.Sub.Name]
	}
	s, _ := v.(string)
	return s
}

// Clone gives a copy that shares nothing that can be changed.
func (r *Resource) Clone() *Resource {
	return &Resource{
		Type: r.Type, Attrs: cloneTree(r.Attrs).(map[string]any),
		Members: slices.Clone(r.Members), HasMembers: r.HasMembers,
	}
}

func cloneTree(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, e := range v {
			m[key] = cloneTree(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = cloneTree(e)
		}
		return l
	default:
		return v
	}
}

func equalTree(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		m, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, m, equalTree)
	case []any:
		l, ok := b.([]any)
		return ok && slices.EqualFunc(a, l, equalTree)
	case string, bool, json.Number, nil:
		return a == b
	default:
		return false
	}
}

// ChangedAttributes lists the top-level names and extension URNs whose values differ between two trees, sorted.
func ChangedAttributes(before, after map[string]any) []string {
	var out []string
	for key, v := range before {
		if !equalTree(v, after[key]) {
			out = append(out, key)
		}
	}
	for key := range after {
		if _, had := before[key]; !had {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func memberTree(members []Member) []any {
	out := make([]any, len(members))
	for i, m := range members {
		out[i] = m.tree()
	}
	return out
}

func (m Member) tree() map[string]any {
	t := map[string]any{"value": m.Value}
	if m.Type != "" {
		t["type"] = m.Type
	}
	if m.Display != "" {
		t["display"] = m.Display
	}
	return t
}

// Encode gives the canonical JSON of the resource: see [Resource.AppendJSON].
func (r *Resource) Encode() []byte { return r.AppendJSON(nil) }

// AppendJSON appends the canonical JSON to dst: "schemas", the common and the core attributes in the order
// of the schema, members, then the extensions, sorted. Equal resources have equal bytes. An attribute
// that is never returned is not written, so that no answer and no record can hold a password.
func (r *Resource) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendMember(dst, "schemas", texts(r.Schemas()), nil)
	for _, ref := range r.Type.order {
		if v, ok := r.Attrs[ref.Attr.Name]; ok && ref.Attr.Returned != ReturnedNever {
			dst = appendMember(dst, ref.Attr.Name, v, ref.Attr.Sub)
		}
	}
	if len(r.Members) > 0 {
		dst = appendMember(dst, "members", memberTree(r.Members), r.Type.Core.Attribute("members").Sub)
	}
	for _, urn := range r.Schemas()[1:] {
		var order []*Attribute
		if s := r.Type.urns[Fold(urn)]; s != nil {
			order = s.Attributes
		}
		dst = appendMember(dst, urn, r.Attrs[urn], order)
	}
	return append(dst, '}')
}
