package main

import (
	"context"
	"fmt"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/config"
	"sacbridge/internal/engine"
	"sacbridge/internal/plan"
	"sacbridge/internal/tenants"
)

// tenantPair is source and target with what the configuration says about them.
type tenantPair struct {
	from, to  engine.Endpoint
	folder    stateFolder
	rules     plan.Rules
	roleTable map[string]string // source role ID to target role ID
}

// operation makes the frame of a changing command on the pair.
func (p *tenantPair) operation(command string, limits *limitFlags) engine.Operation {
	rules := p.rules
	rules.Guards.MinSourceSize = limits.sourceSize.or(rules.Guards.MinSourceSize)
	return engine.Operation{From: p.from, To: p.to, Command: command, Rules: rules, Allow: limits.allow(), Wait: limits.wait}
}

// settings are what a command takes from the configuration file, or its defaults where there is none.
type settings struct {
	file   *config.Config // nil: no configuration
	folder stateFolder
	rules  plan.Rules
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
		return &settings{folder: stateIn(dir), rules: plan.Rules{Guards: plan.DefaultGuards()}}, nil
	}
	return &settings{file: c, folder: stateFolder{runs: c.RunsDir(), leases: c.Leases}, rules: tenants.Rules(c)}, nil
}

// connect makes the sides of two tenants of the configuration, without a call.
func (a *app) connect(ctx context.Context, from, to string, calls *callFlags) (*tenantPair, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	p := &tenantPair{folder: s.folder, rules: s.rules}
	if p.from, err = a.namedEndpoint(ctx, s, from, calls); err != nil {
		return nil, err
	}
	if p.to, err = a.namedEndpoint(ctx, s, to, calls); err != nil {
		return nil, err
	}
	p.roleTable = tenants.RoleTable(s.file, from, to)
	return p, nil
}

// namedEndpoint makes the side of one tenant of the configuration.
func (a *app) namedEndpoint(ctx context.Context, s *settings, name string, calls *callFlags) (engine.Endpoint, error) {
	return endpointOf(a.namedTenant(ctx, s, name, calls))
}

// namedTenant connects to one tenant of the configuration.
func (a *app) namedTenant(ctx context.Context, s *settings, name string, calls *callFlags) (*tenants.Tenant, error) {
	if s.file == nil {
		return nil, fmt.Errorf("there is no configuration that could name tenant %q: write sacbridge.yaml or give --config FILE", name)
	}
	return tenants.Named(ctx, s.file, name, a.tenantOptions(s.folder, calls))
}

// tenantOptions are what the flags say about every tenant.
func (a *app) tenantOptions(folder stateFolder, calls *callFlags) tenants.Options {
	return tenants.Options{
		CA: a.ca, UserAgent: "sacbridge-" + commandLine().Name + "/" + cli.ThisBuild().Version, Logger: a.logger(),
		Workers: calls.workers, Memory: folder.facts(), RetryIgnored: calls.retryIgnored,
	}
}

// endpointOf takes a tenant for a side; what made it fail is a matter of settings.
func endpointOf(t *tenants.Tenant, err error) (engine.Endpoint, error) {
	if err != nil {
		return engine.Endpoint{}, cli.Coded(cli.ExitUsage, err)
	}
	return t.Endpoint(), nil
}

// tenantNames lists the tenants of the configuration.
func (a *app) tenantNames() ([]string, error) {
	s, err := a.settings()
	if err != nil || s.file == nil {
		return nil, err
	}
	return tenants.Names(s.file), nil
}
