package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/apply"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

func newRunsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List earlier runs, show what became of them, resume an interrupted one",
		Long:  cli.WithCodes("runs works with the journals that every applied plan leaves, one file for each run.", cli.LocalCodes()),
	}
	cli.Noun(cmd)
	cmd.AddCommand(newRunsListCmd(a), newRunsShowCmd(a), newRunsResumeCmd(a))
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
	place, err := a.stateFolder()
	if err != nil {
		return err
	}
	runs, err := place.list(ctx)
	if err != nil {
		return err
	}
	if opts.output == cli.AsJSON {
		return cli.WriteJSON(a.Out, append([]runInfo{}, runs...))
	}
	if len(runs) == 0 {
		a.Say("No run has left a journal in %s yet.", place.runs)
		return nil
	}
	rows := make([][]string, len(runs))
	for i, r := range runs {
		rows[i] = []string{r.ID, r.Started.Local().Format(time.DateTime), r.Status, r.Target, r.Command}
	}
	return cli.Table(a.Out, []string{"RUN", "STARTED", "STATUS", "TARGET", "COMMAND"}, rows)
}

// runsShowOptions are the flags of `runs show`.
type runsShowOptions struct {
	id     string
	output cli.Output
}

func newRunsShowCmd(a *app) *cobra.Command {
	opts := &runsShowOptions{}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show what became of every entity of a run",
		Long: cli.WithCodes(`runs show prints how a run ended and the result of every person and team in it. The beginning of the ID is
enough where only one run begins so. The JSON form has the plan and every call of the run too.`, cli.LocalCodes()),
		Example: "  transport runs show 0199\n  transport runs show 01990f6e-7c54-7a11-8f60-0f2a4f8f9a10 -o json",
		Args:    cli.Args(1, 1, "the ID of a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.id = args[0]
			return runRunsShow(cmd.Context(), a, opts)
		},
	}
	cmd.ValidArgsFunction = suggest(func() ([]string, error) { return a.runIDs(cmd.Context()) })
	opts.output.Add(cmd.Flags())
	return cmd
}

// runReport is the JSON output of `runs show`.
type runReport struct {
	runInfo
	End   *apply.End     `json:"end,omitempty"` // absent where the run was killed
	Plan  *plan.Plan     `json:"plan"`
	Calls []apply.Record `json:"calls"` // every intended call with what became of it
}

func runRunsShow(ctx context.Context, a *app, opts *runsShowOptions) (err error) {
	_, id, j, err := a.openRun(ctx, opts.id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	r, err := readRun(ctx, id, j)
	if err != nil {
		return err
	}
	if opts.output == cli.AsJSON {
		return cli.WriteJSON(a.Out, r)
	}
	return writeRun(a, r)
}

// openRun opens the journal of the one run whose ID begins with prefix.
func (a *app) openRun(ctx context.Context, prefix string) (place stateFolder, id string, j apply.Journal, err error) {
	if place, err = a.stateFolder(); err != nil {
		return place, "", nil, err
	}
	if id, err = place.find(ctx, prefix); err != nil {
		return place, "", nil, err
	}
	j, err = place.open(ctx, id)
	return place, id, j, err
}

// readRun reads all that a journal holds.
func readRun(ctx context.Context, id string, j apply.Journal) (*runReport, error) {
	info, err := inspect(ctx, id, j)
	if err != nil {
		return nil, err
	}
	r := &runReport{runInfo: info, Calls: []apply.Record{}}
	end, ok, err := j.End(ctx)
	if err != nil {
		return nil, fmt.Errorf("read run %s: %w", id, err)
	}
	if ok {
		r.End = &end
	}
	if r.Plan, err = apply.StoredPlan(ctx, j); err != nil {
		return nil, fmt.Errorf("read run %s: %w", id, err)
	}
	err = j.Records(ctx, func(rec apply.Record) bool {
		r.Calls = append(r.Calls, rec)
		return true
	})
	return r, wrap("read the calls of run "+id, err)
}

func writeRun(a *app, r *runReport) error {
	l := &cli.Lines{W: a.Out}
	l.Line("Run %s: %s", r.ID, r.Status)
	l.Line("  command  %s", cli.Clean(r.Command, false))
	l.Line("  from     %s", cli.Clean(r.Source, false))
	l.Line("  to       %s", cli.Clean(r.Target, false))
	l.Line("  started  %s", r.Started.Local().Format(time.DateTime))
	unsettled := 0
	for _, c := range r.Calls {
		if !c.Settled {
			unsettled++
		}
	}
	l.Line("  calls    %d, of which %d without a known outcome", len(r.Calls), unsettled)
	if r.resumable() {
		l.Line("  resume   transport runs resume %s", r.ID)
	}
	if r.End == nil {
		return l.Err
	}
	if r.End.Cause != "" {
		l.Line("  cause    %s", cli.Clean(r.End.Cause, false))
	}
	l.Line("  result   %s", show.TallyOf(r.End.Entities))
	l.Line("")
	if l.Err != nil {
		return l.Err
	}
	return show.Entities(a.Out, r.End.Entities)
}

// runsResumeOptions are the flags of `runs resume`.
type runsResumeOptions struct {
	id      string
	env     envFlags
	workers int
	output  cli.Output
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
	cmd.Flags().IntVar(&opts.workers, "workers", 0, "calls side by side to the tenant")
	opts.output.Add(cmd.Flags())
	return cmd
}

func runRunsResume(ctx context.Context, a *app, opts *runsResumeOptions) (err error) {
	place, id, j, err := a.openRun(ctx, opts.id)
	if err != nil {
		return err
	}
	r, err := readRun(ctx, id, j)
	if err != nil {
		return errors.Join(err, j.Close())
	}
	ends, err := a.connectPlan(r.Plan, opts.env, opts.workers)
	if err != nil {
		return errors.Join(err, j.Close())
	}
	flags := &planFlags{yes: true, output: opts.output}
	w := ends.work(r.Command, flags, &limitFlags{})
	w.approved = true
	if err := stillAllowed(r.Plan, w.rules.Protect); err != nil {
		return errors.Join(err, j.Close())
	}
	if err := place.reclaim(ctx, id, ends.to.origin()); err != nil {
		return errors.Join(err, j.Close())
	}
	if err := a.precheck(ctx, w); err != nil {
		return errors.Join(err, j.Close())
	}
	w.runID = id
	release, err := a.takeLease(ctx, &w)
	if err != nil {
		return errors.Join(err, j.Close())
	}
	defer release()
	rep := &show.Report{Plan: r.Plan, Door: messages.Transport}
	return a.finish(flags, rep, a.resumeRun(ctx, w, j, rep))
}

// resumeRun goes on with the run of journal j, which it closes.
func (a *app) resumeRun(ctx context.Context, w work, j apply.Journal, rep *show.Report) error {
	err := a.carryOut(ctx, w, j, rep, apply.Resume)
	if errors.Is(err, apply.ErrFinished) {
		a.Say("Run %s is finished: there is nothing to resume.", w.runID)
		return nil
	}
	return err
}
