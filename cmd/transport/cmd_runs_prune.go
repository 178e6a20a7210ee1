package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/engine"
)

// runsPruneOptions are the flags of `runs prune`.
type runsPruneOptions struct {
	days   int
	yes    bool
	output cli.Output
}

func newRunsPruneCmd(a *app) *cobra.Command {
	opts := &runsPruneOptions{}
	cmd := &cobra.Command{
		Use:   "prune --days N [--yes]",
		Short: "Remove the journals of runs that ended long ago",
		Long: cli.WithCodes(`runs prune lists the runs that were done more than N days ago, and with --yes removes their journals. What can
still be resumed stays, and so do the runs of the last 24 hours, which the guards count. It calls no tenant.`, cli.LocalCodes()),
		Example: "  transport runs prune --days 90\n  transport runs prune --days 90 --yes",
		Args:    cli.Args(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRunsPrune(cmd.Context(), a, opts) },
	}
	cmd.Flags().IntVar(&opts.days, "days", 0, "how many days ago a run must have ended, at least `N`")
	cmd.Flags().BoolVarP(&opts.yes, "yes", "y", false, "remove them")
	opts.output.Add(cmd.Flags())
	return cmd
}

func runRunsPrune(ctx context.Context, a *app, opts *runsPruneOptions) error {
	if opts.days < 1 {
		return cli.Usagef("say how old a run must be to go: --days N")
	}
	folder, err := a.stateFolder()
	if err != nil {
		return err
	}
	e, before := a.engine(folder), a.Now().Add(-time.Duration(opts.days)*24*time.Hour)
	runs, err := e.Runs(ctx)
	if err != nil {
		return err
	}
	old := e.Prunable(runs, before)
	if opts.yes {
		if _, err := e.Prune(ctx, before); err != nil {
			return err
		}
	}
	if opts.output == cli.AsJSON {
		return cli.WriteJSON(a.Out, append([]engine.RunInfo{}, old...))
	}
	switch {
	case len(old) == 0:
		a.Say("No run is done and ended more than %s ago.", cli.Count(opts.days, "day"))
		return nil
	case opts.yes:
		a.Say("Removed:")
	default:
		a.Say("Nothing was removed. With --yes these are:")
	}
	return show.Runs(a.Out, old)
}
