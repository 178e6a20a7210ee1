package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/config"
	"sacbridge/internal/tenants"
)

// settings are what the commands take from the configuration.
type settings struct {
	file   *config.Config
	bridge *config.Bridge
}

// settings reads the configuration. It is called by the commands that need it, so that a broken file
// stands in nobody else's way.
func (a *app) settings() (*settings, error) {
	c, found, err := a.LoadConfig()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, cli.Usagef("there is no configuration: write sacbridge.yaml or give --config FILE (bridge demo needs none)")
	}
	if c.Bridge == nil || len(c.Bridge.Sources) == 0 {
		return nil, cli.Usagef("%s names no source: write bridge: {sources: {NAME: {}}}", c.Path())
	}
	if c.DatabaseServer() {
		return nil, cli.Usagef("%s: state names a database server, and this version keeps its state in a file", c.Path())
	}
	return &settings{file: c, bridge: c.Bridge}, nil
}

// sourceNames lists the sources.
func (s *settings) sourceNames() []string { return slices.Sorted(maps.Keys(s.bridge.Sources)) }

// checkSources refuses what only the server knows to be wrong, such as the name of a switch.
func (s *settings) checkSources() error {
	var faults []error
	for _, name := range s.sourceNames() {
		if err := checkSwitches(s.bridge.Sources[name]); err != nil {
			faults = append(faults, fmt.Errorf("source %q: %w", name, err))
		}
	}
	return cli.Coded(cli.ExitUsage, errors.Join(faults...))
}

// checkFiles looks up secrets, certificates and keys, and reports every one that is missing.
func (s *settings) checkFiles() error {
	var faults []error
	for _, name := range s.sourceNames() {
		auth := s.bridge.Sources[name].Auth
		for _, client := range slices.Sorted(maps.Keys(auth.Clients)) {
			_, err := auth.Clients[client].Secret.Reveal()
			faults = append(faults, err)
		}
		for _, issuer := range slices.Sorted(maps.Keys(auth.Issuers)) {
			_, err := tenants.Trust(auth.Issuers[issuer].CA)
			faults = append(faults, err)
		}
	}
	if t := s.bridge.TLS; t != nil {
		_, err := loadTLS(t)
		faults = append(faults, err)
	}
	return cli.Coded(cli.ExitUsage, errors.Join(faults...))
}
