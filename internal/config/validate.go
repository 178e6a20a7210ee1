package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	nameForm      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)
	namespaceForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// validator checks what the types cannot say. It runs over all of a decoded file, also over one that
// has faults already, and so passes over what is empty.
type validator struct {
	*decoder
	config *Config
}

// bad notes a fault at a key.
func (v *validator) bad(path, format string, args ...any) {
	v.fault(v.place(path), path, format, args...)
}

func (v *validator) all() {
	c := v.config
	if strings.Contains(c.State, "://") {
		v.bad("state", "is an address, and the state is a file: write its path")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Tenants)) {
		v.tenant("tenants."+name, name, c.Tenants[name])
	}
	v.roles()
	v.guards("guards", c.Guards)
	v.protect()
	if c.Bridge != nil {
		v.bridge(c.Bridge)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Jobs)) {
		v.job("jobs."+name, name, c.Jobs[name])
	}
}

// tenant checks one tenant.
func (v *validator) tenant(path, name string, t *Tenant) {
	v.name(path, name)
	if name == directory {
		v.bad(path, "a tenant cannot be called %s: jobs use that word for the bridge's own people and groups", directory)
	}
	v.address(path+".url", t.URL, tenantAddress(t, "https://tenant.eu10.sapanalytics.cloud"))
	v.hostOnly(path+".url", t.URL)
	v.address(path+".auth.token_url", t.Auth.TokenURL, tenantAddress(t, "https://tenant.authentication.eu10.hana.ondemand.com/oauth/token"))
	v.platform(path, t)
	if t.Namespace != "" && !namespaceForm.MatchString(t.Namespace) {
		v.bad(path+".namespace", "is no content namespace: it looks like t.DEV")
	}
	if t.Limits.Workers < 1 || t.Limits.Workers > 64 {
		v.bad(path+".limits.workers", "must be 1 to 64")
	}
	if !(t.Limits.CallsPerSecond >= 0) {
		v.bad(path+".limits.calls_per_second", "must be 0 (no limit) or more")
	}
	if t.NewUserDefaults.CleanUpNotificationsDays < 0 {
		v.bad(path+".new_user_defaults.clean_up_notifications_days", "must be 0 (never) or more")
	}
	if t.Platform == "neo" && t.API == "2" {
		v.bad(path+".api", "is 2, and a NEO tenant has version 1 only")
	}
	if !t.Auth.ClientSecret.literal {
		return
	}
	if field := path + ".auth.client_secret"; v.config.ForbidLiteralSecrets {
		v.bad(field, "stands in the file itself, which forbid_literal_secrets does not allow: write env:NAME or file:PATH")
	} else {
		v.warn(field, "stands in the file itself: write env:NAME or file:PATH, and change the secret, which others may have read")
	}
}

// name checks what people will type in commands and URLs.
func (v *validator) name(path, name string) {
	if !nameForm.MatchString(name) {
		v.bad(path, "a name has letters, digits, - and _ only, 63 at most, and begins with a letter or digit")
	}
}

// addressRules say what an address is for, in the words of the keys that belong to it.
type addressRules struct {
	example   string
	user      string // where a user or password belongs
	http      string // what http means there, and the cure
	allowHTTP bool
}

func tenantAddress(t *Tenant, example string) addressRules {
	return addressRules{
		example: example, user: "credentials belong to auth", allowHTTP: t.AllowHTTP,
		http: "which sends the credentials in clear: write https, or set allow_http: true for this tenant",
	}
}

// address checks a URL.
func (v *validator) address(path, text string, r addressRules) {
	if text == "" {
		if v.has(path) {
			v.bad(path, "is empty")
		}
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		v.bad(path, "is no address: write it as in %s", r.example)
	case u.Scheme != "https" && u.Scheme != "http":
		v.bad(path, "begins with %s: write https://", u.Scheme)
	case u.User != nil:
		v.bad(path, "holds a user or password: %s", r.user)
	case u.RawQuery != "" || u.Fragment != "":
		v.bad(path, "has more than host and path")
	case !validPort(u.Port()):
		v.bad(path, "has a port that does not exist")
	case u.Scheme == "http" && !loopback(u.Hostname()) && !r.allowHTTP:
		v.bad(path, "is http, %s", r.http)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		v.warn(path, "is http: the credentials travel in clear")
	}
}

// hostOnly checks that a tenant's address is what all its paths can be put behind: people copy it from the browser
// with the path of a story.
func (v *validator) hostOnly(path, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || strings.Trim(u.EscapedPath(), "/") == "" {
		return
	}
	v.bad(path, "has the path %s behind the host: write %s://%s", u.EscapedPath(), u.Scheme, u.Host)
}

// platform checks that the tenant is what the paths of token addresses say: those of the two environments are
// fixed (sac-api.md §2).
func (v *validator) platform(path string, t *Tenant) {
	u, err := url.Parse(t.Auth.TokenURL)
	if err != nil {
		return
	}
	looksLike := map[string]string{"/oauth2/api/v1/token": "neo", "/oauth/token": "cf"}[strings.TrimSuffix(u.Path, "/")]
	if looksLike != "" && looksLike != t.Platform {
		v.warn(path+".auth.token_url", "is the token address of a tenant on %s, and platform is %s: write platform: %s, or the token address that the tenant shows",
			looksLike, t.Platform, looksLike)
	}
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n < 65536
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// roles checks the table of roles that are called differently.
func (v *validator) roles() {
	for i, row := range v.config.Roles {
		path := fmt.Sprintf("roles[%d]", i)
		if len(row) < 2 {
			v.bad(path, "needs the role's name in at least two tenants: {dev: …, prod: …}")
		}
		for _, tenant := range slices.Sorted(maps.Keys(row)) {
			v.knownTenant(path+"."+tenant, tenant)
			v.roleID(path+"."+tenant, row[tenant])
		}
	}
}

func (v *validator) knownTenant(path, name string) {
	if _, ok := v.config.Tenants[name]; !ok {
		v.bad(path, "there is no tenant %q%s", name, didYouMean(name, slices.Sorted(maps.Keys(v.config.Tenants))))
	}
}

func (v *validator) roleID(path, role string) {
	if rest, ok := strings.CutPrefix(role, "PROFILE:"); !ok || strings.Count(rest, ":") != 1 {
		v.bad(path, "is no role ID: it looks like PROFILE:t.DEV:Analyst")
	}
}

// guards checks limits.
func (v *validator) guards(path string, g Guards) {
	limits := map[string]Guard{
		"max_create": g.MaxCreate, "max_update": g.MaxUpdate, "max_deactivate": g.MaxDeactivate,
		"max_delete": g.MaxDelete, "max_role_removal": g.MaxRoleRemoval, "max_member_removal": g.MaxMemberRemoval,
	}
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		v.count(v.written(path+"."+name, "count"), limits[name].Count)
		v.percent(v.written(path+"."+name, "percent"), limits[name].Percent)
	}
	v.count(path+".min_source_size.count", g.MinSourceSize.Count)
	v.percent(path+".min_source_size.percent_of_last", g.MinSourceSize.PercentOfLast)
}

// written is the path of a key below another one, or of that one where it stands for both.
func (v *validator) written(path, key string) string {
	if below := path + "." + key; v.has(below) {
		return below
	}
	return path
}

func (v *validator) has(path string) bool {
	_, there := v.places[path]
	return there
}

func (v *validator) count(path string, n *int) {
	if n != nil && *n < 0 {
		v.bad(path, "must be 0 or more")
	}
}

func (v *validator) percent(path string, p *float64) {
	if p != nil && !(*p >= 0 && *p <= 100) {
		v.bad(path, "must be 0 to 100")
	}
}

// protect checks that nothing is protected by an empty name.
func (v *validator) protect() {
	p := v.config.Protect
	for name, list := range map[string][]string{"users": p.Users, "teams": p.Teams, "roles": p.Roles} {
		for i, item := range list {
			path := fmt.Sprintf("protect.%s[%d]", name, i)
			switch {
			case strings.TrimSpace(item) == "":
				if p, ok := v.places[path]; ok && !v.faultAt(p) {
					v.bad(path, "is empty")
				}
			case name == "roles":
				v.roleID(path, item)
			}
		}
	}
}

// faultAt reports whether a fault has been noted at a place, so that it is not noted again.
func (v *validator) faultAt(p position) bool {
	return slices.ContainsFunc(v.faults, func(f Fault) bool { return f.Line == p.line && f.Column == p.column })
}
