package main

import (
	"context"
	"net/url"
	"os"
	"path/filepath"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/config"
	"sacbridge/internal/dataset"
	"sacbridge/internal/engine"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/tenants"
)

// connectEnv makes the sides that Postman environments name: one file for both, or one for each. The
// configuration, where there is one, still gives guards, protection and the state folder.
func (a *app) connectEnv(ctx context.Context, source, target string, calls *callFlags) (*tenantPair, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	from, to, err := a.environments(source, target)
	if err != nil {
		return nil, err
	}
	p := &tenantPair{folder: s.folder, rules: s.rules}
	if p.from, err = a.envEndpoint(ctx, from, filepath.Dir(source), a.tenantOptions(s.folder, calls)); err != nil {
		return nil, err
	}
	if target == "" {
		target = source
	}
	p.to, err = a.envEndpoint(ctx, to, filepath.Dir(target), a.tenantOptions(s.folder, calls))
	return p, err
}

// environments finds source and target in one environment file or two.
func (a *app) environments(source, target string) (from, to *dataset.EnvironmentTenant, err error) {
	e, err := a.readEnvironment(source)
	if err != nil {
		return nil, nil, err
	}
	if target == "" {
		if e.Source == nil || e.Target == nil {
			return nil, nil, cli.Usagef("%s has no Source- and Target- settings: give the target's environment by --target-env FILE", source)
		}
		return e.Source, e.Target, nil
	}
	t, err := a.readEnvironment(target)
	if err != nil {
		return nil, nil, err
	}
	if from = e.Tenant; from == nil {
		from = e.Source
	}
	if to = t.Tenant; to == nil {
		to = t.Target
	}
	if from == nil || to == nil {
		return nil, nil, cli.Usagef("%s must have the settings of the source and %s those of the target", source, target)
	}
	return from, to, nil
}

func (a *app) readEnvironment(path string) (*dataset.Environment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cli.Usagef("environment file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	e, err := dataset.ReadEnvironment(f, path)
	if err != nil {
		return nil, cli.Usagef("environment file %s is rejected:\n%w", path, err)
	}
	a.warn(e.Warnings)
	return e, nil
}

// envEndpoint makes the side of one tenant of an environment. Its name is its host.
func (a *app) envEndpoint(ctx context.Context, t *dataset.EnvironmentTenant, dir string, o tenants.Options) (engine.Endpoint, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return engine.Endpoint{}, cli.Usagef("environment: %w", err)
	}
	id, err := config.NewSecret(t.ClientID(), dir, "Username of "+u.Host)
	if err != nil {
		return engine.Endpoint{}, cli.Usagef("Username of %s %w", u.Host, err)
	}
	secret, err := config.NewSecret(t.ClientSecret(), dir, "Password of "+u.Host)
	if err != nil {
		return engine.Endpoint{}, cli.Usagef("Password of %s %w", u.Host, err)
	}
	return endpointOf(tenants.Connect(ctx, sac.Config{
		Name: u.Host, URL: t.URL, TokenURL: t.TokenURL, Platform: t.Platform, SSO: t.SSO, Namespace: t.Namespace,
		Session: session.Config{ClientID: id.Reveal, ClientSecret: secret.Reveal},
	}, "", o))
}
