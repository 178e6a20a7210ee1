package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"sacbridge/internal/config"
)

// ConfigCheck is what `config check` says and does in one program.
type ConfigCheck struct {
	Long   string                   // its long help
	Lookup string                   // what --secrets looks up, in help
	Run    func(secrets bool) error // reads and checks the configuration, and prints that it is valid
	// Online looks at every tenant of a valid configuration. nil: there is no --online.
	Online func(context.Context) error
}

// ConfigCommand is `config` with `config check` and `config schema`. about is its long help.
func (p Program) ConfigCommand(w *Environment, about string, check ConfigCheck) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, or print its schema for editors",
		Long:  long(about),
	}
	Noun(cmd)
	cmd.AddCommand(p.checkCommand(check), p.schemaCommand(w))
	return cmd
}

func (p Program) checkCommand(check ConfigCheck) *cobra.Command {
	var secrets, online bool
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Check the configuration file",
		Long:    long(check.Long),
		Example: fmt.Sprintf("  %[1]s config check\n  %[1]s config check --config prod.yaml --secrets", p.Name),
		Args:    Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := check.Run(secrets || online); err != nil || !online {
				return err
			}
			return check.Online(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&secrets, "secrets", false, check.Lookup)
	if check.Online != nil {
		cmd.Flags().BoolVar(&online, "online", false, "call every tenant too, to compare it with its settings; it writes nothing")
	}
	return cmd
}

func (p Program) schemaCommand(w *Environment) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the configuration, for editors",
		Long: long(`config schema prints a JSON schema with which editors complete and check sacbridge.yaml. Name it in the first
line of the file:

  # yaml-language-server: $schema=sacbridge.schema.json`),
		Example: fmt.Sprintf("  %s config schema > sacbridge.schema.json", p.Name),
		Args:    Args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			_, err := w.Out.Write(config.Schema())
			return err
		},
	}
}
