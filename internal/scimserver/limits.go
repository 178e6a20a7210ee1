package scimserver

import (
	"bytes"
	"crypto/rand"
	"maps"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Attempts without a valid credential have buckets of their own, one for each address, so that clients without one
// use up neither a source's rate nor the attempts of others. A client has as much for its tokens.
const (
	attemptRate  = 20
	attemptBurst = 100
)

// The header of a request, its first line included: what is answered, and what is read so that it can be refused by
// the Server. Beyond that net/http refuses it itself, see WithSCIMErrors. Each connection may take so much.
const (
	maxHeader     = 32 << 10
	maxHeaderRead = 64 << 10
)

// checkHeader refuses a header over the limit. A filter travels in the request line, so this bounds it before
// anything is parsed.
func checkHeader(r *http.Request) error {
	size := len(r.Method) + len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	if size > maxHeader {
		return headerTooLarge()
	}
	return nil
}

func headerTooLarge() *problem {
	return fail(http.StatusRequestHeaderFieldsTooLarge, "", "the header is over the limit of "+strconv.Itoa(maxHeader)+" bytes")
}

// rateLimiter is a token bucket; nil never holds anyone up.
type rateLimiter struct{ limiter *rate.Limiter }

func newRateLimiter(perSecond float64, burst int) *rateLimiter {
	if perSecond <= 0 {
		return nil
	}
	return &rateLimiter{rate.NewLimiter(rate.Limit(perSecond), burst)}
}

// wait takes one request out of the bucket and gives 0, or the whole seconds after which there will be one.
func (l *rateLimiter) wait(now time.Time) int {
	if l == nil {
		return 0
	}
	res := l.limiter.ReserveN(now, 1)
	delay := res.DelayFrom(now)
	if delay <= 0 {
		return 0
	}
	res.CancelAt(now)
	return max(int(math.Ceil(delay.Seconds())), 1)
}

// maxAddresses is how many addresses' failed attempts are counted one by one.
const maxAddresses = 4096

// attempts counts failed attempts by the network that they come from. Where there are more than it can tell apart, the
// others share one bucket.
type attempts struct {
	mu     sync.Mutex
	of     map[netip.Prefix]*rateLimiter
	others *rateLimiter
}

func newAttempts() *attempts {
	return &attempts{of: map[netip.Prefix]*rateLimiter{}, others: newRateLimiter(attemptRate, attemptBurst)}
}

// wait counts an attempt and gives 0, or the whole seconds after which the next should come.
func (a *attempts) wait(remote string, now time.Time) int {
	return a.bucket(networkOf(remote), now).wait(now)
}

func (a *attempts) bucket(from netip.Prefix, now time.Time) *rateLimiter {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, known := a.of[from]
	if known {
		return l
	}
	if len(a.of) >= maxAddresses {
		maps.DeleteFunc(a.of, func(_ netip.Prefix, l *rateLimiter) bool { return l.limiter.TokensAt(now) >= attemptBurst })
	}
	if len(a.of) >= maxAddresses {
		return a.others
	}
	l = newRateLimiter(attemptRate, attemptBurst)
	a.of[from] = l
	return l
}

// networkOf gives who shares a bucket: an address of version 4, or the /64 that one of version 6 can be any address of.
// What is no address has the zero Prefix.
func networkOf(remote string) netip.Prefix {
	addr, ok := addressOf(remote)
	if !ok {
		return netip.Prefix{}
	}
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits)
	return network
}

// SetLimits sets the time-outs and the header limit that keep slow and oversized requests out. More of a header is read
// than is answered, so that the Server can refuse it in SCIM's terms.
func SetLimits(h *http.Server) {
	h.ReadHeaderTimeout = 10 * time.Second
	h.IdleTimeout = 2 * time.Minute
	h.MaxHeaderBytes = maxHeaderRead
}

// WithSCIMErrors gives a listener on whose connections SCIM errors stand in place of the plain text with which
// net/http refuses what never becomes a request: a head that is none, or far over the limit. It is for listeners
// without TLS; with it, net/http has to see the connection itself.
func WithSCIMErrors(l net.Listener) net.Listener { return scimErrorListener{l} }

type scimErrorListener struct{ net.Listener }

// Accept waits for the next connection.
func (l scimErrorListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &scimErrorConn{conn}, nil
}

type scimErrorConn struct{ net.Conn }

// Write sends p, or a SCIM error where p is such a refusal. net/http writes each in one piece.
func (c *scimErrorConn) Write(p []byte) (int, error) {
	answer := asSCIMError(p)
	if answer == nil {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(answer); err != nil {
		return 0, err
	}
	return len(p), nil
}

// CloseWrite ends this direction alone, so that a client which is still sending can read the refusal.
func (c *scimErrorConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// plainErrorHead is what stands behind the status line of a refusal, and of nothing that a handler answers: that
// has a date.
const plainErrorHead = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// asSCIMError gives the answer in place of a refusal; nil where p is none.
func asSCIMError(p []byte) []byte {
	rest, ok := bytes.CutPrefix(p, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 || rest[0] < '4' {
		return nil
	}
	line, text, ok := bytes.Cut(rest, []byte(plainErrorHead))
	status, err := strconv.Atoi(string(rest[:3]))
	if !ok || err != nil || bytes.ContainsAny(line, "\r\n") {
		return nil
	}
	why := &problem{status: status, detail: strings.TrimSpace(strings.TrimPrefix(string(text), strconv.Itoa(status)))}
	switch status {
	case http.StatusRequestHeaderFieldsTooLarge:
		why = headerTooLarge()
	case http.StatusBadRequest:
		reason := strings.TrimPrefix(why.detail, "Bad Request")
		why.detail = "the request is not HTTP" + reason
	}
	id := rand.Text()
	body := why.body(id)
	head := "HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\nContent-Type: " + contentType +
		"\r\nX-Request-Id: " + id + "\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	return append([]byte(head), body...)
}
