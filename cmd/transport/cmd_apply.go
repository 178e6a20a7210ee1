package main

import (
	"context"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
)

// applyOptions are the flags of `apply`.
type applyOptions struct {
	file string
	env  envFlags
	planFlags
	guardFlags
	callFlags
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
the same environment files.`, cli.PlanCodes()),
		Example: "  transport apply plan.json\n  transport apply plan.json --yes -o json\n  transport apply plan.json --env multi-tenant.postman_environment.json",
		Args:    cli.Args(1, 1, "a plan FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.file = args[0]
			return runApply(cmd.Context(), a, opts)
		},
	}
	opts.env.add(cmd)
	opts.planFlags.add(cmd.Flags())
	opts.callFlags.add(cmd.Flags())
	opts.guardFlags.add(cmd.Flags())
	return cmd
}

func runApply(ctx context.Context, a *app, opts *applyOptions) error {
	if opts.dryRun && opts.yes {
		return cli.Usagef("--dry-run and --yes contradict each other: choose one")
	}
	if err := opts.check(); err != nil {
		return err
	}
	p, err := show.ReadPlanFile(opts.file)
	if err != nil {
		return err
	}
	pair, err := a.connectPlan(ctx, p, opts.env, &opts.callFlags)
	if err != nil {
		return err
	}
	d := a.dialog(&opts.planFlags)
	d.Approved, d.From = true, opts.file
	op := pair.operation("apply "+opts.file, &limitFlags{guardFlags: opts.guardFlags, callFlags: opts.callFlags})
	d.Attach(&op)
	return d.Finish(a.engine(pair.folder).Apply(ctx, op, p))
}
