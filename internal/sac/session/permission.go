package session

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"

	"sacbridge/internal/upstream"
)

// errStopping stands in for a permission that says nothing about why it is refused.
var errStopping = errors.New("the run is stopping")

// permitted asks the call's permission. It is nil for a call that needs none.
func (c *call) permitted() error {
	if c.Permission == nil {
		return nil
	}
	return c.Permission.Check()
}

// untilStopped gives the context of the call's waits, which ends with ctx and when the permission's
// Stopping closes. The caller must call the function.
func (c *call) untilStopped(ctx context.Context) (context.Context, func()) {
	if c.Permission == nil {
		return ctx, func() {}
	}
	waits, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-c.Permission.Stopping():
			cancel()
		case <-waits.Done():
		}
	})
	return waits, func() {
		cancel()
		watch.Wait()
	}
}

// notSent is the failure of a call that was not permitted.
func (c *call) notSent(refusal error) *failure {
	return &failure{Error: upstream.Error{Class: upstream.NotSent, Code: upstream.CodeNotPermitted, Op: c.Op, Err: refusal}}
}

// stopped tells what a wait means that ended early: the caller's context is over, or the permission's
// Stopping has closed, and then the call is not sent.
func (c *call) stopped(ctx context.Context, f *failure) *failure {
	if c.Permission == nil || ctx.Err() != nil || f.Class != upstream.Cancelled {
		return f
	}
	refusal := c.permitted()
	if refusal == nil {
		refusal = errStopping
	}
	return c.notSent(refusal)
}

// permissionCheck asks for permission on the last steps of one request: when a connection is got, which
// may be long after a dial began, and before the first byte of the body is read. A request that is
// refused there leaves nothing on the wire.
type permissionCheck struct {
	ask    func() error
	cancel context.CancelFunc // ends the request

	mu      sync.Mutex
	refused error
}

// refusal gives why the request was refused, nil if it was not.
func (g *permissionCheck) refusal() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refused
}

// check asks, and remembers a refusal.
func (g *permissionCheck) check() error {
	err := g.ask()
	if err != nil {
		g.mu.Lock()
		g.refused = err
		g.mu.Unlock()
	}
	return err
}

// connected is called when the request has a connection and before its first byte is written. HTTP/2
// looks at the context once more under its write lock; HTTP/1 does not, and a DELETE has no body to
// hold back, so there the connection, which is this request's alone, is closed.
func (g *permissionCheck) connected(info httptrace.GotConnInfo) {
	if g.check() == nil {
		return
	}
	g.cancel()
	if !isHTTP2(info.Conn) {
		_ = info.Conn.Close() // it is not to be used, so how it ends does not matter
	}
}

func isHTTP2(conn net.Conn) bool {
	secure, ok := conn.(*tls.Conn)
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

// permissionCheckedBody asks before its first byte is given out.
type permissionCheckedBody struct {
	data       *bytes.Reader
	permission *permissionCheck
	asked      bool
}

// Read reads on.
func (b *permissionCheckedBody) Read(p []byte) (int, error) {
	if !b.asked {
		b.asked = true
		if err := b.permission.check(); err != nil {
			return 0, err
		}
	}
	return b.data.Read(p)
}

// Close does nothing.
func (b *permissionCheckedBody) Close() error { return nil }
