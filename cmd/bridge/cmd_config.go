package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sacbridge/internal/config"
)

func newConfigCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, or print its schema for editors",
		Long:  withCodes("config works with the configuration file that both programs share.", localCodes()),
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
		Long: withCodes(`config check reads the configuration and reports every fault with its line and an excerpt, and whether
bridge serve could start with it. With --secrets it also looks up the secrets, certificates and keys that the
file refers to, without showing any.`, localCodes()),
		Example: "  bridge config check\n  bridge config check --config prod.yaml --secrets",
		Args:    wantArgs(0, 0, ""),
		RunE:    func(*cobra.Command, []string) error { return runConfigCheck(a, opts) },
	}
	cmd.Flags().BoolVar(&opts.secrets, "secrets", false, "look up secrets, certificates and keys too")
	return cmd
}

func runConfigCheck(a *app, opts *configCheckOptions) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if err := s.checkSources(); err != nil {
		return err
	}
	if opts.secrets {
		if err := s.checkFiles(); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, "%s is valid: %s\n", s.file.Path(), count(len(s.bridge.Sources), "source"))
	return err
}

func newConfigSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the configuration, for editors",
		Long: withCodes(`config schema prints a JSON schema with which editors complete and check sacbridge.yaml. Name it in the first
line of the file:

  # yaml-language-server: $schema=sacbridge.schema.json`, localCodes()),
		Example: "  bridge config schema > sacbridge.schema.json",
		Args:    wantArgs(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(config.Schema())
			return err
		},
	}
}
