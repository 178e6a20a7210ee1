package main

import (
	"context"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/admin"
)

func newDeletedCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deleted",
		Short: "List deleted people and groups, or bring one back",
		Long: cli.WithCodes(`deleted works with what providers have deleted. It is kept for bridge.retention, with its memberships; its
names are free at once.`, cli.LocalCodes()),
	}
	cli.Noun(cmd)
	cmd.AddCommand(newDeletedListCmd(a), newDeletedRestoreCmd(a))
	return cmd
}

// deletedListOptions are the flags of `deleted list`.
type deletedListOptions struct{ output cli.Output }

func newDeletedListCmd(a *app) *cobra.Command {
	opts := &deletedListOptions{}
	cmd := &cobra.Command{
		Use:               "list SOURCE",
		Short:             "List what can be brought back",
		Long:              cli.WithCodes("deleted list shows the deleted people and groups of a source, when they were deleted and by which credential.", stateCodes()),
		Example:           "  bridge deleted list entra\n  bridge deleted list entra -o json",
		Args:              cli.Args(1, 1, "a source"),
		ValidArgsFunction: a.suggestSources,
		RunE:              func(cmd *cobra.Command, args []string) error { return runDeletedList(cmd.Context(), a, args[0], opts) },
	}
	opts.output.Add(cmd.Flags())
	return cmd
}

func runDeletedList(ctx context.Context, a *app, source string, opts *deletedListOptions) error {
	return a.withState(ctx, true, func(ops admin.Operations) error {
		all, err := admin.AllDeleted(ctx, ops, source)
		if err != nil {
			return err
		}
		if opts.output == cli.AsJSON {
			return cli.WriteJSON(a.Out, all)
		}
		rows := make([][]string, len(all))
		for i, d := range all {
			rows[i] = []string{d.ID, d.Kind, d.Name, showTime(d.At, ""), d.By}
		}
		return cli.Table(a.Out, []string{"ID", "TYPE", "NAME", "DELETED", "BY"}, rows)
	})
}

func newDeletedRestoreCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "restore SOURCE ID",
		Short: "Bring a deleted person or group back",
		Long: cli.WithCodes(`deleted restore brings a record back under its id, with its memberships in groups that still exist. It is
refused where the name is taken again.`, stateCodes()),
		Example:           "  bridge deleted restore entra 0192f0c1-2d6b-7d7a-9a53-1f4d5c3b2a10",
		Args:              cli.Args(2, 2, "a source and an id"),
		ValidArgsFunction: a.suggestSources,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDeletedRestore(cmd.Context(), a, args[0], args[1])
		},
	}
}

func runDeletedRestore(ctx context.Context, a *app, source, id string) error {
	return a.withState(ctx, true, func(ops admin.Operations) error {
		done, err := ops.RestoreDeleted(ctx, admin.RestoreRequest{Source: source, ID: id})
		if err != nil {
			return err
		}
		a.Say("restored %s %s (%s)", done.Kind, done.ID, cli.Clean(done.Name, false))
		return nil
	})
}
