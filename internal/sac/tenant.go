package sac

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// Config says which tenant to talk to and how.
type Config struct {
	Name      string // as in the configuration
	URL       string // scheme and host
	TokenURL  string
	Platform  string // "cf" or "neo"
	SSO       string // "default", "userid", "email" or "custom"
	Namespace string
	API       string // "auto", "1" or "2"; empty is "auto"

	// Session holds the credentials, the transport and the limits of rate; New fills in its BaseURL,
	// TokenURL and Platform.
	Session session.Config

	NoBulk   bool // one person per write
	NoLookup bool // one person per search
	Logger   *slog.Logger

	// Facts is what was learnt about the tenant by earlier processes. Learned is called with all that is
	// known whenever something is learnt, one call at a time; nil where nobody keeps it.
	Facts   upstream.Facts
	Learned func(upstream.Facts)
	// RetryIgnored says that nothing is known as ignored, until it is seen again; the other facts stay.
	RetryIgnored bool
}

// Tenant is one tenant as an upstream.Connector. It is safe for concurrent use.
//
// A person's LoginID is what v1 shows as userName: the login ID of SSO modes email and custom, and the
// user ID under default and userid. v2 shows the e-mail as idpUserId of a default tenant; that value
// follows the e-mail and is never given out as LoginID, so that readings of both versions compare.
type Tenant struct {
	cfg Config
	who identity.Tenant
	log *slog.Logger

	session    *session.Session
	calls      caller              // the session, or the worker of a reading and the write made from it
	permission upstream.Permission // of a writer's calls

	chunks  *chunkSizer
	bulk    *bulkState
	facts   *tenantFacts
	updates interruptibleMutex // of v2 updates of people

	// What was met in this run; see Fresh.
	ids      *idCache
	count    *userCount
	otherIDs *otherIDs
	roles    *roleList
}

// caller makes calls.
type caller interface {
	Do(ctx context.Context, r session.Request) (*session.Response, error)
}

// userCount is the number of people in the tenant as last seen; 0 = never counted.
type userCount struct {
	mu    sync.Mutex
	total int
}

var _ upstream.Connector = (*Tenant)(nil)

// New makes the connector of one tenant; it makes no call. A wrong URL or word is an error.
func New(c Config) (*Tenant, error) {
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("tenant %q: %w", c.Name, err)
	}
	s, err := session.New(c.Session)
	if err != nil {
		return nil, fmt.Errorf("tenant %q: %w", c.Name, err)
	}
	who := identity.Tenant{Name: c.Name, URL: c.URL, Platform: c.Platform, SSO: c.SSO, Namespace: c.Namespace}
	who.OnlyV1 = c.Platform == identity.PlatformCF && c.API == "1"
	return &Tenant{
		cfg: c, who: who, session: s, calls: s, log: c.Logger,
		chunks: newChunkSizer(), bulk: newBulkState(c.NoBulk), facts: newTenantFacts(c.Facts, c.Learned), updates: newInterruptibleMutex(),
		ids: newIDCache(), count: &userCount{}, otherIDs: newOtherIDs(), roles: newRoleList(),
	}, nil
}

// Fresh gives a connector for another run: it has the session, with its token and its limits, and all that
// was learnt about the tenant, and nothing of what was met in it.
func (t *Tenant) Fresh() *Tenant {
	fresh := *t
	fresh.ids, fresh.count, fresh.otherIDs, fresh.roles = newIDCache(), &userCount{}, newOtherIDs(), newRoleList()
	return &fresh
}

// complete fills in defaults and refuses unknown words.
func (c *Config) complete() error {
	if c.API == "" {
		c.API = "auto"
	}
	if c.SSO == "" {
		c.SSO = identity.SSODefault
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if !oneOf(c.Platform, identity.PlatformCF, identity.PlatformNEO) || !oneOf(c.SSO, identity.SSODefault, identity.SSOUserID, identity.SSOEmail, identity.SSOCustom) ||
		!oneOf(c.API, "auto", "1", "2") {
		return fmt.Errorf("platform %q, sso %q or api %q is not a known word", c.Platform, c.SSO, c.API)
	}
	if c.Platform == identity.PlatformNEO && c.API == "2" {
		return errors.New("api 2 does not exist on NEO: use auto or 1")
	}
	base, err := absolute(c.URL)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	token, err := absolute(c.TokenURL)
	if err != nil {
		return fmt.Errorf("token url: %w", err)
	}
	c.URL = strings.TrimSuffix(base.String(), "/")
	c.Session.BaseURL, c.Session.TokenURL, c.Session.Platform = base, token, c.Platform
	return nil
}

func oneOf(word string, words ...string) bool {
	return slices.Contains(words, word)
}

// absolute parses a URL that must name scheme and host.
func absolute(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("parse %q: %w", raw, err)
	}
	if u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("%q needs a scheme and a host", raw)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

// Tenant says which tenant this is. It makes no call.
func (t *Tenant) Tenant() identity.Tenant { return t.who }

// Stats gives the requests sent so far and how many of them were repeats.
func (t *Tenant) Stats() session.Stats { return t.session.Stats() }

// hasV2 reports whether v2 may be called.
func (t *Tenant) hasV2() bool { return t.who.HasV2() }

// mayV1 reports whether v1 may be called.
func (t *Tenant) mayV1() bool { return t.cfg.API != "2" }

// loginIsUserID reports whether the SSO mode makes the login ID the user ID (script 1131).
func (t *Tenant) loginIsUserID() bool {
	return t.cfg.SSO == identity.SSODefault || t.cfg.SSO == identity.SSOUserID
}

// loginIsEmail reports whether v2 wants idpUserId to equal the e-mail exactly (KBA 3562962).
func (t *Tenant) loginIsEmail() bool {
	return t.cfg.SSO == identity.SSODefault || t.cfg.SSO == identity.SSOEmail
}

// people gives the number of people as last counted, 0 if never.
func (t *Tenant) people() int {
	t.count.mu.Lock()
	defer t.count.mu.Unlock()
	return t.count.total
}

func (t *Tenant) setPeople(n int) {
	t.count.mu.Lock()
	defer t.count.mu.Unlock()
	t.count.total = n
}

// Prepare opens the session for searches and writes, so that the first of them need not wait. Where that fails the
// call that needs it tells.
func (t *Tenant) Prepare(ctx context.Context) { t.session.Prepare(ctx) }

// Close gives back idle connections. Calls may follow it.
func (t *Tenant) Close() { t.session.Close() }
