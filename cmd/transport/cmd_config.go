package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/config"
	"sacbridge/internal/tenants"
)

func newConfigCmd(a *app) *cobra.Command {
	return commandLine().ConfigCommand(&a.Environment, "config works with the configuration file that both programs share. It calls no tenant unless told to.", cli.ConfigCheck{
		Long: `config check reads the configuration and reports every fault with its line and an excerpt, and what is
wrong with the files of certificate authorities that it names. With --secrets it also looks up every secret that the file
refers to, without showing any; with --online it tests every tenant as well, compares it with its settings, and looks
for the protected people, teams and roles.`,
		Lookup: "look up the secrets too",
		Run:    func(secrets bool) error { return runConfigCheck(a, secrets) },
		Online: func(ctx context.Context) error { return runConfigOnline(ctx, a) },
	})
}

func runConfigCheck(a *app, secrets bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if s.file == nil {
		return cli.Usagef("there is no configuration: write sacbridge.yaml or give --config FILE")
	}
	if err := checkAuthorities(a, s.file); err != nil {
		return err
	}
	if err := tenants.CheckProxies(s.file); err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	if secrets {
		if err := checkSecrets(s.file); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.Out, "%s is valid: %s\n", s.file.Path(), cli.Count(len(s.file.Tenants), "tenant"))
	return err
}

// checkAuthorities looks at the files of certificate authorities that tenants are trusted by.
func checkAuthorities(a *app, c *config.Config) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(c.Tenants)) {
		file := c.Tenants[name].TLS.CA
		if file == "" {
			continue
		}
		key := "tenants." + name + ".tls.ca"
		warnings, err := tenants.CheckAuthorities(file, a.Now())
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", key, err))
		}
		for _, w := range warnings {
			a.Tell("warning: %s", cli.Clean(key+": "+w, false))
		}
	}
	return cli.Coded(cli.ExitUsage, errors.Join(faults...))
}

// runConfigOnline compares the tenants with their settings.
func runConfigOnline(ctx context.Context, a *app) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	found, err := a.examineAll(ctx, s)
	if err != nil {
		return err
	}
	return writeCheckResults(a, found, cli.AsTable)
}

// checkSecrets looks up the secrets of all tenants and reports every one that is missing.
func checkSecrets(c *config.Config) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.Tenants)) {
		auth := c.Tenants[name].Auth
		for _, secret := range []config.Secret{auth.ClientID, auth.ClientSecret} {
			if _, err := secret.Reveal(); err != nil {
				text.WriteString("\ntenant " + name + ": " + err.Error())
			}
		}
	}
	if text.String() != "" {
		return cli.Usagef("secrets are missing:%s", text.String())
	}
	return nil
}
