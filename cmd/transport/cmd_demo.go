package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/tenants"
)

func newDemoCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Copy twelve teams between two simulated tenants, to see how it goes",
		Long: cli.WithCodes(`demo starts two simulated tenants inside this process, a source "dev" on NEO and a target "prod" on Cloud
Foundry, and copies twelve teams with their 300 people. It shows the plan, applies it, shows the result,
and plans once more. It needs no configuration and no network, and leaves nothing behind.`,
			[]int{cli.ExitOK, cli.ExitFailure, cli.ExitInterrupted}),
		Example: "  transport demo",
		Args:    cli.Args(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), a) },
	}
}

func runDemo(ctx context.Context, a *app) (err error) {
	dir, err := os.MkdirTemp("", "transport-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p, stop, err := a.demoPair(ctx, stateIn(dir))
	if err != nil {
		return err
	}
	defer stop()
	return a.playDemo(ctx, p)
}

// demoPair starts both tenants and connects them. stop ends them.
func (a *app) demoPair(ctx context.Context, folder stateFolder) (p *tenantPair, stop func(), err error) {
	dev, err := startDemoTenant(ctx, demoSource(), sacsim.Options{Name: "dev", Platform: service.NEO, SSO: service.SSODefault, Namespace: "t.DEV"})
	if err != nil {
		return nil, nil, err
	}
	prod, err := startDemoTenant(ctx, demoTarget(), sacsim.Options{Name: "prod", Platform: service.CF, SSO: service.SSOEmail, Namespace: "t.PRD"})
	if err != nil {
		dev.Close()
		return nil, nil, err
	}
	stop = func() {
		prod.Close()
		dev.Close()
	}
	p = &tenantPair{folder: folder, rules: plan.Rules{Guards: plan.DefaultGuards()}}
	p.from, err = a.demoEndpoint(ctx, dev.Ready, folder)
	if err == nil {
		p.to, err = a.demoEndpoint(ctx, prod.Ready, folder)
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return p, stop, nil
}

func startDemoTenant(ctx context.Context, data seedTenant, opts sacsim.Options) (*sacsim.Running, error) {
	seed, err := data.parse()
	if err != nil {
		return nil, err
	}
	opts.Seed = seed
	return sacsim.Listen(ctx, sacsim.ListenOptions{Options: opts})
}

// demoEndpoint connects to a simulated tenant as to any other.
func (a *app) demoEndpoint(ctx context.Context, r sacsim.Ready, folder stateFolder) (engine.Endpoint, error) {
	return endpointOf(tenants.Connect(ctx, sac.Config{
		Name: r.Name, URL: r.URL, TokenURL: r.TokenURL, Platform: r.Platform, SSO: r.SSO, Namespace: r.Namespace,
		Session: session.Config{
			ClientID:     func() (string, error) { return r.ClientID, nil },
			ClientSecret: func() (string, error) { return r.ClientSecret, nil },
		},
	}, "", a.tenantOptions(folder, &callFlags{})))
}

// playDemo shows plan, run and second plan, each with a sentence on what it shows.
func (a *app) playDemo(ctx context.Context, p *tenantPair) error {
	l := &cli.Lines{W: a.Out}
	l.Line("Two simulated tenants are running: dev (NEO) with 300 people in twelve teams, and prod (Cloud Foundry) with a few of them.")
	l.Line("This is the plan of: transport copy teams --from dev --to prod --team Finance ... --users all --user-roles add --members add")
	l.Line("Roles are translated from dev's namespace t.DEV to prod's t.PRD, and what cannot be done is said before anything is written.")
	l.Line("")
	d := a.dialog(&planFlags{yes: true, output: cli.AsTable})
	d.NoList = true
	op := p.operation("demo", &limitFlags{})
	op.Request = engine.FixedRequest(demoRequest())
	if err := errors.Join(l.Err, demoOutcome(a.change(ctx, p, op, d))); err != nil {
		return err
	}
	l.Line("")
	l.Line("That was a run: every write was journaled, so that it could have been resumed after a crash; what stands under Conflicts was left out.")
	l.Line("Planning once more shows that nothing is left to do but what a person has to answer:")
	l.Line("")
	if err := errors.Join(l.Err, conflictsLeft(a.change(ctx, p, op, a.dialog(&planFlags{dryRun: true, output: cli.AsTable})))); err != nil {
		return err
	}
	l.Line("")
	l.Line("Next: transport config schema, transport doctor, and transport copy teams --dry-run with your own tenants.")
	return l.Err
}

// demoOutcome takes the demo's conflicts for what they are: part of the show.
func demoOutcome(err error) error {
	if cli.ExitCode(err) == cli.ExitPartial {
		return nil
	}
	return err
}

// conflictsLeft takes them for what they are, when nothing else is left to do.
func conflictsLeft(err error) error {
	if cli.ExitCode(err) == cli.ExitConflicts {
		return nil
	}
	return err
}

// demoRequest copies all teams of the demo.
func demoRequest() plan.Request {
	req := plan.Request{Options: plan.Options{TranslateRoles: true, Active: plan.ActiveKeep}}
	for team := range strings.FieldsSeq(demoTeams) {
		req.Steps = append(req.Steps, plan.Step{
			Origin: "--team " + team,
			CopyTeam: &plan.CopyTeam{
				Team: team, Users: plan.UsersAll, UserRoles: identity.Add, UserTeams: identity.Keep,
				TeamRoles: identity.Add, Members: identity.Add, Name: plan.NameCopy,
			},
		})
	}
	return req
}
