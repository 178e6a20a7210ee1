package main

import (
	"net"
	"net/url"
	"strings"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/config"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sac"
	"sacbridge/internal/tenants"
)

// side is one tenant of a command, ready to be called.
type side struct {
	tenant     identity.Tenant
	conn       *sac.Tenant
	production bool
	// credentials looks them up, so that a missing one is told before any call.
	credentials func() error
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
	rules     plan.Rules
	roleTable map[string]string // source role ID to target role ID
}

// work makes the frame of a changing command on the pair.
func (p *pair) work(command string, flags *planFlags, limits *limitFlags) work {
	return work{
		command: command, ends: p, from: p.from, to: p.to, place: p.place, flags: flags,
		rules: plan.Rules{Guards: limits.over(p.rules.Guards), Protect: p.rules.Protect},
	}
}

// settings are what a command takes from the configuration file, or its defaults where there is none.
type settings struct {
	file  *config.Config // nil: no configuration
	place stateFolder
	rules plan.Rules
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
		return &settings{place: stateIn(dir), rules: plan.Rules{Guards: plan.DefaultGuards()}}, nil
	}
	return &settings{file: c, place: stateFolder{runs: c.RunsDir(), leases: c.Leases}, rules: tenants.Rules(c)}, nil
}

// connect makes the sides of two tenants of the configuration, without a call.
func (a *app) connect(from, to string, workers int) (*pair, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	p := &pair{place: s.place, rules: s.rules}
	if p.from, err = a.namedSide(s, from, workers); err != nil {
		return nil, err
	}
	if p.to, err = a.namedSide(s, to, workers); err != nil {
		return nil, err
	}
	p.roleTable = tenants.RoleTable(s.file, from, to)
	return p, nil
}

// namedSide makes the side of one tenant of the configuration.
func (a *app) namedSide(s *settings, name string, workers int) (*side, error) {
	if s.file == nil {
		return nil, cli.Usagef("there is no configuration that could name tenant %q: write sacbridge.yaml or give --config FILE", name)
	}
	return sideOf(tenants.Named(s.file, name, a.tenantOptions(workers)))
}

// tenantOptions are what the flags say about every tenant.
func (a *app) tenantOptions(workers int) tenants.Options {
	return tenants.Options{
		CA: a.ca, UserAgent: "sacbridge-" + strings.ReplaceAll(tool(), " ", "/"), Workers: workers, Logger: a.logger(),
	}
}

// sideOf takes a tenant for a side; what made it fail is a matter of settings.
func sideOf(t *tenants.Tenant, err error) (*side, error) {
	if err != nil {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	return &side{tenant: t.Tenant.Tenant(), conn: t.Tenant, production: t.Production, credentials: t.Credentials}, nil
}

// tenantNames lists the tenants of the configuration.
func (a *app) tenantNames() ([]string, error) {
	s, err := a.settings()
	if err != nil || s.file == nil {
		return nil, err
	}
	return tenants.Names(s.file), nil
}
