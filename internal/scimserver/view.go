package scimserver

import (
	"strings"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// view is how an answer shows resources of one type: which attributes, and under which address.
type view struct {
	source     *source
	kind       *scim.ResourceType
	projection *scim.Projection
	asked      bool // the client named attributes or excludedAttributes
	members    memberFields
}

// newView reads the names a client gives. Names that no schema has show nothing and are no error: a client may ask two
// servers with the same list.
func newView(src *source, kind *scim.ResourceType, p params) (*view, error) {
	v := &view{source: src, kind: kind, members: memberFields{true, true, true, true}}
	if p.attributes == "" && p.exclude == "" {
		return v, nil
	}
	v.asked = true
	var err error
	if v.projection, err = scim.ParseProjection(kind, p.attributes, p.exclude); err != nil {
		return nil, err
	}
	if kind == scim.Group() {
		v.members = fieldsOf(kind, p.attributes, p.exclude)
	}
	return v, nil
}

func (v *view) includes(name string) bool { return v.projection.Wants(name) }

// location is the address of a resource, which has to resolve as it stands (RFC 7643 §3.1).
func (v *view) location(id directory.ID) string {
	return v.source.root + v.kind.Endpoint + "/" + id.String()
}

// memberFields says what is shown of each member.
type memberFields struct{ value, ref, kind, display bool }

func fieldsOf(kind *scim.ResourceType, attributes, exclude string) memberFields {
	list, on := attributes, true
	fields := memberFields{}
	if attributes == "" {
		list, on = exclude, false
		fields = memberFields{true, true, true, true}
	}
	for name := range strings.SplitSeq(list, ",") {
		name, _, _ = strings.Cut(name, "[")
		ref, ok := kind.Ref(strings.TrimSpace(name))
		if !ok {
			if strings.EqualFold(strings.TrimSpace(name), kind.Core.URN) {
				fields = memberFields{on, on, on, on}
			}
			continue
		}
		if ref.Attr.Name != "members" {
			continue
		}
		if ref.Sub == nil {
			return memberFields{on, on, on, on}
		}
		switch ref.Sub.Name {
		case "value":
			fields.value = on
		case "$ref":
			fields.ref = on
		case "type":
			fields.kind = on
		case "display":
			fields.display = on
		}
	}
	return fields
}
