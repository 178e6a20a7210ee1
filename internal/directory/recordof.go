package directory

import (
	"bytes"
	"fmt"
	"maps"
	"strings"

	"sacbridge/internal/scim"
)

// recordOf gives the record of a resource: the header's fields picked from it, the JSON without what a Store
// keeps apart and without the password, which nobody here ever asks for. It leaves res as it is.
func recordOf(res *scim.Resource, id ID) (Record, error) {
	kind := KindOf(res.Type)
	bare := scim.Resource{Type: res.Type, Attrs: bareAttrs(res.Attrs)}
	h := Header{Kind: kind, ID: id, ExternalID: text(bare.Attrs, "externalId"), DisplayName: text(bare.Attrs, "displayName")}
	if kind == User {
		fillUser(&h, bare.Attrs)
	}
	h.EmptyTexts = h.EmptyTexts || hasEmptyText(bare.Attrs, "externalId", "displayName", "userName", "userType")
	if err := checkHeader(&h); err != nil {
		return Record{}, err
	}
	return Record{Header: h, JSON: bare.Encode()}, nil
}

// bareAttrs leaves out what is not stored in a record's JSON.
func bareAttrs(attrs map[string]any) map[string]any {
	bare := maps.Clone(attrs)
	for _, name := range [...]string{"id", "meta", "password", "members", "groups"} {
		delete(bare, name)
	}
	return bare
}

func fillUser(h *Header, attrs map[string]any) {
	h.UserName, h.UserType = text(attrs, "userName"), text(attrs, "userType")
	h.Active, h.HasActive = attrs["active"].(bool)
	h.Active = h.Active || !h.HasActive
	name, _ := attrs["name"].(map[string]any)
	h.GivenName, h.FamilyName = text(name, "givenName"), text(name, "familyName")
	work, _ := attrs[scim.EnterpriseUserURN].(map[string]any)
	manager, _ := work["manager"].(map[string]any)
	h.Department, h.Manager = text(work, "department"), text(manager, "value")
	h.EmptyTexts = hasEmptyText(name, "givenName", "familyName") || hasEmptyText(work, "department") || hasEmptyText(manager, "value")
	emails, _ := attrs["emails"].([]any)
	for _, e := range emails {
		one, _ := e.(map[string]any)
		primary, said := one["primary"].(bool)
		h.Emails = append(h.Emails, Email{Value: text(one, "value"), Type: text(one, "type"), Primary: primary})
		h.EmailsIncomplete = h.EmailsIncomplete || said && !primary || isIncomplete(one)
	}
}

// isIncomplete reports whether an address has attributes that a header does not hold, or leaves out one that
// the header would show as empty.
func isIncomplete(email map[string]any) bool {
	for name, value := range email {
		switch name {
		case "primary":
		case "value", "type":
			if value == "" {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// hasEmptyText reports whether one of the attributes is an empty text.
func hasEmptyText(attrs map[string]any, names ...string) bool {
	for _, name := range names {
		if attrs[name] == "" {
			return true
		}
	}
	return false
}

func text(attrs map[string]any, name string) string {
	value, _ := attrs[name].(string)
	return value
}

// checkHeader refuses what an index cannot hold.
func checkHeader(h *Header) error {
	name := h.UserName
	if h.Kind == Group {
		name = h.DisplayName
	}
	if len(NameKey(name)) == 0 {
		return fmt.Errorf("%s: %w", strings.ToLower(h.Kind.String()), ErrNameless)
	}
	for _, e := range h.Entries() {
		if e.Field == ByModified {
			continue
		}
		if len(e.Key) > MaxName {
			return &ValueError{Attr: e.Field.Attr(h.Kind), Reason: fmt.Sprintf("is longer than %d bytes", MaxName)}
		}
		if bytes.IndexByte(e.Key, 0) >= 0 {
			return &ValueError{Attr: e.Field.Attr(h.Kind), Reason: "holds a zero character"}
		}
	}
	return nil
}

// Attr names the attribute that a field orders by.
func (f Field) Attr(kind Kind) string {
	switch f {
	case ByName:
		if kind == Group {
			return "displayName"
		}
		return "userName"
	case ByExternalID:
		return "externalId"
	case ByEmail:
		return "emails.value"
	case ByModified:
		return "meta.lastModified"
	case ByID:
	}
	return "id"
}
