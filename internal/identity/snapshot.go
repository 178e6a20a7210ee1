package identity

// Snapshot is what one reading of a tenant found. Users and Groups hold what exists; a key that was
// asked for and is not there does not exist in the tenant. It may hold more
// than was asked for: people found by their e-mail or login ID, for instance.
type Snapshot struct {
	Tenant Tenant            `json:"tenant"`
	Users  map[string]*User  `json:"users"`  // by user ID
	Groups map[string]*Group `json:"groups"` // by name

	// Unreadable holds teams that exist but could not be read, with the cause and its cure.
	Unreadable map[string]string `json:"unreadable,omitempty"`

	// Roles are the role IDs known to exist: held by someone read, or listed by the tenant.
	Roles map[string]bool `json:"roles,omitempty"`
	// RolesComplete says that Roles holds every role of the tenant, so that absence is knowledge.
	RolesComplete bool `json:"rolesComplete,omitempty"`
}

// NewSnapshot gives an empty snapshot of t with its maps made.
func NewSnapshot(t Tenant) Snapshot {
	return Snapshot{
		Tenant: t, Users: map[string]*User{}, Groups: map[string]*Group{},
		Unreadable: map[string]string{}, Roles: map[string]bool{},
	}
}
