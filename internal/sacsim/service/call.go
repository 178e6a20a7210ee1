package service

import "context"

// Call is what one request tells the server around it: who called, which route it was, what it
// cost the tenant, and which documented rules the client broke. The server puts an empty Call into
// the request's context, the handlers fill it in.
type Call struct {
	// Actor is the OAuth client's name; SCIM actions are logged under it.
	Actor string
	// Route is the pattern that matched, without a trailing slash, such as "GET /api/v1/scim/Users/{id}".
	// It stays empty for a path the tenant does not know.
	Route string
	// Work is what the tenant has to do for this request, for the latency model.
	Work Work
	// Violations are broken rules in plain words, such as "remove on members without a filter".
	Violations []string
}

// WorkKind names an operation of the latency model.
type WorkKind string

// The kinds of work. WorkOther is anything the model has no figure for.
const (
	WorkOther      WorkKind = "other"
	WorkGetUser    WorkKind = "get-user"
	WorkGetTeam    WorkKind = "get-team" // TeamSize rows
	WorkNotFound   WorkKind = "not-found"
	WorkPage       WorkKind = "page" // Rows rows
	WorkCreateUser WorkKind = "create-user"
	WorkConflict   WorkKind = "conflict"
	WorkWriteUser  WorkKind = "write-user"
	WorkDeleteUser WorkKind = "delete-user"
	WorkTeam       WorkKind = "team" // create, PUT and PATCH of a team
	WorkDeleteTeam WorkKind = "delete-team"
	WorkBulk       WorkKind = "bulk" // Items holds its operations
	WorkRefused    WorkKind = "refused"
)

// Work is the size of one operation.
type Work struct {
	Kind          WorkKind
	Rows          int    // rows of a listing
	Team          string // the name of the team; writes of one team wait for each other
	TeamSize      int    // members before the change
	MemberChanges int
	RoleChanges   int
	Users         int    // users in the tenant
	Items         []Work // the operations of a Bulk request
}

type callKey struct{}

// WithCall puts c into ctx.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallFrom gives the Call of ctx, or a throw-away one so that handlers need no check.
func CallFrom(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return new(Call)
}

// violate notes a broken rule.
func (c *Call) violate(rule string) { c.Violations = append(c.Violations, rule) }
