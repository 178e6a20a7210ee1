package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/config"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
)

// side is one tenant of a command, ready to be called.
type side struct {
	tenant     identity.Tenant
	conn       *sac.Tenant
	production bool
	id, secret func() (string, error)
}

// origin is scheme and host, by which leases know a tenant.
func (s *side) origin() string { return s.conn.Tenant().URL }

// host is what tells tenants apart, without case and default port.
func (s *side) host() string {
	u, err := url.Parse(s.tenant.URL)
	if err != nil {
		return strings.ToLower(s.tenant.URL)
	}
	port := u.Port()
	if port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		port = ""
	}
	if port == "" {
		return strings.ToLower(u.Hostname())
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// secrets looks both credentials up, so that a missing one is told before any call.
func (s *side) secrets() error {
	_, err := s.id()
	_, serr := s.secret()
	return errors.Join(err, serr)
}

// callCount is the number of requests sent so far.
func (s *side) callCount() int { return s.conn.Stats().Calls }

// both sums the requests and repeats of some sides.
func both(sides ...*side) func() (calls, retries int) {
	return func() (calls, retries int) {
		for _, s := range sides {
			st := s.conn.Stats()
			calls, retries = calls+st.Calls, retries+st.Retries
		}
		return calls, retries
	}
}

// pair is source and target with what the configuration says about them.
type pair struct {
	from, to  *side
	place     stateFolder
	guards    plan.Guards
	protect   plan.Protect
	roleTable map[string]string // source role ID to target role ID
}

// work makes the frame of a changing command on the pair.
func (p *pair) work(command string, flags *planFlags, limits *limitFlags) work {
	return work{
		command: command, ends: p, from: p.from, to: p.to, place: p.place, flags: flags,
		rules: plan.Rules{Guards: limits.over(p.guards), Protect: p.protect},
	}
}

// settings are what a command takes from the configuration file, or its defaults where there is none.
type settings struct {
	file    *config.Config // nil: no configuration
	place   stateFolder
	guards  plan.Guards
	protect plan.Protect
}

// settings reads the configuration. It is called by the commands that need it, so that a broken file
// stands in nobody else's way.
func (a *app) settings() (*settings, error) {
	c, found, err := a.LoadConfig()
	if err != nil {
		return nil, err
	}
	if !found {
		dir, err := config.StateDir(a.Env)
		if err != nil {
			return nil, cli.Usagef("there is no configuration, and without one: %w", err)
		}
		return &settings{place: stateIn(dir), guards: plan.DefaultGuards()}, nil
	}
	return &settings{
		file: c, place: stateFolder{runs: c.RunsDir(), leases: c.Leases}, guards: guardsOf(c.Guards),
		protect: plan.Protect{Users: c.Protect.Users, Teams: c.Protect.Teams, Roles: c.Protect.Roles},
	}, nil
}

// guardsOf turns the configuration's guards into the plan's.
func guardsOf(g config.Guards) plan.Guards {
	guard := func(g config.Guard) plan.Guard { return plan.Guard{Count: g.Count, Percent: g.Percent} }
	guards := plan.Guards{
		MaxCreate: guard(g.MaxCreate), MaxUpdate: guard(g.MaxUpdate), MaxDeactivate: guard(g.MaxDeactivate),
		MaxDelete: guard(g.MaxDelete), MaxRoleRemoval: guard(g.MaxRoleRemoval), MaxMemberRemoval: guard(g.MaxMemberRemoval),
		MinSourceSize: plan.Guard{Count: g.MinSourceSize.Count, Percent: g.MinSourceSize.PercentOfLast},
	}
	if guards.MinSourceSize.Count == nil && guards.MinSourceSize.Percent == nil {
		guards.MinSourceSize = plan.DefaultGuards().MinSourceSize
	}
	return guards
}

// connect makes the sides of two tenants of the configuration, without a call.
func (a *app) connect(from, to string, workers int) (*pair, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	p := &pair{place: s.place, guards: s.guards, protect: s.protect}
	if p.from, err = a.namedSide(s, from, workers); err != nil {
		return nil, err
	}
	if p.to, err = a.namedSide(s, to, workers); err != nil {
		return nil, err
	}
	p.roleTable = roleTable(s.file.Roles, from, to)
	return p, nil
}

// roleTable gives the exceptions of role translation between two tenants: the rows that name both.
func roleTable(rows []map[string]string, from, to string) map[string]string {
	table := map[string]string{}
	for _, row := range rows {
		if source, target := row[from], row[to]; source != "" && target != "" {
			table[source] = target
		}
	}
	return table
}

// namedSide makes the side of one tenant of the configuration.
func (a *app) namedSide(s *settings, name string, workers int) (*side, error) {
	if s.file == nil {
		return nil, cli.Usagef("there is no configuration that could name tenant %q: write sacbridge.yaml or give --config FILE", name)
	}
	t, ok := s.file.Tenants[name]
	if !ok {
		return nil, cli.Usagef("unknown tenant %q; %s names %s", name, s.file.Path(), some(slices.Sorted(maps.Keys(s.file.Tenants)), 20))
	}
	if workers == 0 {
		workers = t.Limits.Workers
	}
	return a.newSide(sac.Config{
		Name: name, URL: t.URL, TokenURL: t.Auth.TokenURL, Platform: t.Platform, SSO: t.SSO, Namespace: t.Namespace, API: t.API,
		NoBulk: !t.Limits.Bulk, NoLookup: !t.Limits.BatchLookups,
		Session: session.Config{
			ClientID: t.Auth.ClientID.Reveal, ClientSecret: t.Auth.ClientSecret.Reveal,
			Workers: workers, PerSecond: t.Limits.CallsPerSecond,
		},
	}, t.TLS.CA, t.Production)
}

// newSide completes a tenant's settings with what the flags say and makes its connector.
func (a *app) newSide(c sac.Config, ca string, production bool) (*side, error) {
	roots, err := trust(ca, a.ca)
	if err != nil {
		return nil, cli.Coded(exitUsage, err)
	}
	c.Session.RootCAs, c.Session.UserAgent = roots, "sacbridge-"+strings.ReplaceAll(tool(), " ", "/")
	c.Logger = a.logger().With("tenant", c.Name)
	c.Session.Logger = c.Logger
	conn, err := sac.New(c)
	if err != nil {
		return nil, cli.Coded(exitUsage, err)
	}
	return &side{
		tenant: conn.Tenant(), conn: conn, production: production,
		id: c.Session.ClientID, secret: c.Session.ClientSecret,
	}, nil
}

// trust gives the system's certificate authorities and those of some PEM files; nil where no file is
// named, which means the system's.
func trust(files ...string) (*x509.CertPool, error) {
	files = slices.DeleteFunc(files, func(f string) bool { return f == "" })
	if len(files) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, file := range files {
		pem, err := readLimited(file, 8<<20)
		if err != nil {
			return nil, fmt.Errorf("read certificate authorities: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
		}
	}
	return pool, nil
}

// tenantNames lists the tenants of the configuration.
func (a *app) tenantNames() ([]string, error) {
	s, err := a.settings()
	if err != nil || s.file == nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(s.file.Tenants)), nil
}
