package service

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// URNs of schemas and extensions, as the tenant spells them. v1 names one extension in schemas and
// puts the manager under another.
const (
	urnUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	urnGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	urnEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	urnManagerV1  = "urn:scim:schemas:extension:enterprise:1.0"
	urnParamsV1   = "urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0"
	urnParamsV2   = "urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"
	urnGroupV2    = "urn:sap:params:scim:schemas:extension:sac:2.0:group-custom-parameters"
	urnGroupRoles = "urn:sap:params:scim:schemas:extension:sac:2.0:group-roles"
	urnSAPGroup   = "urn:ietf:params:scim:schemas:extension:sap:2.0:Group"
)

// canonical turns an attribute name into the short one in lower case. SAP's samples separate a URN
// from its attribute by a colon and by a dot (script 2666); both are understood. Custom parameters
// come out as "param.<name>", the group extensions as "ext.<name>" and "grouproles".
func canonical(name string) string {
	name = strings.ToLower(name)
	if !strings.HasPrefix(name, "urn:") {
		return name
	}
	for _, m := range [...]struct{ urn, prefix string }{
		{urnParamsV2, "param"},
		{urnParamsV1, "param"},
		{urnEnterprise, ""},
		{urnUser, ""},
		{urnGroupV2, "ext"},
		{urnGroupRoles, "grouproles"},
		{urnGroup, ""},
	} {
		rest, ok := strings.CutPrefix(name, strings.ToLower(m.urn))
		switch {
		case !ok:
		case rest == "":
			return m.prefix
		case rest[0] == ':' || rest[0] == '.':
			return strings.TrimPrefix(m.prefix+"."+rest[1:], ".")
		}
	}
	return name
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// userAttrV1 knows the two attributes v1 can filter by.
func (st *state) userAttrV1(name string) (attr[*user], bool) {
	switch name {
	case "email":
		return attr[*user]{one: func(u *user) string { return u.email }, find: func(v string) []*user { return st.byEmail[v] }}, true
	case "username":
		return attr[*user]{one: func(u *user) string { return u.login }, find: func(v string) []*user { return st.byLogin[v] }}, true
	}
	return attr[*user]{}, false
}

// userAttrV2 knows every attribute of a v2 user.
func (st *state) userAttrV2(name string) (attr[*user], bool) {
	name = canonical(name)
	if a, ok := st.indexedUserAttr(name); ok {
		return a, true
	}
	if a, ok := userElements(name); ok {
		return a, true
	}
	if get, ok := userTexts()[name]; ok {
		return attr[*user]{one: get}, true
	}
	if get, ok := paramTexts()[name]; ok {
		return attr[*user]{one: get, numeric: name == "param.cleanupnotificationsnumberofdays"}, true
	}
	return attr[*user]{}, false
}

func (st *state) indexedUserAttr(name string) (attr[*user], bool) {
	switch name {
	case "username":
		return attr[*user]{one: func(u *user) string { return u.id }, find: func(v string) []*user { return st.byFold[v] }}, true
	case "id":
		return attr[*user]{one: func(u *user) string { return u.uuid }, find: func(v string) []*user {
			if u := st.byUUID[v]; u != nil {
				return []*user{u}
			}
			return nil
		}}, true
	case "email", "emails", "emails.value":
		return attr[*user]{elems: userEmails, find: func(v string) []*user { return st.byEmail[v] }}, true
	case "param.idpuserid":
		return attr[*user]{one: func(u *user) string { return u.idp }, find: func(v string) []*user { return st.byIDP[v] }}, true
	case "manager", "manager.value":
		return attr[*user]{one: managerUUID, find: func(v string) []*user {
			var out []*user
			if m := st.byUUID[v]; m != nil {
				for u := range m.reports {
					out = append(out, u)
				}
			}
			return out
		}}, true
	}
	return attr[*user]{}, false
}

func managerUUID(u *user) string {
	if u.manager == nil {
		return ""
	}
	return u.manager.uuid
}

func userTexts() map[string]func(*user) string {
	return map[string]func(*user) string{
		"externalid":        func(u *user) string { return u.externalID },
		"displayname":       func(u *user) string { return u.display },
		"name.givenname":    func(u *user) string { return u.given },
		"name.middlename":   func(u *user) string { return u.middle },
		"name.familyname":   func(u *user) string { return u.family },
		"name.formatted":    (*user).fullName,
		"preferredlanguage": func(u *user) string { return u.language },
		"active":            func(u *user) string { return strconv.FormatBool(u.active) },
		"meta.created":      func(u *user) string { return stamp(u.created) },
		"meta.resourcetype": func(*user) string { return "User" },
		"meta.location":     func(u *user) string { return v2Base + "/Users/" + u.uuid },
	}
}

func paramTexts() map[string]func(*user) string {
	return map[string]func(*user) string{
		"param.dataaccesslanguage":               func(u *user) string { return u.params.DataAccessLanguage },
		"param.dateformatting":                   func(u *user) string { return u.params.DateFormatting },
		"param.timeformatting":                   func(u *user) string { return u.params.TimeFormatting },
		"param.numberformatting":                 func(u *user) string { return u.params.NumberFormatting },
		"param.isconcurrent":                     func(u *user) string { return strconv.FormatBool(u.params.IsConcurrent) },
		"param.systemnotificationsemailoptin":    func(u *user) string { return strconv.FormatBool(u.params.SystemNotifications) },
		"param.cleanupnotificationsnumberofdays": func(u *user) string { return strconv.Itoa(u.params.CleanUpDays) },
	}
}

// userElements knows the multi-valued attributes and their parts.
func userElements(name string) (attr[*user], bool) {
	base, part, _ := strings.Cut(name, ".")
	if _, ok := (element{}).sub(part); !ok {
		return attr[*user]{}, false
	}
	elems, ok := map[string]func(*user) iter.Seq[element]{
		"emails": userEmails,
		"photos": func(u *user) iter.Seq[element] { return plainElements(u.photos, "photo") },
		"roles":  func(u *user) iter.Seq[element] { return roleElements(u.roles) },
		"groups": userGroups,
	}[base]
	return attr[*user]{elems: elems, part: part}, ok
}

func userEmails(u *user) iter.Seq[element] {
	return func(yield func(element) bool) { yield(element{value: u.email, typ: "work", primary: true}) }
}

func userGroups(u *user) iter.Seq[element] {
	return func(yield func(element) bool) {
		for _, t := range u.teams {
			if !yield(element{value: t.uuid, display: t.name}) {
				return
			}
		}
	}
}

func plainElements(list []string, typ string) iter.Seq[element] {
	return func(yield func(element) bool) {
		for i, v := range list {
			if !yield(element{value: v, typ: typ, primary: i == 0}) {
				return
			}
		}
	}
}

func roleElements(list []string) iter.Seq[element] {
	return func(yield func(element) bool) {
		for i, r := range list {
			if !yield(element{value: r, display: roleDisplay(r), primary: i == 0}) {
				return
			}
		}
	}
}

// roleDisplay is the last part of a role's id.
func roleDisplay(r string) string { return r[strings.LastIndexByte(r, ':')+1:] }

// teamAttr knows every attribute of a v2 group.
func (st *state) teamAttr(name string) (attr[*team], bool) {
	name = canonical(name)
	switch name {
	case "displayname":
		return attr[*team]{one: func(t *team) string { return t.name }, find: func(v string) []*team { return st.teamFold[v] }}, true
	case "id":
		return attr[*team]{one: func(t *team) string { return t.uuid }, find: func(v string) []*team {
			if t := st.teamUUID[v]; t != nil {
				return []*team{t}
			}
			return nil
		}}, true
	case "members", "members.value":
		return attr[*team]{elems: teamMembers, find: func(v string) []*team {
			if u := st.byUUID[v]; u != nil {
				return slices.Clone(u.teams)
			}
			return nil
		}}, true
	case "members.display", "members.type":
		return attr[*team]{elems: teamMembers, part: strings.TrimPrefix(name, "members.")}, true
	case "roles", "roles.value", "roles.display":
		return attr[*team]{elems: func(t *team) iter.Seq[element] { return roleElements(t.roles) }, part: strings.TrimPrefix(strings.TrimPrefix(name, "roles"), ".")}, true
	}
	get, ok := map[string]func(*team) string{
		"externalid":        func(t *team) string { return t.externalID },
		"ext.description":   func(t *team) string { return t.display },
		"meta.created":      func(t *team) string { return stamp(t.created) },
		"meta.resourcetype": func(*team) string { return "Group" },
		"meta.location":     func(t *team) string { return v2Base + "/Groups/" + t.uuid },
	}[name]
	return attr[*team]{one: get}, ok
}

func teamMembers(t *team) iter.Seq[element] {
	return func(yield func(element) bool) {
		for u := range t.members.each() {
			if !yield(memberElement(u)) {
				return
			}
		}
	}
}

func memberElement(u *user) element { return element{value: u.uuid, typ: "User", display: u.display} }
