package identity

// Scope says what to read of a tenant.
type Scope struct {
	// Groups are teams by exact name; AllGroups asks for every team.
	Groups    []string
	AllGroups bool
	// Members asks for the member lists of the teams named in MembersOf. Other teams come without
	// members (their Size is set).
	MembersOf []string
	// People asks for the members of MembersOf as users too.
	People bool
	// People by any of their names. AllUsers asks for everybody.
	UserIDs []string
	Emails  []string
	// LoginIDs matter only where the tenant's SSO is custom: elsewhere a login ID is the person's e-mail
	// or user ID, which are asked for by those names. A reader of another tenant leaves them out.
	LoginIDs []string
	AllUsers bool
	// Roles are role IDs whose existence matters. The tenant's role list is read only where one of them
	// is held by nobody who was read.
	Roles []string
}
