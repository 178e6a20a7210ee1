package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// applyOptions are the flags of `apply`.
type applyOptions struct {
	file string
	env  envFlags
	planFlags
	workers int
}

func newApplyCmd(a *app) *cobra.Command {
	opts := &applyOptions{}
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Do exactly what a saved plan says, or nothing",
		Long: cli.WithCodes(`apply reads everything the plan was decided from once more. If any of it is not as it was, it names what
changed and writes nothing; else it does exactly the changes of the plan. The plan file is the approval:
without a terminal apply does not ask. A plan that was edited by hand is refused.

The tenants are those of the plan: from the configuration, or, for a plan that was made with --env, from
the same environment files.`, append(cli.ChangeCodes(), cli.ExitStale)),
		Example: "  transport apply plan.json\n  transport apply plan.json --yes -o json\n  transport apply plan.json --env multi-tenant.postman_environment.json",
		Args:    cli.Args(1, 1, "a plan FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.file = args[0]
			return runApply(cmd.Context(), a, opts)
		},
	}
	opts.env.add(cmd)
	opts.add(cmd.Flags())
	cmd.Flags().IntVar(&opts.workers, "workers", 0, "calls side by side to each tenant")
	return cmd
}

func runApply(ctx context.Context, a *app, opts *applyOptions) error {
	if opts.dryRun && opts.yes {
		return cli.Usagef("--dry-run and --yes contradict each other: choose one")
	}
	p, err := readPlanFile(opts.file)
	if err != nil {
		return err
	}
	ends, err := a.connectPlan(p, opts.env, opts.workers)
	if err != nil {
		return err
	}
	w := ends.work("apply "+opts.file, &opts.planFlags, &limitFlags{})
	w.approved = true
	rep := &show.Report{Door: messages.Transport, PlanFile: opts.file}
	return a.finish(&opts.planFlags, rep, a.checkAndApply(ctx, w, p, rep))
}

// stillAllowed refuses a plan that changes what has been protected since it was made.
func stillAllowed(p *plan.Plan, protect plan.Protect) error {
	hits := p.Touching(protect)
	if len(hits) == 0 {
		return nil
	}
	names := make([]string, len(hits))
	for i, h := range hits {
		names[i] = fmt.Sprintf("%s %s (%s)", h.Entity, h.Key, messages.OfFinding(h, messages.Transport).Cause)
	}
	return cli.Codef(cli.ExitHeld, "the plan changes what is protected now: %s; nothing was written: make a new plan", cli.Some(names, 3))
}

// checkAndApply applies p if nothing it was decided from has changed.
func (a *app) checkAndApply(ctx context.Context, w work, p *plan.Plan, rep *show.Report) error {
	if err := a.precheck(ctx, w); err != nil {
		return err
	}
	release, err := a.takeLease(ctx, &w)
	if err != nil {
		return err
	}
	defer release()
	stale, err := a.findStale(ctx, p, w.ends)
	if err != nil {
		return err
	}
	rep.Plan, rep.ReadCalls = p, w.from.callCount()+w.to.callCount()
	if len(stale) > 0 {
		rep.Stale = stale
		return cli.Codef(cli.ExitStale, "the plan is stale, nothing was written: %s; make it again", staleNames(stale))
	}
	if err := stillAllowed(p, w.rules.Protect); err != nil {
		return err
	}
	if w.flags.out != "" {
		if err := writePlanFile(w.flags.out, p); err != nil {
			return err
		}
	}
	return a.decideAndApply(ctx, w, rep)
}
