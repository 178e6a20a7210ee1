package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/admin"
	"sacbridge/internal/config"
	"sacbridge/internal/directory"
)

// checkOptions are the flags of `check`.
type checkOptions struct{ output cli.Output }

func newCheckCmd(a *app) *cobra.Command {
	opts := &checkOptions{}
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Look for inconsistencies in the state, or in a backup",
		Long: cli.WithCodes(`check compares everything that the state keeps twice: records with indexes, memberships in both directions,
counters with what they count, the change feed with the history. It changes nothing.`, append(stateCodes(), cli.ExitDifferent)),
		Example: "  bridge check\n  bridge check /var/backups/sacbridge-2026-11-21.db",
		Args:    cli.Args(0, 1, "a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCheck(cmd.Context(), a, args, opts)
		},
	}
	opts.output.Add(cmd.Flags())
	return cmd
}

func runCheck(ctx context.Context, a *app, files []string, opts *checkOptions) error {
	check := func(ops admin.Operations) error {
		report, err := ops.Check(ctx)
		if err != nil {
			return err
		}
		return showReport(a, &report, opts.output)
	}
	if len(files) == 0 {
		return a.withState(ctx, true, check)
	}
	return a.withFile(ctx, files[0], check)
}

// withFile runs fn on the state in a file that no configuration names.
func (a *app) withFile(ctx context.Context, path string, fn func(admin.Operations) error) (err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return cli.Usagef("check %s: there is no such file", path)
	}
	st, err := a.openState(ctx, path, &config.Bridge{}, slog.New(slog.DiscardHandler))
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return coded(fn(a.adminService(st, nil, slog.New(slog.DiscardHandler))))
}

func showReport(a *app, r *directory.Report, output cli.Output) error {
	if output == cli.AsJSON {
		if err := cli.WriteJSON(a.Out, r); err != nil {
			return err
		}
	} else if err := tableReport(a, r); err != nil {
		return err
	}
	if !r.OK() {
		return cli.Coded(cli.ExitDifferent, fmt.Errorf("the state has %s", cli.Count(len(r.Faults)+int(r.More), "fault")))
	}
	return nil
}

func tableReport(a *app, r *directory.Report) error {
	_, err := fmt.Fprintf(a.Out, "%s, %s, %s looked at\n",
		cli.Count(int(r.Records), "record"), cli.Count(int(r.Edges), "membership"), cli.Count(int(r.Events), "event"))
	if err != nil || r.OK() {
		return err
	}
	rows := make([][]string, len(r.Faults))
	for i, f := range r.Faults {
		rows[i] = []string{string(f.Kind), string(f.Source), f.Where, f.Key, f.Detail}
	}
	return cli.Table(a.Out, []string{"FAULT", "SOURCE", "WHERE", "KEY", "DETAIL"}, rows)
}
