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

// readThenWrite makes a write from a reading: prepare reads by the connector that it is given, and makes the write.
// It is called anew before the write is sent again.
func (t *Tenant) readThenWrite(ctx context.Context, op string, prepare func(t *Tenant) (session.Request, error)) (*session.Response, error) {
	return t.session.DoReadThenWrite(ctx, op, t.permission, func(u *session.ReadThenWrite) (session.Request, error) {
		inside := *t
		inside.calls = u
		return prepare(&inside)
	})
}

// interruptibleMutex lets one caller at a time go on; waiting for it ends when the run stops.
type interruptibleMutex chan struct{}

func newInterruptibleMutex() interruptibleMutex { return make(interruptibleMutex, 1) }

// lock waits for its turn, which unlock gives back; the wait ends with ctx and when the run stops.
func (t interruptibleMutex) lock(ctx context.Context, op string, p upstream.Permission) (unlock func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, &upstream.Error{Class: upstream.Cancelled, Op: op, Err: ctx.Err()}
	case <-p.Stopping():
		return nil, &upstream.Error{Class: upstream.NotSent, Code: upstream.CodeNotPermitted, Op: op, Err: p.Check()}
	}
}
