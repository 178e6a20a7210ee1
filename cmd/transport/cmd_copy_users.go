package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
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
Finance. The defaults remove nothing. The plan is shown before anything is written.`, cli.ChangeCodes()),
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
	opts.add(a, cmd)
	f.Var(choiceOf(&opts.users, plan.UsersMissing, plan.UsersAll), "users", "create who is missing only, or bring the others up to date too")
	return cmd
}

func runCopyUsers(ctx context.Context, a *app, opts *copyUsersOptions) error {
	if err := opts.check(a); err != nil {
		return err
	}
	sel, err := opts.selection(a.Now())
	if err != nil {
		return err
	}
	p, err := a.connect(opts.from, opts.to, opts.workers)
	if err != nil {
		return err
	}
	w := p.work("copy users --from "+opts.from+" --to "+opts.to, &opts.planFlags, &opts.limitFlags)
	w.request = func(ctx context.Context) (plan.Request, *identity.Snapshot, error) {
		found, err := sel.find(ctx, p.from.conn)
		if err != nil {
			return plan.Request{}, nil, err
		}
		return opts.request(p, found.ids), found.known, nil
	}
	return a.change(ctx, w)
}

// request is one step for each person.
func (o *copyUsersOptions) request(p *pair, ids []named) plan.Request {
	req := plan.Request{Options: o.options(p, false)}
	for _, id := range ids {
		req.Steps = append(req.Steps, plan.Step{
			Origin:   id.origin,
			CopyUser: &plan.CopyUser{UserID: id.userID, Users: o.users, Roles: o.userRoles, Teams: o.userTeams},
		})
	}
	return req
}

// named is a user ID and where it was named.
type named struct{ userID, origin string }

// selection says who is meant: the intersection of what was given.
type selection struct {
	ids   []named // nil: not given
	teams []string
	rule  *mapping.Rule // nil: not given
	now   time.Time     // what the age of an account is counted from
}

// selection makes of the flags who is meant. A broken file or rule is refused before any call.
func (o *copyUsersOptions) selection(now time.Time) (*selection, error) {
	s := &selection{teams: o.teams, now: now}
	if o.ids == "" && len(o.teams) == 0 && o.where == "" {
		return nil, cli.Usagef("say who is meant: --ids FILE, --team NAME or --where RULE")
	}
	if o.ids != "" {
		ids, err := readIDs(o.ids)
		if err != nil {
			return nil, cli.Coded(cli.ExitUsage, err)
		}
		s.ids = ids
	}
	if o.where != "" {
		rule, err := mapping.ParseRule(o.where)
		if err != nil {
			return nil, cli.Usagef("--where is not taken: %w", err)
		}
		s.rule = rule
	}
	return s, nil
}

// found is who a selection means.
type found struct {
	ids   []named
	known *identity.Snapshot // what was read to find out; nil where nothing was
}

// find reads as much of the source as the selection needs: nothing for --ids alone.
func (s *selection) find(ctx context.Context, source upstream.Reader) (found, error) {
	if len(s.teams) == 0 && s.rule == nil {
		return found{ids: s.ids}, nil
	}
	scope := identity.Scope{AllUsers: len(s.teams) == 0 && s.ids == nil}
	switch {
	case len(s.teams) > 0:
		scope.Groups, scope.MembersOf, scope.People = s.teams, s.teams, true
	case s.ids != nil:
		for _, id := range s.ids {
			scope.UserIDs = append(scope.UserIDs, id.userID)
		}
	}
	known, err := upstream.Load(ctx, source, scope)
	if err != nil {
		return found{}, fmt.Errorf("find the people who are meant: %w", err)
	}
	for _, team := range s.teams {
		if _, ok := known.Groups[team]; !ok {
			return found{}, cli.Codef(cli.ExitConflicts, "team %q is not in the source tenant %s; nothing was written", team, known.Tenant.Name)
		}
	}
	ids, err := s.pick(&known)
	return found{ids: ids, known: &known}, err
}

// pick gives those of the snapshot who are meant, in the order of --ids, else by user ID.
func (s *selection) pick(known *identity.Snapshot) ([]named, error) {
	candidates := s.ids
	if candidates == nil {
		for _, id := range slices.Sorted(maps.Keys(known.Users)) {
			candidates = append(candidates, named{id, s.origin()})
		}
	}
	members := map[string]bool{}
	for _, team := range s.teams {
		for _, id := range known.Groups[team].Members {
			members[id] = true
		}
	}
	var picked []named
	for _, c := range candidates {
		if len(s.teams) > 0 && !members[c.userID] {
			continue
		}
		ok, err := s.matches(known.Users[c.userID])
		if err != nil {
			return nil, err
		}
		if ok {
			picked = append(picked, c)
		}
	}
	return picked, nil
}

// matches judges one person by the rule. Someone who is not there (nil) stays in, so that the plan
// reports a user ID that --ids has wrong.
func (s *selection) matches(u *identity.User) (bool, error) {
	if s.rule == nil || u == nil {
		return true, nil
	}
	ok, err := s.rule.Match(*u, s.now)
	if err != nil {
		return false, cli.Coded(cli.ExitUsage, fmt.Errorf("--where: %w", err))
	}
	return ok, nil
}

// origin names the flags that someone was found by.
func (s *selection) origin() string {
	var parts []string
	if len(s.teams) > 0 {
		parts = append(parts, "--team "+cli.Some(s.teams, 3))
	}
	if s.rule != nil {
		parts = append(parts, "--where "+s.rule.String())
	}
	return strings.Join(parts, " ")
}
