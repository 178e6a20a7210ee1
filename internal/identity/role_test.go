package identity_test

import (
	"testing"

	"sacbridge/internal/identity"
)

func TestSplitRole(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		id, namespace, name string
		ok, delivered       bool
	}{
		"a custom role":                      {"PROFILE:t.DEV:Analyst", "t.DEV", "Analyst", true, false},
		"a delivered role":                   {"PROFILE:sap.epm:BI_Admin", "sap.epm", "BI_Admin", true, true},
		"a name with a colon keeps it":       {"PROFILE:t.A:Team: North", "t.A", "Team: North", true, false},
		"the prefix is compared exactly":     {"profile:t.A:X", "", "", false, false},
		"no name":                            {"PROFILE:t.A:", "t.A", "", false, false},
		"no namespace":                       {"PROFILE::X", "", "X", false, false},
		"a short name":                       {"Analyst", "", "", false, false},
		"a namespace that begins like SAP's": {"PROFILE:sap.epm2:X", "sap.epm2", "X", true, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace, role, ok := identity.SplitRole(tc.id)
			if namespace != tc.namespace || role != tc.name || ok != tc.ok {
				t.Errorf("got %q, %q, %t, want %q, %q, %t", namespace, role, ok, tc.namespace, tc.name, tc.ok)
			}
			if ok && identity.RoleID(namespace, role) != tc.id {
				t.Errorf("got %q back, want %q", identity.RoleID(namespace, role), tc.id)
			}
			if got := identity.Delivered(tc.id); got != tc.delivered {
				t.Errorf("got delivered %t, want %t", got, tc.delivered)
			}
		})
	}
}

func TestIsSystemOwner(t *testing.T) {
	t.Parallel()
	owner := identity.User{Roles: []string{"PROFILE:sap.epm:Admin", identity.SystemOwnerRole}}
	if !owner.IsSystemOwner() {
		t.Error("got false for the holder of the role, want true")
	}
	if (&identity.User{Roles: []string{"PROFILE:t.A:System_Owner"}}).IsSystemOwner() {
		t.Error("got true for a role of the same name in another namespace, want false")
	}
}

func TestNewSnapshotHasItsMaps(t *testing.T) {
	t.Parallel()
	s := identity.NewSnapshot(identity.Tenant{Name: "dev"})
	s.Users["A"], s.Groups["T"], s.Roles["R"], s.Unreadable["U"] = &identity.User{}, &identity.Group{}, true, "hidden"
	if s.Tenant.Name != "dev" || s.RolesComplete {
		t.Errorf("got %+v, want tenant dev with an incomplete role list", s)
	}
}
