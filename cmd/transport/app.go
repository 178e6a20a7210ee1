package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sacbridge/cmd/internal/cli"
)

// app is what transport's commands work in.
type app struct {
	cli.Environment

	ca      string // --ca
	verbose bool   // --verbose
}

// newApp gives the app of this process.
func newApp() *app { return &app{Environment: cli.ThisProcess()} }

// commandLine is what tells transport from other programs at the command line.
func commandLine() cli.Program {
	return cli.Program{Name: "transport"}
}

// execute runs one command line and gives its exit code.
func execute(ctx context.Context, a *app, args []string) int {
	return commandLine().Execute(ctx, &a.Environment, newRootCmd(a), args)
}

// logger gives the log of --verbose, on stderr; without the flag it says nothing.
func (a *app) logger() *slog.Logger {
	if !a.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(tint.NewTextHandler(a.Err, &tint.Options{
		Level: slog.LevelDebug, TimeFormat: time.TimeOnly, NoColor: !a.Color(a.ErrTerminal),
	}))
}

// newRootCmd lists every command by hand.
func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Short: "Copy people, teams and role links between SAP Analytics Cloud tenants",
		Long: cli.WithCodes(`transport copies people, primary teams and role links between SAP Analytics Cloud tenants
(NEO or Cloud Foundry, in any mix) and carries out SAP's sample scripts from the same data files.

Nothing changes without a plan: every changing command shows what it would do, and asks. Guards are on
from the first run, and every write is journaled, so that an interrupted run can be resumed.`, cli.LocalCodes()),
		Example: "  transport demo\n  transport copy teams --from dev --to prod --team Finance --dry-run",
	}
	f := root.PersistentFlags()
	f.StringVar(&a.ca, "ca", "", "trust the certificate authorities in `FILE` (PEM) besides the system's")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log what is done on stderr")
	return commandLine().Root(&a.Environment, root, "no progress and no hints on stderr",
		cli.Group{Title: "LOOK", Commands: []*cobra.Command{newTenantCmd(a), newDoctorCmd(a)}},
		cli.Group{Title: "CHANGE", Commands: []*cobra.Command{newCopyCmd(a), newRunCmd(a, runRun)}},
		cli.Group{Title: "PLANS", Commands: []*cobra.Command{newPlanCmd(a), newApplyCmd(a), newRunsCmd(a)}},
		cli.Group{Title: "TRY", Commands: []*cobra.Command{newDemoCmd(a), newSimCmd(a)}},
		cli.Group{Title: "MORE", Commands: []*cobra.Command{
			newConfigCmd(a),
			commandLine().CompletionCommand(&a.Environment, ", the names of the\ntenants in the configuration and the IDs of earlier runs."),
			commandLine().VersionCommand(&a.Environment),
		}},
	)
}

// complete is a function that suggests words.
type complete = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// suggest makes a completion from a list that is read when the shell asks. A list that cannot be read
// suggests nothing: a completion has no place to complain.
func suggest(list func() ([]string, error)) complete {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		words, err := list()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// suggestWords gives every flag of cmd that takes one of a few words the completion of these.
func suggestWords(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if c, ok := f.Value.(interface{ words() ([]string, error) }); ok {
			suggestFlag(cmd, f.Name, c.words)
		}
	})
}

// suggestFlag gives a flag of cmd its completion. It fails only for a flag that cmd lacks, and then the
// flag simply has no suggestions.
func suggestFlag(cmd *cobra.Command, name string, list func() ([]string, error)) {
	_ = cmd.RegisterFlagCompletionFunc(name, suggest(list))
}
