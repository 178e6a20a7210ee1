package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/tenants"
)

func newConfigCmd(a *app) *cobra.Command {
	return commandLine().ConfigCommand(&a.Environment, "config works with the configuration file that both programs share.", cli.ConfigCheck{
		Long: `config check reads the configuration and reports every fault with its line and an excerpt, and whether
bridge serve could start with it. It looks at the certificates and keys that the file names: missing, not to be read, not
belonging together, expired or about to. With --secrets it also looks up the secrets, without showing any.`,
		Lookup: "look up secrets too",
		Run:    func(secrets bool) error { return runConfigCheck(a, secrets) },
	})
}

func runConfigCheck(a *app, secrets bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	found := s.checkTLS(a.Now())
	warnings, faults := found.warnings, append([]error{s.checkSources(), tenants.CheckProxies(s.file)}, found.faults...)
	if secrets {
		more, err := s.checkSecrets()
		warnings, faults = append(warnings, more...), append(faults, err)
	}
	for _, w := range warnings {
		a.Tell("warning: %s", cli.Clean(w, false))
	}
	if err := errors.Join(faults...); err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	_, err = fmt.Fprintf(a.Out, "%s is valid: %s\n", s.file.Path(), cli.Count(len(s.bridge.Sources), "source"))
	return err
}
