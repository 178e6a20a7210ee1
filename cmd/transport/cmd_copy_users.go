package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/dataset"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/mapping"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// copyUsersOptions are the flags of `copy users`.
type copyUsersOptions struct {
	copyFlags
	ids   string
	teams []string
	where string

	allowEmpty bool
}

func newCopyUsersCmd(a *app, run func(context.Context, *app, *copyUsersOptions) error) *cobra.Command {
	opts := &copyUsersOptions{}
	cmd := &cobra.Command{
		Use:   "users --from TENANT --to TENANT (--ids FILE | --team NAME... | --where RULE)",
		Short: "Copy people with their role links and memberships",
		Long: cli.WithCodes(`copy users brings people of the source to the target under the same user ID. Who is meant:

  --ids FILE     user IDs, one a line, or a CSV or JSON file with the field file_userid
  --team NAME    the members of a team of the source; repeated, the members of any of them
  --where RULE   everyone in the source for whom the rule is true, such as 'domain == "example.com"'

Given together they narrow each other: --team Finance --where active means the active members of
Finance. A rule that fits nobody, or names a team or role which the source does not have, is refused
unless --allow-empty is given. The defaults remove nothing. The plan is shown before anything is written.`, cli.PlanCodes()),
		Example: `  transport copy users --from dev --to prod --ids people.txt --dry-run
  transport copy users --from dev --to prod --team Finance --user-teams add
  transport copy users --from dev --to prod --where 'active and has_role("BI_Admin")' --users all`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.ids, "ids", "", "`FILE` with user IDs")
	f.StringArrayVar(&opts.teams, "team", nil, "members of the source's team `NAME`; repeat it for more")
	f.StringVar(&opts.where, "where", "", "people for whom `RULE` is true")
	f.BoolVar(&opts.allowEmpty, "allow-empty", false, "let --where fit nobody, and name teams and roles that are not there")
	opts.add(a, cmd)
	f.Var(choiceOf(&opts.users, plan.UsersMissing, plan.UsersAll), "users", "create who is missing only, or bring the others up to date too")
	suggestWords(cmd)
	return cmd
}

func runCopyUsers(ctx context.Context, a *app, opts *copyUsersOptions) error {
	if err := opts.check(a); err != nil {
		return err
	}
	if err := opts.refuseIdle(idle{"allow-empty", opts.where == "", "there is no --where"}); err != nil {
		return err
	}
	sel, err := opts.selection(a.Now())
	if err != nil {
		return err
	}
	p, err := a.connect(ctx, opts.from, opts.to, &opts.callFlags)
	if err != nil {
		return err
	}
	op := p.operation("copy users --from "+opts.from+" --to "+opts.to, &opts.limitFlags)
	op.Request = func(ctx context.Context, source upstream.Reader) (plan.Request, *identity.Snapshot, error) {
		people, known, err := sel.Find(ctx, source)
		return opts.request(p, people), known, err
	}
	return a.change(ctx, p, op, a.dialog(&opts.planFlags))
}

// request is one step for each person.
func (o *copyUsersOptions) request(p *tenantPair, people []engine.Person) plan.Request {
	req := plan.Request{Options: o.options(p, false)}
	for _, one := range people {
		req.Steps = append(req.Steps, plan.Step{
			Origin:   one.Origin,
			CopyUser: &plan.CopyUser{UserID: one.UserID, Users: o.users, Roles: o.userRoles, Teams: o.userTeams},
		})
	}
	return req
}

// selection makes of the flags who is meant. A broken file or rule is refused before any call. The age of an account
// is counted from now.
func (o *copyUsersOptions) selection(now time.Time) (*engine.Selection, error) {
	s := &engine.Selection{Teams: o.teams, AllowEmpty: o.allowEmpty}
	if o.ids == "" && len(o.teams) == 0 && o.where == "" {
		return nil, cli.Usagef("say who is meant: --ids FILE, --team NAME or --where RULE")
	}
	var origin []string
	if o.ids != "" {
		people, err := readIDs(o.ids)
		if err != nil {
			return nil, err
		}
		s.People = people
	}
	if len(o.teams) > 0 {
		origin = append(origin, "--team "+cli.Some(o.teams, 3))
	}
	if o.where != "" {
		rule, err := mapping.ParseRule(o.where)
		if err != nil {
			return nil, cli.Usagef("--where is rejected: %w", err)
		}
		origin = append(origin, "--where "+rule.String())
		s.Names = engine.RuleNames{Teams: rule.Teams(), Roles: rule.Roles(), HasRole: mapping.HasRole}
		s.Match = func(u *identity.User) (bool, error) {
			ok, err := rule.Match(*u, now)
			if err != nil {
				return false, cli.Usagef("--where: %w", err)
			}
			return ok, nil
		}
	}
	s.Origin = strings.Join(origin, " ")
	return s, nil
}

// readIDs reads the file of --ids. All of its faults come together, with exit code 2.
func readIDs(path string) ([]engine.Person, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cli.Usagef("--ids: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	ids, err := dataset.ReadIDs(f, path, dataset.Limits{})
	if err != nil {
		return nil, cli.Usagef("--ids %s is rejected:\n%w", path, err)
	}
	people := make([]engine.Person, len(ids))
	for i, id := range ids {
		people[i] = engine.Person{UserID: id.UserID, Origin: id.Place}
	}
	return people, nil
}
