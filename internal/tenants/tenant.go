package tenants

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"sacbridge/internal/config"
	"sacbridge/internal/engine"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// Options hold for every tenant that a program connects to.
type Options struct {
	CA        string // PEM file of authorities that are trusted too, besides the tenant's own and the system's
	UserAgent string // how the program names itself to tenants
	Workers   int    // calls side by side; 0: as the tenant's settings say
	Logger    *slog.Logger
	Memory    Memory // nil: every process learns anew what tenants are like
	// RetryIgnored has attributes that tenants are known to accept and ignore tried again; what they take is no longer
	// known as ignored.
	RetryIgnored bool
}

// Memory keeps what was learnt about tenants from one process to the next.
type Memory interface {
	// Recall gives what is known about the tenant at an address; nothing is no error.
	Recall(ctx context.Context, tenantURL string) (upstream.Facts, error)
	// Remember keeps all that is known by now. It may be called by several processes, of which the last one wins.
	Remember(ctx context.Context, tenantURL string, known upstream.Facts) error
}

// Tenant is one tenant, ready to be called.
type Tenant struct {
	Conn       *sac.Tenant
	Production bool // deletes ask for the tenant's name

	id, secret func() (string, error)
}

// Named connects to a tenant of the configuration by its name. It makes no call.
func Named(ctx context.Context, c *config.Config, name string, o Options) (*Tenant, error) {
	t, ok := c.Tenants[name]
	if !ok {
		return nil, fmt.Errorf("unknown tenant %q; %s names %s", name, c.Path(), strings.Join(Names(c), ", "))
	}
	made, err := Connect(ctx, sac.Config{
		Name: name, URL: t.URL, TokenURL: t.Auth.TokenURL, Platform: t.Platform, SSO: t.SSO, Namespace: t.Namespace, API: t.API,
		NoBulk: !t.Limits.Bulk, NoLookup: !t.Limits.BatchLookups,
		Session: session.Config{
			ClientID: t.Auth.ClientID.Reveal, ClientSecret: t.Auth.ClientSecret.Reveal,
			Workers: t.Limits.Workers, PerSecond: t.Limits.CallsPerSecond,
		},
	}, t.TLS.CA, o)
	if err != nil {
		return nil, err
	}
	made.Production = t.Production
	return made, nil
}

// Names lists the tenants of the configuration.
func Names(c *config.Config) []string { return slices.Sorted(maps.Keys(c.Tenants)) }

// Connect connects to a tenant that no configuration need name. ca is a PEM file of authorities that this tenant
// needs; it may be empty. It makes no call.
func Connect(ctx context.Context, c sac.Config, ca string, o Options) (*Tenant, error) {
	environment := httpproxy.FromEnvironment()
	if err := cmp.Or(checkProxy(c.URL, environment), checkProxy(c.TokenURL, environment)); err != nil {
		return nil, err
	}
	roots, err := Trust(ca, o.CA)
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = o.Logger.With("tenant", c.Name)
	c.Session.Logger, c.Session.RootCAs, c.Session.UserAgent = c.Logger, roots, o.UserAgent
	c.Session.Workers = cmp.Or(o.Workers, c.Session.Workers)
	o.recall(ctx, &c)
	conn, err := sac.New(c)
	if err != nil {
		return nil, err
	}
	return &Tenant{Conn: conn, id: c.Session.ClientID, secret: c.Session.ClientSecret}, nil
}

// recall gives the connector what is known, and has it tell what it learns. A memory that fails costs some calls and
// nothing else.
func (o *Options) recall(ctx context.Context, c *sac.Config) {
	if o.Memory == nil {
		return
	}
	url, log := c.URL, c.Logger
	known, err := o.Memory.Recall(ctx, url)
	if err != nil {
		log.WarnContext(ctx, "what was learnt about the tenant is not known", "error", err)
	}
	c.Facts, c.RetryIgnored = known, o.RetryIgnored
	c.Learned = func(known upstream.Facts) {
		if err := o.Memory.Remember(context.WithoutCancel(ctx), url, known); err != nil {
			log.WarnContext(ctx, "what was learnt about the tenant is not kept", "error", err)
		}
	}
}

// Credentials looks both credentials up, so that a missing one is told before any call.
func (t *Tenant) Credentials() error {
	_, err := t.id()
	_, serr := t.secret()
	return errors.Join(err, serr)
}

// Traffic tells how much was sent so far.
func (t *Tenant) Traffic() engine.Traffic {
	s := t.Conn.Stats()
	return engine.Traffic{Calls: s.Calls, Retries: s.Retries, Waited: s.Waited, Pause: s.Pause}
}

// Endpoint is the tenant as one run needs it: with the session that all runs share, and nothing of what another has met.
func (t *Tenant) Endpoint() engine.Endpoint {
	conn := t.Conn.Fresh()
	return engine.Endpoint{
		Conn: conn, Production: t.Production, Credentials: t.Credentials, Discover: t.discover, Count: conn.Count, Traffic: t.Traffic,
	}
}

// discover finds out the tenant's limits and then opens the session for what comes next, while others read elsewhere.
func (t *Tenant) discover(ctx context.Context) error {
	before := t.Traffic().Calls
	err := t.Conn.Discover(ctx)
	if after := t.Traffic().Calls; err == nil && after > before {
		t.Conn.Prepare(ctx)
	}
	return err
}
