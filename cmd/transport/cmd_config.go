package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sacbridge/internal/config"
)

func newConfigCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, or print its schema for editors",
		Long:  withCodes("config works with the configuration file that both programs share. It calls no tenant.", localCodes()),
	}
	asGroup(cmd)
	cmd.AddCommand(newConfigCheckCmd(a), newConfigSchemaCmd(a))
	return cmd
}

// configCheckOptions are the flags of `config check`.
type configCheckOptions struct{ secrets bool }

func newConfigCheckCmd(a *app) *cobra.Command {
	opts := &configCheckOptions{}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration file",
		Long: withCodes(`config check reads the configuration and reports every fault with its line and an excerpt. With --secrets it
also looks up every secret that the file refers to, without showing any.`, localCodes()),
		Example: "  transport config check\n  transport config check --config prod.yaml --secrets",
		Args:    wantArgs(0, 0, ""),
		RunE:    func(*cobra.Command, []string) error { return runConfigCheck(a, opts) },
	}
	cmd.Flags().BoolVar(&opts.secrets, "secrets", false, "look up the secrets too")
	return cmd
}

func runConfigCheck(a *app, opts *configCheckOptions) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if s.file == nil {
		return usagef("there is no configuration: write sacbridge.yaml or give --config FILE")
	}
	if opts.secrets {
		if err := checkSecrets(s.file); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, "%s is valid: %s\n", s.file.Path(), count(len(s.file.Tenants), "tenant"))
	return err
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
		return usagef("secrets are missing:%s", text.String())
	}
	return nil
}

func newConfigSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the configuration, for editors",
		Long: withCodes(`config schema prints a JSON schema with which editors complete and check sacbridge.yaml. Name it in the first
line of the file:

  # yaml-language-server: $schema=sacbridge.schema.json`, localCodes()),
		Example: "  transport config schema > sacbridge.schema.json",
		Args:    wantArgs(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(config.Schema())
			return err
		},
	}
}
