package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/engine"
	"sacbridge/internal/plan"
)

func newRunsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List earlier runs, show what became of them, resume an interrupted one, remove old ones",
		Long:  cli.WithCodes("runs works with the journals that every applied plan leaves, one file for each run.", cli.LocalCodes()),
	}
	cli.Noun(cmd)
	cmd.AddCommand(newRunsListCmd(a), newRunsShowCmd(a), newRunsResumeCmd(a), newRunsPruneCmd(a))
	return cmd
}

// runsListOptions are the flags of `runs list`.
type runsListOptions struct{ output cli.Output }

func newRunsListCmd(a *app) *cobra.Command {
	opts := &runsListOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List earlier runs, the newest first",
		Long: cli.WithCodes(`runs list shows every run that has a journal: when it started, how it ended, and what it was. A run that was
killed, or that ended before its plan did, is interrupted and can be resumed.`, cli.LocalCodes()),
		Example: "  transport runs list\n  transport runs list -o json",
		Args:    cli.Args(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRunsList(cmd.Context(), a, opts) },
	}
	opts.output.Add(cmd.Flags())
	return cmd
}

func runRunsList(ctx context.Context, a *app, opts *runsListOptions) error {
	folder, err := a.stateFolder()
	if err != nil {
		return err
	}
	runs, err := a.engine(folder).Runs(ctx)
	if err != nil {
		return err
	}
	if opts.output == cli.AsJSON {
		return cli.WriteJSON(a.Out, append([]engine.RunInfo{}, runs...))
	}
	if len(runs) == 0 {
		a.Say("No run has left a journal in %s yet.", folder.runs)
		return nil
	}
	return show.Runs(a.Out, runs)
}

// runsShowOptions are the flags of `runs show`.
type runsShowOptions struct {
	id      string
	changes bool
	output  cli.Output
}

func newRunsShowCmd(a *app) *cobra.Command {
	opts := &runsShowOptions{}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show what became of every entity of a run",
		Long: cli.WithCodes(`runs show prints how a run ended and the result of every person and team in it. The beginning of the ID is
enough where only one run begins so. With --changes it lists every attribute, role link and membership that the run was to
change, before and after. The JSON form has the plan and every call of the run too.`, cli.LocalCodes()),
		Example: "  transport runs show 0199\n  transport runs show 0199 --changes\n  transport runs show 01990f6e-7c54-7a11-8f60-0f2a4f8f9a10 -o json",
		Args:    cli.Args(1, 1, "the ID of a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runRunsShow(cmd.Context(), a, opts)
		},
	}
	cmd.ValidArgsFunction = suggest(func() ([]string, error) { return a.runIDs(cmd.Context()) })
	cmd.Flags().BoolVar(&opts.changes, "changes", false, "list what was to change, before and after, and what became of it")
	opts.output.Add(cmd.Flags())
	return cmd
}

func runRunsShow(ctx context.Context, a *app, opts *runsShowOptions) error {
	folder, err := a.stateFolder()
	if err != nil {
		return err
	}
	r, err := a.engine(folder).Run(ctx, opts.id)
	if err != nil {
		return folder.noRun(err)
	}
	switch {
	case opts.output == cli.AsJSON && opts.changes:
		return cli.Usagef("--changes has no effect with -o json, which has the whole plan")
	case opts.output == cli.AsJSON:
		return cli.WriteJSON(a.Out, r)
	case opts.changes:
		return show.Changes(a.Out, r)
	}
	return show.Run(a.Out, commandLine().Name, r)
}

// noRun tells somebody who looks for a run that is not there where to look.
func (s stateFolder) noRun(err error) error {
	if e, ok := errors.AsType[*engine.UnknownRunError](err); ok {
		return cli.Usagef("%w in %s (transport runs list shows them)", e, s.runs)
	}
	return err
}

// runsResumeOptions are the flags of `runs resume`.
type runsResumeOptions struct {
	id  string
	env envFlags
	callFlags
	output cli.Output
}

func newRunsResumeCmd(a *app) *cobra.Command {
	opts := &runsResumeOptions{}
	cmd := &cobra.Command{
		Use:   "resume ID",
		Short: "Go on with an interrupted run",
		Long: cli.WithCodes(`runs resume asks the tenant about the calls whose outcome is not known, and then goes on where the run
stopped: what is done is not done twice. The plan was approved when the run started, so it does not ask
again. The tenants are those of the run: from the configuration, or, for a run that was started with
--env, from the same environment files.`, cli.ChangeCodes()),
		Example: "  transport runs resume 0199\n  transport runs resume 0199 --env multi-tenant.postman_environment.json",
		Args:    cli.Args(1, 1, "the ID of a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runRunsResume(cmd.Context(), a, opts)
		},
	}
	cmd.ValidArgsFunction = suggest(func() ([]string, error) { return a.runIDs(cmd.Context()) })
	opts.env.add(cmd)
	opts.add(cmd.Flags())
	opts.output.Add(cmd.Flags())
	return cmd
}

func runRunsResume(ctx context.Context, a *app, opts *runsResumeOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	folder, err := a.stateFolder()
	if err != nil {
		return err
	}
	d := a.dialog(&planFlags{yes: true, output: opts.output})
	rep, err := a.engine(folder).Resume(ctx, opts.id, func(p *plan.Plan) (engine.Operation, error) {
		pair, err := a.connectPlan(ctx, p, opts.env, &opts.callFlags)
		if err != nil {
			return engine.Operation{}, err
		}
		op := pair.operation("", &limitFlags{callFlags: opts.callFlags})
		d.Attach(&op)
		return op, nil
	})
	return d.Finish(rep, folder.noRun(err))
}
