package main

import (
	"context"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

func newPlanCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show a saved plan, or check whether it still holds",
		Long:  cli.WithCodes("plan works with the files that --out writes.", cli.LocalCodes()),
	}
	cli.Noun(cmd)
	cmd.AddCommand(newPlanShowCmd(a), newPlanCheckCmd(a))
	return cmd
}

// planShowOptions are the flags of `plan show`.
type planShowOptions struct {
	file    string
	reasons bool
	all     bool
	output  planFormat
}

// planFormat is how `plan show` writes a plan.
type planFormat string

// The formats.
const (
	formatTable planFormat = "table"
	formatJSON  planFormat = "json"
	formatCSV   planFormat = "csv"
	formatHTML  planFormat = "html"
)

func newPlanShowCmd(a *app) *cobra.Command {
	opts := &planShowOptions{output: formatTable}
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a saved plan",
		Long: cli.WithCodes(`plan show prints a plan file as the command that made it did. It calls no tenant. With --all it names everybody, also
in long lists. As csv it has one row for each attribute, role link and membership that changes, and as html it is one
page for whoever has to approve it.`, cli.LocalCodes()),
		Example: "  transport plan show plan.json\n  transport plan show plan.json --all --reasons\n  transport plan show plan.json -o html > plan.html",
		Args:    cli.Args(1, 1, "a plan FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			opts.file = args[0]
			return runPlanShow(a, opts)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&opts.reasons, "reasons", false, "show why, below each change")
	f.BoolVar(&opts.all, "all", false, "name everybody, however many there are")
	f.VarP(choiceOf(&opts.output, formatTable, formatJSON, formatCSV, formatHTML), "output", "o", "how to write it")
	suggestWords(cmd)
	return cmd
}

func runPlanShow(a *app, opts *planShowOptions) error {
	if opts.output != formatTable && (opts.all || opts.reasons) {
		return cli.Usagef("--all and --reasons have no effect with -o %s, which has everything", opts.output)
	}
	p, err := show.ReadPlanFile(opts.file)
	if err != nil {
		return err
	}
	switch opts.output {
	case formatJSON:
		return cli.WriteJSON(a.Out, p)
	case formatCSV:
		return show.PlanCSV(a.Out, p, messages.Transport)
	case formatHTML:
		return show.PlanHTML(a.Out, p, messages.Transport)
	case formatTable:
	}
	return show.Plan{Plan: p, More: "transport plan show --all " + opts.file, Reasons: opts.reasons, All: opts.all, Surface: messages.Transport, Paint: a.Paint()}.Write(a.Out)
}

// planCheckOptions are the flags of `plan check`.
type planCheckOptions struct {
	file    string
	env     envFlags
	workers int
	output  cli.Output
}

func newPlanCheckCmd(a *app) *cobra.Command {
	opts := &planCheckOptions{}
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Read both tenants again and tell whether a saved plan still holds",
		Long: cli.WithCodes(`plan check reads everything the plan was decided from once more and lists what is not as it was. It writes
nothing. The tenants are those of the plan: from the configuration, or, for a plan that was made with
--env, from the same environment files.`, append(cli.ReadCodes(), cli.ExitDifferent)),
		Example: "  transport plan check plan.json\n  transport plan check plan.json --env multi-tenant.postman_environment.json -o json",
		Args:    cli.Args(1, 1, "a plan FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.file = args[0]
			return runPlanCheck(cmd.Context(), a, opts)
		},
	}
	opts.env.add(cmd)
	cmd.Flags().IntVar(&opts.workers, "workers", 0, "`N` calls side by side to each tenant")
	opts.output.Add(cmd.Flags())
	return cmd
}

func runPlanCheck(ctx context.Context, a *app, opts *planCheckOptions) error {
	p, err := show.ReadPlanFile(opts.file)
	if err != nil {
		return err
	}
	pair, err := a.connectPlan(ctx, p, opts.env, &callFlags{workers: opts.workers})
	if err != nil {
		return err
	}
	stale, err := a.engine(pair.folder).FindStale(ctx, engine.Operation{From: pair.from, To: pair.to, Observer: show.NewMeter(&a.Environment)}, p)
	if err != nil {
		return err
	}
	if err := show.PlanCheck(&a.Environment, p, stale, opts.output); err != nil {
		return err
	}
	if len(stale) > 0 {
		return cli.Codef(cli.ExitDifferent, "the plan no longer holds: %s changed", cli.Count(len(stale), "entity/entities"))
	}
	return nil
}

// connectPlan makes the sides that a plan speaks of. A tenant whose name now leads elsewhere is refused.
func (a *app) connectPlan(ctx context.Context, p *plan.Plan, env envFlags, calls *callFlags) (*tenantPair, error) {
	pair, err := a.reconnect(ctx, p.Source, p.Target, env, calls)
	if err != nil {
		return nil, err
	}
	for _, e := range []struct {
		side engine.Endpoint
		was  identity.Tenant
	}{{pair.from, p.Source}, {pair.to, p.Target}} {
		if e.side.Tenant().URL != e.was.URL {
			return nil, cli.Usagef("the plan is for tenant %s at %s, and that name now leads to %s", e.was.Name, e.was.URL, e.side.Tenant().URL)
		}
	}
	return pair, nil
}

// reconnect connects two tenants that were used before, by their names in the configuration or by the
// environment files given again.
func (a *app) reconnect(ctx context.Context, source, target identity.Tenant, env envFlags, calls *callFlags) (*tenantPair, error) {
	if env.env != "" {
		return a.connectEnv(ctx, env.env, env.targetEnv, calls)
	}
	pair, err := a.connect(ctx, source.Name, target.Name, calls)
	if err != nil {
		return nil, cli.Usagef("%w\nif the plan was made with --env, give the same environment files again: --env FILE", err)
	}
	return pair, nil
}
