package engine

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// reading is what a plan is decided from.
type reading struct {
	req            plan.Request
	source, target identity.Snapshot
	warnings       []plan.Finding // about what is to be protected
}

// read reads what the operation has to know of both tenants. What has to be read of the target depends on who is in the source,
// so the target only shows at first that it lets us in: a refused credential is found during a long reading of the
// source, not after it.
func read(ctx context.Context, op *Operation) (reading, error) {
	var r reading
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		r.req, r.source, err = readSource(gctx, op)
		return err
	})
	g.Go(func() error { return wrap("read the target tenant "+op.To.Tenant().Name, op.To.CheckAccess(gctx)) })
	g.Go(func() (err error) {
		r.warnings, err = UnknownProtected(gctx, op.To, op.Rules.Protect)
		return err
	})
	if err := g.Wait(); err != nil {
		return r, err
	}
	target, err := upstream.Load(ctx, op.To.Conn, plan.TargetScope(r.req, r.source, op.To.Tenant()))
	r.target = target
	return r, wrap("read the target tenant "+op.To.Tenant().Name, err)
}

// UnknownProtected lists what is to be protected in a tenant and is not there, so that a misspelt name, which protects
// nobody, is noticed.
func UnknownProtected(ctx context.Context, in Endpoint, protect plan.Protect) ([]plan.Finding, error) {
	if len(protect.Users)+len(protect.Teams)+len(protect.Roles) == 0 {
		return nil, nil
	}
	read, err := upstream.Load(ctx, in.Conn, protect.Scope())
	if err != nil {
		return nil, wrap("look for what is protected in tenant "+in.Tenant().Name, err)
	}
	return protect.Unknown(read), nil
}

// readSource finds out what is asked for and reads what that needs of the source.
func readSource(ctx context.Context, op *Operation) (plan.Request, identity.Snapshot, error) {
	req, known, err := op.Request(ctx, op.From.Conn)
	if err != nil {
		return req, identity.Snapshot{}, err
	}
	scope := plan.SourceScope(req)
	if known != nil && covers(scope) {
		return req, restrict(*known, scope), nil
	}
	source, err := upstream.Load(ctx, op.From.Conn, scope)
	return req, source, wrap("read the source tenant "+op.From.Tenant().Name, err)
}

// covers says whether scope asks for nothing but people by user ID, which a selection that read everybody, or a team
// with its people, has read already.
func covers(s identity.Scope) bool {
	return !s.AllUsers && !s.AllGroups && len(s.Groups)+len(s.MembersOf)+len(s.Emails)+len(s.LoginIDs)+len(s.Roles) == 0
}

// restrict leaves of what a selection read what scope asks for, so that plan and fingerprints speak of no one else.
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

// wrap says what was being done, and leaves nil alone.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
