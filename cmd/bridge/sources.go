package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"

	"sacbridge/internal/config"
	"sacbridge/internal/scimserver"
	"sacbridge/internal/scimserver/issuer"
	"sacbridge/internal/tenants"
)

func checkSwitches(s *config.Source) error {
	_, err := scimserver.SwitchesOf(scimserver.Profile(s.Profile), s.Switches)
	return err
}

// scimSources makes the server's sources of the configuration's. Secrets are looked up here, once. ctx
// bounds the life of the key sets of issuers.
func scimSources(ctx context.Context, b *config.Bridge, log *slog.Logger) ([]scimserver.Source, error) {
	var out []scimserver.Source
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(b.Sources)) {
		s := b.Sources[name]
		auth, err := scimAuth(ctx, &s.Auth, log)
		if err != nil {
			faults = append(faults, fmt.Errorf("bridge.sources.%s: %w", name, err))
		}
		out = append(out, scimserver.Source{
			Name: name, Profile: scimserver.Profile(s.Profile), Switches: s.Switches, Auth: auth, Limits: scimLimits(&s.Limits),
		})
	}
	return out, errors.Join(faults...)
}

func scimLimits(l *config.SourceLimits) scimserver.Limits {
	return scimserver.Limits{
		Body: int64(l.BodyKiB) << 10, GroupBody: int64(l.GroupBodyKiB) << 10, BulkBody: int64(l.BulkBodyKiB) << 10,
		BulkOperations: l.BulkOperations, Results: l.MaxPageSize, Page: l.PageSize, Time: l.RequestTime.Std(),
		Rate: l.RequestsPerSecond, Burst: l.Burst, ListMembers: l.ListMembers,
	}
}

func scimAuth(ctx context.Context, a *config.SourceAuth, log *slog.Logger) (scimserver.Auth, error) {
	out := scimserver.Auth{Tokens: a.Tokens}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(a.Clients)) {
		c := a.Clients[name]
		secret, err := c.Secret.Reveal()
		if err != nil {
			faults = append(faults, err)
			continue
		}
		id := c.ID
		if id == "" {
			id = name
		}
		out.Clients = append(out.Clients, scimserver.NewClient(id, secret))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Issuers)) {
		i := a.Issuers[name]
		roots, err := tenants.Trust(i.CA)
		if err != nil {
			faults = append(faults, fmt.Errorf("auth.issuers.%s.ca: %w", name, err))
			continue
		}
		verifier := issuer.New(ctx, issuer.Issuer{URL: i.Issuer, Audience: i.Audience, KeysURL: i.KeysURL, Roots: roots, Log: log})
		out.Issuers = append(out.Issuers, scimserver.Issuer{Name: name, Verifier: verifier, Subjects: i.Subjects})
	}
	for _, name := range slices.Sorted(maps.Keys(a.Certificates)) {
		c := a.Certificates[name]
		out.Certificates = append(out.Certificates, scimserver.Certificate{Name: name, Subject: c.Subject, DNS: c.DNS, URI: c.URI, Email: c.Email})
	}
	addresses, err := networks(a.Addresses)
	out.Addresses = addresses
	return out, errors.Join(append(faults, err)...)
}

// networks reads a list of addresses and networks.
func networks(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := config.ParseNetwork(text)
		if err != nil {
			return nil, fmt.Errorf("read network %q: %w", text, err)
		}
		out = append(out, p)
	}
	return out, nil
}
