package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

func newCopyCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "copy",
		Short: "Copy people or teams from one tenant to another",
		Long:  cli.WithCodes("copy brings people or teams of a source tenant to a target tenant of any platform and SSO mode.", cli.PlanCodes()),
	}
	cli.Noun(cmd)
	cmd.AddCommand(newCopyTeamsCmd(a, runCopyTeams), newCopyUsersCmd(a, runCopyUsers))
	return cmd
}

// fromToFlags name source and target.
type fromToFlags struct{ from, to string }

func (p *fromToFlags) add(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.from, "from", "", "source `TENANT`, as named in the configuration")
	cmd.Flags().StringVar(&p.to, "to", "", "target `TENANT`")
	suggestFlag(cmd, "from", a.tenantNames)
	suggestFlag(cmd, "to", a.tenantNames)
}

// check refuses a command that lacks a side.
func (p *fromToFlags) check() error {
	if p.from == "" || p.to == "" {
		return cli.Usagef("say which tenants: --from TENANT --to TENANT")
	}
	return nil
}

// copyFlags are what both forms of copy have in common.
type copyFlags struct {
	fromToFlags
	planFlags
	limitFlags
	active         plan.ActiveMode
	translateRoles bool
	users          plan.Users
	userRoles      identity.Action
	userTeams      identity.Action

	given func(flag string) bool // whether a flag stands in the command line
}

func (c *copyFlags) add(a *app, cmd *cobra.Command) {
	c.active, c.users, c.userRoles, c.userTeams = plan.ActiveKeep, plan.UsersMissing, identity.Add, identity.Keep
	f := cmd.Flags()
	c.fromToFlags.add(a, cmd)
	f.Var(choiceOf(&c.userRoles, identity.LinkActions...), "user-roles", "what becomes of people's role links")
	f.Var(choiceOf(&c.userTeams, identity.LinkActions...), "user-teams", "what becomes of people's memberships in all their teams")
	addTransferFlags(f, &c.active, &c.translateRoles, true)
	c.planFlags.add(f)
	c.limitFlags.add(f)
	c.given = f.Changed
}

// idle is a flag that has no effect as long as something holds.
type idle struct {
	flag  string
	holds bool
	while string
}

// refuseIdle refuses flags that are given and have no effect beside the others: whoever gives one expects something
// else to happen.
func (c *copyFlags) refuseIdle(flags ...idle) error {
	flags = append(flags,
		idle{"active", c.users == plan.UsersNone, "--users is none: add --users missing or all"},
		idle{"wait", c.dryRun, "--dry-run is given, for a plan that is only shown waits for nobody"},
	)
	for _, f := range flags {
		if f.holds && c.given(f.flag) {
			return cli.Usagef("--%s has no effect while %s", f.flag, f.while)
		}
	}
	return nil
}

// addTransferFlags binds the options that copy and run share.
func addTransferFlags(f *pflag.FlagSet, active *plan.ActiveMode, translate *bool, byDefault bool) {
	*active = plan.ActiveKeep
	f.Var(choiceOf(active, plan.ActiveKeep, plan.ActiveSource, plan.ActiveTrue), "active",
		"the active flag: people who exist keep theirs, and new ones are active (keep); as in the source; or everybody active")
	f.BoolVar(translate, "translate-roles", byDefault,
		"rewrite role names from the source's content namespace to the target's, with the exceptions in the configuration; with =false they are taken as they are")
}

// check refuses what needs no file to be refused.
func (c *copyFlags) check(a *app) error {
	if err := c.fromToFlags.check(); err != nil {
		return err
	}
	if err := c.callFlags.check(); err != nil {
		return err
	}
	return c.approval(a)
}

// options are the plan's options, with the role table of the tenant pair.
func (c *copyFlags) options(p *tenantPair, secondaryRoles bool) plan.Options {
	o := plan.Options{TranslateRoles: c.translateRoles, Active: c.active, Strict: c.strict, SecondaryRoles: secondaryRoles}
	if c.translateRoles {
		o.RoleTable = p.roleTable
	}
	return o
}

// copyTeamsOptions are the flags of `copy teams`.
type copyTeamsOptions struct {
	copyFlags
	teams          []string
	teamRoles      identity.Action
	members        identity.Action
	name           plan.NameMode
	secondaryRoles bool
}

func newCopyTeamsCmd(a *app, run func(context.Context, *app, *copyTeamsOptions) error) *cobra.Command {
	opts := &copyTeamsOptions{teamRoles: identity.Add, members: identity.Add, name: plan.NameKeep}
	cmd := &cobra.Command{
		Use:   "teams --from TENANT --to TENANT --team NAME...",
		Short: "Copy teams with their people and role links",
		Long: cli.WithCodes(`copy teams brings teams of the source to teams of the same name in the target. For each kind of link an
action says what becomes of it:

  --users        none, missing (create those the target lacks) or all (bring the others up to date too)
  --user-roles   role links of the people who are copied:   keep, add, remove, replace
  --user-teams   their memberships in all their teams:      keep, add, remove, replace
  --team-roles   role links of the team itself:             those, and intersect, exclude
  --members      members of the team:                       keep, add, remove, replace
  --name         keep the target team's display name, or copy the source's

The defaults remove nothing. The plan is shown before anything is written.`, cli.PlanCodes()),
		Example: `  transport copy teams --from dev --to prod --team Finance --dry-run
  transport copy teams --from dev --to prod --team Finance --team Sales --members replace --users all
  transport copy teams --from dev --to prod --team Finance --out plan.json`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, opts) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&opts.teams, "team", nil, "team `NAME` to copy; repeat it for more")
	f.Var(choiceOf(&opts.teamRoles, identity.SetActions...), "team-roles", "what becomes of the team's role links")
	f.Var(choiceOf(&opts.members, identity.LinkActions...), "members", "what becomes of the team's members")
	opts.add(a, cmd)
	f.Var(choiceOf(&opts.users, plan.UsersNone, plan.UsersMissing, plan.UsersAll), "users", "whose user records are created or changed")
	f.Var(choiceOf(&opts.name, plan.NameKeep, plan.NameCopy), "name", "the display name of a team that exists in the target")
	f.BoolVar(&opts.secondaryRoles, "with-secondary-roles", false, "give other teams that --user-teams creates their source's role links")
	suggestWords(cmd)
	return cmd
}

func runCopyTeams(ctx context.Context, a *app, opts *copyTeamsOptions) error {
	if err := opts.check(a); err != nil {
		return err
	}
	if len(opts.teams) == 0 {
		return cli.Usagef("say which teams: --team NAME (repeat it for more)")
	}
	nobody := opts.users == plan.UsersNone
	const noPeople = "--users is none: add --users missing or all"
	if err := opts.refuseIdle(
		idle{"user-roles", nobody, noPeople}, idle{"user-teams", nobody, noPeople},
		idle{"with-secondary-roles", nobody || !opts.userTeams.Grows(), "--user-teams creates no team: add --user-teams add or replace"},
	); err != nil {
		return err
	}
	p, err := a.connect(ctx, opts.from, opts.to, &opts.callFlags)
	if err != nil {
		return err
	}
	op := p.operation("copy teams --from "+opts.from+" --to "+opts.to+" --team "+cli.Some(opts.teams, 5), &opts.limitFlags)
	op.Request = engine.FixedRequest(opts.request(p))
	return a.change(ctx, p, op, a.dialog(&opts.planFlags))
}

// request is one step for each team.
func (o *copyTeamsOptions) request(p *tenantPair) plan.Request {
	req := plan.Request{Options: o.options(p, o.secondaryRoles)}
	for _, team := range o.teams {
		req.Steps = append(req.Steps, plan.Step{
			Origin: "--team " + team,
			CopyTeam: &plan.CopyTeam{
				Team: team, Users: o.users, UserRoles: o.userRoles, UserTeams: o.userTeams,
				TeamRoles: o.teamRoles, Members: o.members, Name: o.name,
			},
		})
	}
	return req
}
