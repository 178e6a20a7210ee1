package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/admin"
	"sacbridge/internal/store/bolt"
)

func newBackupCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the state",
		Long: cli.WithCodes(`backup writes a copy of the state as it is at this moment, tokens included, while bridge serve goes on. FILE
appears once it is whole; - writes to stdout. It holds personal data and is readable by its owner only.`, stateCodes()),
		Example: "  bridge backup /var/backups/sacbridge-$(date +%F).db",
		Args:    cli.Args(1, 1, "a file to write"),
		RunE:    func(cmd *cobra.Command, args []string) error { return runBackup(cmd.Context(), a, args[0]) },
	}
}

func runBackup(ctx context.Context, a *app, path string) error {
	return a.withState(ctx, true, func(ops admin.Operations) error {
		if path == "-" {
			return bolt.Explain("stdout", "back up to", ops.Backup(ctx, a.Out))
		}
		size, err := cli.WriteWhole(path, func(w io.Writer) error { return ops.Backup(ctx, w) })
		if err != nil {
			return bolt.Explain(path, "back up to", err)
		}
		a.Say("%s holds the state (%.1f MiB); bridge restore puts it back", path, float64(size)/(1<<20))
		return nil
	})
}

// restoreOptions are the flags of `restore`.
type restoreOptions struct {
	to  string
	yes bool
}

func newRestoreCmd(a *app) *cobra.Command {
	opts := &restoreOptions{}
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the state by a backup",
		Long: cli.WithCodes(`restore checks a backup and replaces the configuration's state by it, or writes it to another path with --to.
What stands there is replaced, with --yes only. It does not work while bridge serve runs.`, stateCodes()),
		Example: "  bridge restore sacbridge-2026-11-21.db --yes\n  bridge restore sacbridge-2026-11-21.db --to /tmp/look.db",
		Args:    cli.Args(1, 1, "a backup"),
		RunE:    func(cmd *cobra.Command, args []string) error { return runRestore(cmd.Context(), a, args[0], opts) },
	}
	cmd.Flags().StringVar(&opts.to, "to", "", "restore to this `PATH` instead of the configuration's state")
	cmd.Flags().BoolVarP(&opts.yes, "yes", "y", false, "replace the state that is there")
	return cmd
}

func runRestore(ctx context.Context, a *app, backup string, opts *restoreOptions) error {
	to := opts.to
	if to == "" {
		s, err := a.settings()
		if err != nil {
			return err
		}
		to = s.file.State
		if err := stateFolderThere(to); err != nil {
			return err
		}
	}
	from, err := os.Open(backup)
	if err != nil {
		return cli.Usagef("read the backup: %w", err)
	}
	defer func() { _ = from.Close() }() // only read
	if _, err := os.Stat(to); err == nil && !opts.yes {
		return cli.Usagef("%s is there already: add --yes to replace it, or --to PATH to restore elsewhere", to)
	}
	report, err := bolt.Restore(ctx, to, from)
	if errors.Is(err, bolt.ErrInUse) {
		return fmt.Errorf("%w (bridge serve)", err)
	}
	if err != nil {
		return err
	}
	a.Say("%s holds the backup: %s, %s", to, cli.Count(int(report.Records), "record"), cli.Count(int(report.Edges), "membership"))
	return nil
}
