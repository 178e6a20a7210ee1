package listener

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fakeConn is a connection that knows whether it was closed.
type fakeConn struct {
	net.Conn
	name   string
	closed bool
}

func (c *fakeConn) Close() error {
	c.closed = true
	return nil
}

func TestTheConnectionThatHasWaitedLongestIsClosed(t *testing.T) {
	t.Parallel()
	// Each step is a connection and its new state: n(ew), a(ctive), i(dle), c(losed).
	for name, c := range map[string]struct{ steps, want string }{
		"three are not too many":                       {"1n 2n 3n", ""},
		"of fresh ones the oldest goes":                {"1n 2n 3n 4n", "1"},
		"one that works stays":                         {"1n 1a 2n 3n 4n", "2"},
		"a fresh one goes before an idle one":          {"1n 1a 1i 2n 3n 4n", "2"},
		"an idle one goes where all others work":       {"1n 1a 1i 2n 2a 3n 3a 4n", "1"},
		"of idle ones the one that rests longest":      {"1n 1a 2n 2a 3n 3a 2i 1i 3i 4n", "2"},
		"where all work the newest goes":               {"1n 1a 2n 2a 3n 3a 4n", "4"},
		"a closed one makes room":                      {"1n 2n 3n 2c 4n", ""},
		"one that is pushed out makes room in the end": {"1n 2n 3n 4n 1c 2c 5n", "1"},
	} {
		conns := map[string]*fakeConn{}
		var got []string
		synctest.Test(t, func(*testing.T) {
			limiter := NewConnLimiter(3)
			for step := range strings.FieldsSeq(c.steps) {
				conn := conns[step[:1]]
				if conn == nil {
					conn = &fakeConn{name: step[:1]}
					conns[step[:1]] = conn
				}
				limiter.ConnState(conn, map[byte]http.ConnState{'n': http.StateNew, 'a': http.StateActive, 'i': http.StateIdle, 'c': http.StateClosed}[step[1]])
			}
		})
		for _, conn := range conns {
			if conn.closed {
				got = append(got, conn.name)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v went, want %q", name, got, c.want)
		}
	}
}

func TestANewConnectionHasAMomentForItsFirstRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := NewConnLimiter(1)
		first, second, third := &fakeConn{name: "1"}, &fakeConn{name: "2"}, &fakeConn{name: "3"}
		limiter.ConnState(first, http.StateNew)
		start := time.Now()
		go func() {
			timer := time.NewTimer(firstRequestTime / 2)
			<-timer.C
			limiter.ConnState(first, http.StateActive)
			limiter.ConnState(first, http.StateClosed)
		}()
		limiter.ConnState(second, http.StateNew)
		if took := time.Since(start); took != firstRequestTime/2 || first.closed || second.closed {
			t.Errorf("after %v the first is closed: %v, the second: %v; want room as soon as the first is answered", took, first.closed, second.closed)
		}
		limiter.ConnState(third, http.StateNew)
		if limiter.Open() != 2 || limiter.Closed() != 1 { // what was closed counts until the server has seen it
			t.Errorf("%d are open and %d were closed, want 2 and 1", limiter.Open(), limiter.Closed())
		}
		if took := time.Since(start); took != firstRequestTime || !second.closed || third.closed {
			t.Errorf("after %v the second is closed: %v, the third: %v; want the second to go after its moment", took, second.closed, third.closed)
		}
	})
}
