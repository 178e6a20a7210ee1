package sac

import (
	"context"
	"errors"

	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// errNothing says that a reading left nothing to be written.
var errNothing = errors.New("nothing is left to write")

// writer writes to the tenant under a permission.
type writer struct{ *Tenant }

// Writer gives the way to write under a permission.
func (t *Tenant) Writer(p upstream.Permission) upstream.Writer {
	under := *t
	under.permission = p
	return writer{&under}
}

// do makes one call under the permission of the writer that makes it.
func (t *Tenant) do(ctx context.Context, r session.Request) (*session.Response, error) {
	r.Permission = t.permission
	return t.calls.Do(ctx, r)
}

// unit makes a write from a reading: prepare reads by the connector that it is given, and makes the write.
// It is called anew before the write is sent again.
func (t *Tenant) unit(ctx context.Context, op string, prepare func(t *Tenant) (session.Request, error)) (*session.Response, error) {
	return t.session.DoUnit(ctx, op, t.permission, func(u *session.Unit) (session.Request, error) {
		inside := *t
		inside.calls = u
		return prepare(&inside)
	})
}

// turn lets one caller at a time go on.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn, which done gives back; the wait ends with ctx and when the run stops.
func (t turn) take(ctx context.Context, op string, p upstream.Permission) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, &upstream.Error{Class: upstream.Cancelled, Op: op, Err: ctx.Err()}
	case <-p.Stopping():
		return nil, &upstream.Error{Class: upstream.NotSent, Code: upstream.CodeNotPermitted, Op: op, Err: p.Check()}
	}
}
