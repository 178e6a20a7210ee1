package upstream

// The codes of failures: what went wrong, in a word that is the same for equal failures. A failure
// without one goes by its status.
const (
	CodeChanged      = "changed-meanwhile" // somebody else changed what the write is about
	CodeRecreated    = "recreated"         // somebody else deleted it and created it anew
	CodeNotPermitted = "not-permitted"     // the run stops, or its lease is lost
	CodeNoAnswer     = "not-an-answer"     // success with a body that is something else, and no effect
	CodeNotSeen      = "not-seen"          // accepted, but what came of it could not be read
	CodeOutdated     = "reading-outdated"  // the reading that a write was made from got too old, again and again

	CodeThrottled   = "throttled"      // 429
	CodeUnavailable = "unavailable"    // 503, or the index is rebuilt
	CodeServerError = "server-error"   // another 5xx
	CodeCut         = "answer-cut"     // an answer that ends early or is no JSON
	CodeNoReply     = "no-answer"      // the connection failed while the answer was awaited
	CodeTimeout     = "timeout"        // no answer in time
	CodeUnreachable = "unreachable"    // no connection
	CodeTLS         = "tls"            // the certificate or the TLS connection
	CodeOtherPage   = "web-page"       // somebody else answered: a page or a redirect
	CodeBlocked     = "proxy-blocks"   // somebody in between does not let the request through
	CodeNoAccess    = "access-refused" // 401 or 403 with a new session
	CodeBadClient   = "client-refused" // the token service refuses the OAuth client
	CodeNoRoute     = "no-such-path"   // the tenant has no such API

	CodeEmailTaken     = "email-taken"
	CodeLoginTaken     = "login-taken"
	CodeUserExists     = "user-exists"
	CodeTeamExists     = "team-exists" // or a folder of that name
	CodeUnknownRole    = "unknown-role"
	CodeUnknownManager = "unknown-manager"
	CodeGone           = "gone"
	CodeNoLicence      = "no-licence"
	CodeSystemOwner    = "system-owner"
	CodeSSO            = "sso-mismatch" // the login ID does not fit the tenant's mapping
	CodeUnexplained    = "unexplained"  // the tenant does not say why
	CodeManagesOthers  = "manages-others"
	CodeHiddenTeam     = "hidden-team"
	CodeTeamNameTwice  = "team-name-twice" // several namespaces have a team of this name
	CodeRolesLost      = "roles-lost"      // a proof took roles away that are not written back
	CodeTooMany        = "too-many"        // more than one request or team takes
	CodeOtherID        = "other-user-id"   // the tenant made a person under another user ID
	CodeListMoved      = "list-moved"      // a list changed faster than it could be read
	CodeIncomplete     = "incomplete"      // an entity as read lacks what writing it back needs
)
