package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
)

func newConfigCmd(a *app) *cobra.Command {
	return commandLine().ConfigCommand(&a.Environment, "config works with the configuration file that both programs share.", cli.ConfigCheck{
		Long: `config check reads the configuration and reports every fault with its line and an excerpt, and whether
bridge serve could start with it. With --secrets it also looks up the secrets, certificates and keys that the
file refers to, without showing any.`,
		Lookup: "look up secrets, certificates and keys too",
		Run:    func(secrets bool) error { return runConfigCheck(a, secrets) },
	})
}

func runConfigCheck(a *app, secrets bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if err := s.checkSources(); err != nil {
		return err
	}
	if secrets {
		if err := s.checkFiles(); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.Out, "%s is valid: %s\n", s.file.Path(), cli.Count(len(s.bridge.Sources), "source"))
	return err
}
