package messages

// failures has the words of every code that a connector gives a failure, that a run gives one, and that a part of a
// write has which the tenant accepted and did not do.
var failures = map[string]failure{
	"changed-meanwhile": {
		title: "changed meanwhile", cause: "somebody else changed it after the plan was made, in a way that contradicts the plan, so that it was left alone", cure: newPlan,
	},
	"recreated": {
		title: "created anew", cause: "somebody deleted it after the plan was made and created another one under the same name, which was left alone", cure: newPlan,
	},
	"granted-meanwhile": {
		title: "changed meanwhile", cause: "the person has a role that is not known to come with every creation: somebody may have granted it since, so that it was left", cure: newPlan,
	},
	"not-permitted":    {title: "not sent", cause: "the run was stopping, or had lost its lease, so that nothing was sent", cure: resume},
	"reading-outdated": {title: "reading outdated", cause: "the reading that the write is made from got too old, again and again", check: "look how busy the tenant is", cure: resume},
	"not-an-answer": {
		title: "no real answer", cause: "the tenant reported success with something else than was asked for, and nothing of it is there",
		check: "look whether a proxy answers in its place", cure: resume,
	},
	"not-seen":  {title: "not seen", cause: "the write was accepted, but what came of it could not be read", cure: resume},
	"not-shown": {title: "not shown", cause: "the creation was reported as done, but the tenant does not show it", cure: resume},

	"throttled":    {title: "throttled", cause: "the tenant takes no more calls for now", cure: fewerCalls},
	"unavailable":  {title: "unavailable", cause: "the tenant is not available, or rebuilds its index", cure: resume},
	"server-error": {title: "server error", cause: "the tenant failed by itself", cure: resume},
	"answer-cut":   {title: "answer cut", cause: "the answer ended early, or is no JSON", check: "look whether a proxy changes answers", cure: resume},
	"no-answer":    {title: "no answer", cause: "the connection failed while the answer was awaited", check: "look at the network in between", cure: resume},
	"timeout":      {title: "timeout", cause: "no answer came in time", check: "look how busy the tenant is", cure: resume},
	"unreachable":  {title: "unreachable", cause: "no connection to the tenant can be made", check: "look at its URL, the network and the proxy", cure: resume},
	"tls":          {title: "TLS", cause: "the tenant's certificate is not trusted, or the TLS connection fails", cure: fixedCure("name the authority that signed it in tls.ca of the tenant")},
	"web-page": {
		title: "web page", cause: "a web page or redirect came in the tenant's place", check: "look whether the URL is the tenant's, and whether a proxy wants a login",
	},
	"proxy-blocks":   {title: "blocked", cause: "something in between does not let the request through", cure: fixedCure("have the proxy allow PUT, PATCH and DELETE to the tenant")},
	"access-refused": {title: "access refused", cause: "the tenant refuses access, also with a new session", cure: fixedCure("tick the access to users and teams in the tenant's OAuth client")},
	"client-refused": {title: "client refused", cause: "the token service refuses the OAuth client", cure: checkClient},
	"no-such-path":   {title: "no such API", cause: "the tenant has no such API", check: "look at platform and api of the tenant in the configuration"},

	"email-taken":     {title: "email taken", cause: "the e-mail belongs to somebody else in the tenant", cure: fixedCure("change it there, or give the person another one")},
	"login-taken":     {title: "login ID taken", cause: "the login ID belongs to somebody else in the tenant", cure: fixedCure("change one of them")},
	"user-exists":     {title: "user exists", cause: "somebody else's account has the user ID", cure: newPlan},
	"team-exists":     {title: "team exists", cause: "a team or folder of that name is there already", cure: fixedCure("rename one of them, or make a new plan")},
	"unknown-role":    {title: "unknown role", cause: "the tenant has no such role, and no API can create one", cure: fixedCure("create it there, or map it in the roles table")},
	"unknown-manager": {title: "unknown manager", cause: "the tenant has no such user to be the manager", cure: fixedCure("create the manager first")},
	"gone":            {title: "gone", cause: "it does not exist in the tenant (any more)", cure: newPlan},
	"no-licence":      {title: "no licence", cause: "the tenant has no licence left", cure: fixedCure("take licences from people who need none, or buy more, and resume then")},
	"system-owner":    {title: "System Owner", cause: "nobody can change the System Owner by API", cure: fixedCure("hand the ownership over first, or leave the person out")},
	"sso-mismatch":    {title: "SSO mapping", cause: "the login ID does not fit the way the tenant maps its people", check: "compare sso of the tenant in the configuration with its SAML settings"},
	"unexplained":     {title: "unexplained", cause: "the tenant refuses the request and does not say why", check: "read the evidence that stands with each failure"},
	"manages-others":  {title: "manages others", cause: "the tenant deletes no manager of others", cure: fixedCure("give the reports another manager, or none")},
	"hidden-team":     {title: "hidden team", cause: "the team lies in another content namespace and cannot be addressed", cure: fixedCure("switch Ignore Content Namespace for Teams on in the tenant, or set api to auto")},
	"team-name-twice": {title: "team name", cause: "several content namespaces have a team of this name", cure: fixedCure("rename or delete all but one")},
	"roles-lost":      {title: "roles lost", cause: "a proof of how the tenant changes single roles took roles away that could not be written back", cure: resume},
	"too-many":        {title: "too many", cause: "it is more than one request, or one team, takes", cure: fixedCure("split it")},
	"team-full":       {title: "team full", cause: "the team takes no more members", cure: fixedCure("split the team")},
	"other-user-id":   {title: "other user ID", cause: "the tenant made the person under another user ID", cure: fixedCure("delete that one, or change its e-mail, and make a new plan")},
	"list-moved":      {title: "list moved", cause: "the list changed faster than it could be read", cure: fixedCure("try again when less is changed in the tenant")},
	"incomplete":      {title: "incomplete", cause: "what was read lacks what writing it back needs, so that it was left alone", check: "look whether a proxy changes answers"},

	"not-created": {title: "not created", cause: "the person, or whom the link leads to, could not be created", check: "look at the failure of that person", cure: resume},
	"uncorrected": {title: "not corrected", cause: "created, but what the tenant's defaults changed could not be put right", cure: resume},

	"dropped": {title: "left out", cause: "the tenant accepted the write and left this part of it out", cure: resume},
	"ignored": {
		title: "ignored", cause: "the tenant accepts changes of the attribute and leaves it as it is; later plans leave it out",
		check: "look whether the identity provider sets it", cure: retryIgnored,
	},
	"unknown": {title: "unknown", cause: "the tenant does not know the role or person", cure: fixedCure("create it there first")},
}

// fewerCalls is the cure of being throttled.
func fewerCalls(surface Surface) string {
	const later = "; where it comes often, lower limits.calls_per_second of the tenant"
	return resume(surface) + later
}
