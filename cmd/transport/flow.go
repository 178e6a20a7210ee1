package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// work is what one changing command wants done.
type work struct {
	command  string // for the journal; without secrets
	ends     *pair
	from, to *side // of ends
	place    stateFolder
	rules    plan.Rules
	flags    *planFlags
	approved bool // by a plan file
	lost     bool // the journal is thrown away in the end
	runID    string
	lease    *apply.HeldLease // on the target, where the plan is to be applied
	// request says what is wanted. It may read the source to find out who is meant, and then gives what it
	// read, so that nobody is read twice.
	request func(ctx context.Context) (plan.Request, *identity.Snapshot, error)
}

// change is the whole way from checks to result. Everything before the first read is refused with
// exit code 2 and without a call.
func (a *app) change(ctx context.Context, w work) error {
	rep := &show.Report{Door: messages.Transport}
	err := a.planAndApply(ctx, w, rep)
	return a.finish(w.flags, rep, err)
}

// finish writes the JSON document where one was asked for and a plan was made.
func (a *app) finish(flags *planFlags, rep *show.Report, err error) error {
	if flags.output != cli.AsJSON || rep.Plan == nil {
		return err
	}
	rep.Exit = cli.ExitCode(err)
	if err != nil {
		rep.Problem = err.Error()
	}
	if werr := rep.Write(a.Out); werr != nil && err == nil {
		return werr
	}
	return err
}

func (a *app) planAndApply(ctx context.Context, w work, rep *show.Report) error {
	if err := a.precheck(ctx, w); err != nil {
		return err
	}
	release, err := a.takeLease(ctx, &w)
	if err != nil {
		return err
	}
	defer release()
	p, err := a.makePlan(ctx, w)
	if err != nil {
		return err
	}
	rep.Plan, rep.ReadCalls = p, w.from.callCount()+w.to.callCount()
	if w.flags.out != "" {
		if err := writePlanFile(w.flags.out, p); err != nil {
			return err
		}
		rep.PlanFile = w.flags.out
	}
	return a.decideAndApply(ctx, w, rep)
}

// precheck refuses what is certain to fail or to harm before any call is made.
func (a *app) precheck(ctx context.Context, w work) error {
	if w.from.host() == w.to.host() {
		return cli.Usagef("source and target are the same tenant (%s): choose two", w.to.host())
	}
	if err := w.place.free(ctx, w.to.origin()); err != nil {
		return err
	}
	for _, s := range []*side{w.from, w.to} {
		if err := s.credentials(); err != nil {
			return cli.Coded(cli.ExitUsage, fmt.Errorf("tenant %q: %w", s.tenant.Name, err))
		}
	}
	if w.plansOnly(a) {
		return nil
	}
	return w.place.writable()
}

// plansOnly says whether the plan is shown or saved, but not applied.
func (w *work) plansOnly(a *app) bool {
	return w.flags.dryRun || !w.approved && w.flags.onlyPlan(a)
}

// makePlan reads both tenants and decides. It never writes to a tenant.
func (a *app) makePlan(ctx context.Context, w work) (*plan.Plan, error) {
	m := show.StartMeter(&a.World, "reading "+w.from.tenant.Name+" and "+w.to.tenant.Name, both(w.from, w.to))
	defer m.Stop()
	req, known, err := w.request(ctx)
	if err != nil {
		return nil, err
	}
	source, target, err := readBoth(ctx, w.ends, req, known)
	if err != nil {
		return nil, err
	}
	p := plan.Make(req, source, target, w.rules)
	p.Tool, p.Created = tool(), a.Now().UTC().Truncate(time.Second)
	if p.ID, err = newID(); err != nil {
		return nil, err
	}
	p.Calls = apply.Estimate(p, w.to.conn)
	return p, nil
}

// readBoth reads what req needs to know of both sides. What has to be read of the target depends on who
// is in the source, so the target only shows at first that it lets us in: a refused credential is found
// during a long reading of the source, not after it. known may hold the source's part already.
func readBoth(ctx context.Context, ends *pair, req plan.Request, known *identity.Snapshot) (source, target identity.Snapshot, err error) {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		scope := plan.SourceScope(req)
		if known != nil && covers(scope) {
			source = restrict(*known, scope)
			return nil
		}
		var err error
		source, err = upstream.Load(gctx, ends.from.conn, scope)
		return wrap("read the source tenant "+ends.from.tenant.Name, err)
	})
	g.Go(func() error { return wrap("read the target tenant "+ends.to.tenant.Name, knock(gctx, ends.to, req)) })
	if err := g.Wait(); err != nil {
		return source, target, err
	}
	target, err = upstream.Load(ctx, ends.to.conn, plan.TargetScope(req, source, ends.to.tenant))
	return source, target, wrap("read the target tenant "+ends.to.tenant.Name, err)
}

// knock makes the smallest reading that shows whether the target lets us in. On Cloud Foundry that are
// its limits, which the estimate needs anyway.
func knock(ctx context.Context, to *side, req plan.Request) error {
	if err := to.conn.Discover(ctx); err != nil {
		return err
	}
	if to.callCount() > 0 {
		return nil
	}
	_, err := upstream.Load(ctx, to.conn, probe(req))
	return err
}

// probe asks for the first person or team of a request.
func probe(req plan.Request) identity.Scope {
	for _, s := range req.Steps {
		switch {
		case s.CopyUser != nil:
			return identity.Scope{UserIDs: []string{s.CopyUser.UserID}}
		case s.CopyTeam != nil:
			return identity.Scope{Groups: []string{s.CopyTeam.Team}}
		}
	}
	return identity.Scope{}
}

// wrap says what was being done, and leaves nil alone.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// covers says whether scope asks for nothing but people by user ID, which a discovery of everybody, or of
// a team with its people, has read already.
func covers(s identity.Scope) bool {
	return !s.AllUsers && !s.AllGroups && len(s.Groups)+len(s.MembersOf)+len(s.Emails)+len(s.LoginIDs)+len(s.Roles) == 0
}

// restrict leaves of a discovery what scope asks for, so that plan and fingerprints speak of no one else.
func restrict(known identity.Snapshot, s identity.Scope) identity.Snapshot {
	source := identity.NewSnapshot(known.Tenant)
	source.Roles, source.RolesComplete = known.Roles, known.RolesComplete
	for _, id := range s.UserIDs {
		if u, ok := known.Users[id]; ok {
			source.Users[id] = u
		}
	}
	return source
}

// decideAndApply shows the plan, judges whether it may go on, asks, and applies it.
func (a *app) decideAndApply(ctx context.Context, w work, rep *show.Report) error {
	if err := a.showPlan(w.flags, rep); err != nil {
		return err
	}
	if err := verdict(rep.Plan); err != nil {
		return err
	}
	if rep.Plan.Empty() {
		return nil
	}
	if w.plansOnly(a) {
		if w.flags.out != "" {
			a.Say("Nothing was written. To do exactly this: transport apply %s", w.flags.out)
		}
		return nil
	}
	if !w.flags.yes && a.Ask {
		if err := show.Approve(ctx, &a.World, rep.Plan, w.to.production); err != nil {
			return err
		}
	}
	return a.applyPlan(ctx, w, rep)
}

// showPlan prints the plan for people: on stdout, or on stderr where stdout is for JSON and someone
// will be asked.
func (a *app) showPlan(flags *planFlags, rep *show.Report) error {
	view := show.Plan{Plan: rep.Plan, Reads: rep.ReadCalls, More: "-o json", Reasons: flags.reasons, Door: messages.Transport, Paint: a.Paint()}
	if rep.PlanFile != "" {
		view.More = rep.PlanFile
	}
	if flags.output != cli.AsJSON {
		return view.Write(a.Out)
	}
	if a.Ask && !flags.yes && !flags.onlyPlan(a) {
		view.Paint = false
		return view.Write(a.Err)
	}
	return nil
}

// verdict is the error of a plan that must not be applied.
func verdict(p *plan.Plan) error {
	switch p.Verdict() {
	case plan.Stopped:
		return cli.Codef(cli.ExitHeld, "held by a guard: %s: %s; nothing was written", p.Held[0].Guard, messages.OfTrip(p.Held[0], messages.Transport).Line())
	case plan.Blocked:
		why := "nothing is left to do but"
		if !p.Empty() {
			why = "--strict and"
		}
		return cli.Codef(cli.ExitConflicts, "%s %s: %s; nothing was written", why, cli.Count(len(p.Conflicts), "conflict"), cli.Some(conflictKeys(p), 3))
	case plan.Ready, plan.Partial, plan.Nothing:
	}
	return nil
}
