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

// shortSecret is below what cannot be guessed: whoever knows the secret of a client gets a token.
const shortSecret = 16

// checkSecrets looks up the secrets, and reports every one that is missing and warns of those that could be guessed.
func (s *settings) checkSecrets() (warnings []string, err error) {
	var faults []error
	for _, name := range s.sourceNames() {
		clients := s.bridge.Sources[name].Auth.Clients
		for _, client := range slices.Sorted(maps.Keys(clients)) {
			secret, err := clients[client].Secret.Reveal()
			faults = append(faults, err)
			if err == nil && len(secret) < shortSecret {
				warnings = append(warnings, fmt.Sprintf("bridge.sources.%s.auth.clients.%s.secret: is short enough to be guessed: make a random one of 32 characters or more", name, client))
			}
		}
	}
	return warnings, cli.Coded(cli.ExitUsage, errors.Join(faults...))
}
