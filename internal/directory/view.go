package directory

import (
	"sacbridge/internal/scim"
)

// view shows a record to a filter or a sort: from its header where that holds the attribute, from the
// store for memberships, and only else from the decoded resource. It is for one goroutine and one
// snapshot.
type view struct {
	tx     ReadTx
	header *Header
	body   []byte         // the JSON, read where it is needed and not here yet
	whole  *scim.Resource // once it was needed
	err    error          // the first that an attribute ran into
}

var _ scim.Container = (*view)(nil)

// Attribute implements scim.View.
func (v *view) Attribute(ref *scim.Ref) any {
	if value, known := v.inHeader(ref); known {
		return value
	}
	if v.whole == nil {
		v.decode()
	}
	if v.whole == nil {
		return nil
	}
	return v.whole.Attribute(ref)
}

func (v *view) decode() {
	record := Record{Header: *v.header, JSON: v.body}
	var err error
	if v.body == nil {
		record, err = v.tx.Get(v.header.Kind, v.header.ID)
	}
	if err == nil {
		v.whole, err = record.Resource()
	}
	v.fail(err)
}

func (v *view) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

// inHeader gives what can be told without decoding.
func (v *view) inHeader(ref *scim.Ref) (value any, known bool) {
	h := v.header
	switch ref.Whole().Name {
	case "id":
		return h.ID.String(), true
	case "externalId":
		return orNil(h.ExternalID), !h.EmptyTexts
	case "displayName":
		return orNil(h.DisplayName), !h.EmptyTexts
	case "userName":
		return orNil(h.UserName), !h.EmptyTexts
	case "userType":
		return orNil(h.UserType), !h.EmptyTexts
	case "active":
		if !h.HasActive {
			return nil, true
		}
		return h.Active, true
	case "emails":
		return v.emails(), !h.EmailsIncomplete
	case "meta":
		return map[string]any{"resourceType": h.Kind.String(), "created": h.Created, "lastModified": h.Modified, "version": ETag(h.Revision)}, true
	case "members":
		return v.members(), true
	case "groups":
		return v.groups(), true
	}
	return v.partInHeader(ref)
}

// partInHeader gives a sub-attribute that the header holds.
func (v *view) partInHeader(ref *scim.Ref) (value any, known bool) {
	if v.header.EmptyTexts {
		return nil, false
	}
	switch ref.Name {
	case "name.givenName":
		return nested("givenName", v.header.GivenName), true
	case "name.familyName":
		return nested("familyName", v.header.FamilyName), true
	case scim.EnterpriseUserURN + ":department":
		return orNil(v.header.Department), true
	case scim.EnterpriseUserURN + ":manager.value":
		return nested("value", v.header.Manager), true
	}
	return nil, false
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func nested(name, text string) any {
	if text == "" {
		return nil
	}
	return map[string]any{name: text}
}

func (v *view) emails() any {
	if len(v.header.Emails) == 0 {
		return nil
	}
	list := make([]any, len(v.header.Emails))
	for i, e := range v.header.Emails {
		one := map[string]any{}
		if e.Value != "" {
			one["value"] = e.Value
		}
		if e.Type != "" {
			one["type"] = e.Type
		}
		if e.Primary {
			one["primary"] = true
		}
		list[i] = one
	}
	return list
}

func (v *view) members() any {
	if v.header.Kind != Group || v.header.Members == 0 {
		return nil
	}
	var list []any
	for after := (ID{}); ; {
		page, err := v.tx.Members(v.header.ID, after, membersPage)
		if err != nil {
			v.fail(err)
			return nil
		}
		for i := range page {
			one := map[string]any{"value": page[i].Member.String(), "type": page[i].Kind.String()}
			if page[i].Display != "" {
				one["display"] = page[i].Display
			}
			list = append(list, one)
		}
		if len(page) < membersPage {
			return list
		}
		after = page[len(page)-1].Member
	}
}

func (v *view) groups() any {
	refs, err := groupRefs(v.tx, v.header.ID, ID{}, 0)
	if err != nil || len(refs) == 0 {
		v.fail(err)
		return nil
	}
	list := make([]any, len(refs))
	for i, r := range refs {
		list[i] = map[string]any{"value": r.ID.String(), "display": r.Display, "type": "direct"}
	}
	return list
}

// Contains implements scim.Container: membership is one look into the store, however large the group.
func (v *view) Contains(ref *scim.Ref, value string) (has, known bool) {
	if ref.Name != "members.value" && ref.Name != "groups.value" {
		return false, false
	}
	id, err := ParseID(value)
	if err != nil || id.String() != value { // an id is caseExact (RFC 7643 §3.1)
		return false, true
	}
	group, member := v.header.ID, id
	if ref.Name == "groups.value" {
		group, member = id, v.header.ID
	}
	found, err := v.tx.Contains(group, []ID{member})
	v.fail(err)
	return len(found) == 1 && found[0], true
}
