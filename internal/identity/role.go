package identity

import "slices"

import "strings"

// SystemOwnerRole is held by exactly one person of a tenant, whom no API can change (KBA 3718579).
const SystemOwnerRole = "PROFILE:sap.epm:System_Owner"

// rolePrefix begins every role ID: PROFILE:<namespace>:<name>.
const rolePrefix = "PROFILE:"

// deliveredNamespace is the namespace of the roles that every tenant is delivered with.
const deliveredNamespace = "sap.epm"

// SplitRole takes a role ID apart; ok is false where it has not the form PROFILE:<namespace>:<name>.
// The prefix is compared exactly, as SAP's samples do (script 1102).
func SplitRole(id string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(id, rolePrefix)
	if !ok {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, ":")
	return namespace, name, ok && namespace != "" && name != ""
}

// RoleID puts a role ID together.
func RoleID(namespace, name string) string { return rolePrefix + namespace + ":" + name }

// Delivered reports whether id is a role that SAP delivers with every tenant.
func Delivered(id string) bool {
	namespace, _, ok := SplitRole(id)
	return ok && namespace == deliveredNamespace
}

// IsSystemOwner reports whether u holds the System Owner role.
func (u *User) IsSystemOwner() bool {
	return slices.Contains(u.Roles, SystemOwnerRole)
}
