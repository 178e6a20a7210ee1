package plan

import "sacbridge/internal/identity"

// translator turns role IDs of the source into those of the target.
type translator struct {
	on       bool
	from, to string // content namespaces
	table    map[string]string
}

func newTranslator(o Options, source, target identity.Tenant) translator {
	return translator{on: o.TranslateRoles, from: source.Namespace, to: target.Namespace, table: o.RoleTable}
}

// role translates one role. What is neither in the table nor in the source's content namespace, above
// all the roles that SAP delivers, keeps its name. Names are compared exactly (script 1102).
func (t translator) role(id string) string {
	if !t.on {
		return id
	}
	if to := t.table[id]; to != "" {
		return to
	}
	namespace, name, ok := identity.SplitRole(id)
	if !ok || t.from == "" || t.to == "" || namespace != t.from {
		return id
	}
	return identity.RoleID(t.to, name)
}

// set translates role links and gives them as a set.
func (t translator) set(ids []string) []string {
	if !t.on {
		return identity.Set(ids)
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = t.role(id)
	}
	return identity.Set(out)
}

// allowRoles splits wanted changes of role links into those that can be done and notes the others:
// protected roles are skipped, roles that the target lacks are gathered, to be reported once each.
func (m *planner) allowRoles(e Entity, key string, add, remove []string) (canAdd, canRemove []string) {
	for _, r := range add {
		switch {
		case r == identity.SystemOwnerRole:
			m.skip(Finding{Code: OwnerRole, Entity: e, Key: key})
		case m.protected.roles[r]:
			m.skip(Finding{Code: ProtectedRole, Entity: e, Key: key, Name: r})
		case m.lacksRole(r):
			m.missRole(r, e, key)
		default:
			canAdd = append(canAdd, r)
		}
	}
	for _, r := range remove {
		switch {
		case r == identity.SystemOwnerRole:
			m.skip(Finding{Code: OwnerRole, Entity: e, Key: key})
		case m.protected.roles[r]:
			m.skip(Finding{Code: ProtectedRole, Entity: e, Key: key, Name: r})
		default:
			canRemove = append(canRemove, r)
		}
	}
	return canAdd, canRemove
}

// lacksRole reports whether the role is known not to exist in the target.
func (m *planner) lacksRole(id string) bool {
	return m.target.RolesComplete && !m.target.Roles[id] && !identity.Delivered(id)
}

// missRole gathers who needs a role that the target lacks.
func (m *planner) missRole(id string, e Entity, key string) {
	f := Finding{Code: MissingRole, Entity: Role, Key: id}
	if e == Team {
		f.Teams = []string{key}
	} else {
		f.Users = []string{key}
	}
	m.conflict(f)
}
