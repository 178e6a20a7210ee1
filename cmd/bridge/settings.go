package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/config"
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
	return &settings{file: c, bridge: c.Bridge}, nil
}

// sourceNames lists the sources.
func (s *settings) sourceNames() []string { return slices.Sorted(maps.Keys(s.bridge.Sources)) }

// checkSources refuses what only the server knows to be wrong, such as the name of a switch.
func (s *settings) checkSources() error {
	var faults []error
	for _, name := range s.sourceNames() {
		if err := checkSwitches(s.bridge.Sources[name]); err != nil {
			faults = append(faults, fmt.Errorf("bridge.sources.%s.switches: %w", name, err))
		}
	}
	return cli.Coded(cli.ExitUsage, errors.Join(faults...))
}

// checkSecrets looks up the secrets, and reports every one that is missing.
func (s *settings) checkSecrets() error {
	var faults []error
	for _, name := range s.sourceNames() {
		clients := s.bridge.Sources[name].Auth.Clients
		for _, client := range slices.Sorted(maps.Keys(clients)) {
			_, err := clients[client].Secret.Reveal()
			faults = append(faults, err)
		}
	}
	return cli.Coded(cli.ExitUsage, errors.Join(faults...))
}
