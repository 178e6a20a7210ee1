package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// Level says how bad a finding is.
type Level string

// The levels of a finding.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// CheckResult is one result of Check.
type CheckResult struct {
	Step  string // what was looked at, such as "token"
	Level Level
	Text  string // what was found
	Cure  string // what to do about it; empty where nothing is to be done
}

// maxSkew is how far clocks may differ before it is worth a word.
const maxSkew = 2 * time.Minute

// Check looks at the tenant the way a run would use it and says what is wrong, with the cure. It only
// reads. It stops early where nothing further could be learnt; now is the local time.
func (t *Tenant) Check(ctx context.Context, now func() time.Time) []CheckResult {
	c := &tenantCheck{t: t, now: now}
	if !c.access(ctx) {
		return c.found
	}
	switch {
	case t.hasV2() && !c.versionTwo(ctx):
		return c.found // the rest would fail in the same way
	case t.cfg.Platform == identity.PlatformNEO:
		c.platform(ctx)
	}
	c.sso(ctx)
	c.owner(ctx)
	c.licences()
	c.hidden(ctx)
	c.activities(ctx)
	return c.found
}

// tenantCheck is one run of Check.
type tenantCheck struct {
	t     *Tenant
	now   func() time.Time
	found []CheckResult

	version version // of the API that the first page of people came from
	rows    []person
	total   int
}

func (c *tenantCheck) say(step string, level Level, text, cure string) {
	c.found = append(c.found, CheckResult{Step: step, Level: level, Text: text, Cure: cure})
}

// access reads the first page of people: token, rights, paging and the clock show in it.
func (c *tenantCheck) access(ctx context.Context) bool {
	t := c.t
	v, root := v1, pathV1
	if !t.mayV1() {
		v, root = v2, pathV2
	}
	var l list
	resp, err := t.do(ctx, session.Request{
		Op: "list people", Method: http.MethodGet, Path: root + "/Users", Query: pageQuery(1, pageSize),
		Decode: func(dec *json.Decoder) error {
			c.rows = nil
			var err error
			l, err = readList(dec, func(dec *json.Decoder) error {
				p, err := t.decodePerson(dec, v)
				c.rows = append(c.rows, p)
				return err
			})
			return err
		},
	})
	if err != nil {
		c.accessFailed(err)
		return false
	}
	c.version, c.total = v, l.Total
	t.setPeople(l.Total)
	c.say("token", OK, "the OAuth client is accepted", "")
	c.say("rights", OK, `the client has the access "User Provisioning"`, "")
	c.say(fmt.Sprintf("v%d", v), OK, fmt.Sprintf("%d people", l.Total), "")
	if l.PerPage > 0 && l.PerPage < pageSize {
		c.say("pages", Warn, fmt.Sprintf("the tenant gives %d rows a page, not %d", l.PerPage, pageSize), "reading takes more calls; nothing is lost")
	} else {
		c.say("pages", OK, fmt.Sprintf("%d rows a page", pageSize), "")
	}
	c.clock(resp.Header.Get("Date"))
	c.writable(ctx)
	return true
}

func (c *tenantCheck) accessFailed(err error) {
	cure := ""
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		cure = e.Cause
	}
	c.say("token", Fail, err.Error(), cure)
}

// clock compares the tenant's clock with ours.
func (c *tenantCheck) clock(date string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	skew := c.now().Sub(at)
	if math.Abs(skew.Seconds()) > maxSkew.Seconds() {
		c.say("clock", Warn, fmt.Sprintf("this machine's clock differs from the tenant's by %s", skew.Round(time.Second)), "set the clock by NTP: tokens and schedules depend on it")
		return
	}
	c.say("clock", OK, "clocks agree", "")
}

// writable makes a search, which is a POST and so needs the CSRF token that writes need.
func (c *tenantCheck) writable(ctx context.Context) {
	v, attr := v1, "email"
	if c.t.hasV2() {
		v, attr = v2, "emails.value"
	}
	if _, _, err := c.t.listPeople(ctx, v, anyOf(attr, []string{"nobody@sacbridge.invalid"}), 1); err != nil {
		c.say("csrf", Fail, err.Error(), "writes will fail in the same way: does a proxy drop cookies or the header x-csrf-token?")
		return
	}
	c.say("csrf", OK, "the session takes writes", "")
}

// platform finds a tenant on CF that is called NEO.
func (c *tenantCheck) platform(ctx context.Context) {
	if c.answersV2(ctx) == nil {
		c.say("platform", Fail, "platform is neo, and the tenant answers v2, which only cf has", "write platform: cf")
		return
	}
	c.say("platform", OK, "neo: there is no v2", "")
}

func (c *tenantCheck) answersV2(ctx context.Context) error {
	_, err := c.t.do(ctx, session.Request{Op: "look for v2", Method: http.MethodGet, Path: pathV2 + "/Users", Query: pageQuery(1, 1)})
	return err
}

// versionTwo looks at v2, its Bulk and v3, and tells whether there is a v2.
func (c *tenantCheck) versionTwo(ctx context.Context) bool {
	t := c.t
	if err := c.answersV2(ctx); err != nil {
		c.say("v2", Fail, err.Error(), "write platform: neo if it is a tenant of NEO, which has no v2; with api: 1 a tenant on cf is used by v1 alone")
		return false
	}
	if err := t.Discover(ctx); err != nil {
		c.say("v2", Fail, err.Error(), "runs need the tenant's limits: try again, and ask its operators if it stays so")
		return false
	}
	ops, bytes := t.bulk.size()
	if ops > 1 {
		c.say("bulk", OK, fmt.Sprintf("%d operations and %d bytes a request", ops, bytes), "")
	} else {
		c.say("bulk", Warn, "no Bulk: people are written one by one", "")
	}
	c.roles(ctx)
	return true
}

// roles reads the list of roles, which is v3's.
func (c *tenantCheck) roles(ctx context.Context) {
	roles, ok, err := c.t.RoleIDs(ctx)
	switch {
	case err != nil:
		c.say("v3", Warn, err.Error(), "missing roles show only when they are written")
	case !ok:
		c.say("v3", Warn, "the tenant has no role list", "missing roles show only when they are written")
	default:
		c.say("v3", OK, fmt.Sprintf("%d roles", len(roles)), "")
	}
}

// hidden compares what v1 lists with what v1 can address, on the first teams of the list.
func (c *tenantCheck) hidden(ctx context.Context) {
	t := c.t
	if t.cfg.Platform != identity.PlatformCF || !t.mayV1() {
		return
	}
	var names []string
	_, err := t.getList(ctx, "list teams", pathV1+"/Groups", 1, 20, func() { names = nil }, func(dec *json.Decoder) error {
		tm, err := t.decodeTeam(dec, v1, false)
		if err == nil {
			names = append(names, tm.group.Name)
		}
		return err
	})
	if err != nil {
		c.say("hidden teams", Warn, err.Error(), "")
		return
	}
	var lost []string
	for _, name := range names {
		if _, err := t.getTeamV1(ctx, name, false); upstream.ClassOf(err) == upstream.Gone {
			lost = append(lost, name)
		}
	}
	if len(lost) == 0 {
		c.say("hidden teams", OK, fmt.Sprintf("v1 reaches all of the first %d teams", len(names)), "")
		return
	}
	c.say("hidden teams", Warn, fmt.Sprintf("v1 lists but cannot address %d of %d teams: %s", len(lost), len(names), strings.Join(lost[:min(len(lost), 5)], ", ")),
		causeHidden)
}

// activities tries the activity log, which needs an access of its own and is used by few commands.
func (c *tenantCheck) activities(ctx context.Context) {
	q := url.Values{"pageSize": {"1"}, "pageIndex": {"1"}, "sortKey": {"Timestamp"}, "sortDescending": {"false"}}
	resp, err := c.t.do(ctx, session.Request{
		Op: "read the activity log", Method: http.MethodGet, Path: "/api/v1/audit/activities/exportActivities", Query: q, Stream: true,
	})
	if err != nil {
		c.say("activities", Warn, "the client cannot read the activity log", `tick the access "Activities" of the OAuth client, if dormant people are to be found`)
		return
	}
	if err := resp.Stream.Close(); err != nil {
		c.t.log.DebugContext(ctx, "close the activity log", "error", err)
	}
	c.say("activities", OK, "the client can read the activity log", "")
}
