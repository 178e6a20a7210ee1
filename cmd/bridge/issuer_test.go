package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// slowIssuer is a tokenIssuer that does not answer while it is held.
type slowIssuer struct {
	*tokenIssuer
	mu   sync.Mutex
	held chan struct{} // closed: it answers
	all  atomic.Int64  // requests of any kind
}

func newSlowIssuer(tb testing.TB) *slowIssuer {
	tb.Helper()
	i := &slowIssuer{tokenIssuer: newTokenIssuer(tb), held: make(chan struct{})}
	close(i.held)
	inner := i.Config.Handler
	i.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.all.Add(1)
		i.mu.Lock()
		held := i.held
		i.mu.Unlock()
		select {
		case <-held:
			inner.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
	return i
}

// hold makes the issuer answer nobody until the function it gives is called.
func (i *slowIssuer) hold() (release func()) {
	held := make(chan struct{})
	i.mu.Lock()
	i.held = held
	i.mu.Unlock()
	release = sync.OnceFunc(func() { close(held) })
	i.tb.Cleanup(release)
	return release
}

// bridgeOf starts a bridge that trusts the issuer.
func (i *slowIssuer) bridgeOf() *process {
	i.tb.Helper()
	ws := newWorkspace(i.tb, fmt.Sprintf("  sources: {s: {auth: {issuers: {idp: {issuer: %q, audience: bridge, ca: idp.pem}}}}}\n", i.URL))
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Certificate().Raw})
	if err := os.WriteFile(ws.path("idp.pem"), ca, 0o600); err != nil {
		i.tb.Fatal(err)
	}
	ws.token()
	return ws.serve()
}

// Trial 14: nothing is locked while an issuer is asked, so that however many wait, each waits as long as one.
func TestTrial14AnIssuerThatHangsHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	i := newSlowIssuer(t)
	release := i.hold()
	p := i.bridgeOf()
	good := i.sign(i.key, "k1", i.claims())
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			status, body, err := newClient(p.ready.Sources["s"], good, 1).do(ctx, http.MethodGet, "/Users", "")
			if err != nil || status != http.StatusServiceUnavailable {
				t.Errorf("a token whose issuer hangs is answered with %d, %v, want 503: %s", status, err, body)
			}
		})
	}
	group.Wait()
	if n := i.all.Load(); n != 1 {
		t.Errorf("8 tokens asked the issuer %d times, want once for all", n)
	}
	waitUntil(t, "the log says why", func() bool { return contains(p.log.String(), "the keys of the issuer cannot be read") })
	if log := p.log.String(); contains(log, good) {
		t.Errorf("the log shows the token: %s", log)
	}
	release()
	waitUntil(t, "the token is accepted once the issuer answers", func() bool {
		status, _, err := newClient(p.ready.Sources["s"], good, 1).do(t.Context(), http.MethodGet, "/Users", "")
		return err == nil && status == http.StatusOK
	})
}

// Trial 14: keys that were read go on serving while the issuer is down, also beside clients that name keys that nobody has.
func TestTrial14KeysThatWereReadServeWhileTheIssuerHangs(t *testing.T) {
	t.Parallel()
	i := newSlowIssuer(t)
	p := i.bridgeOf()
	good := newClient(p.ready.Sources["s"], i.sign(i.key, "k1", i.claims()), 1)
	good.want(t, http.StatusOK, http.MethodGet, "/Users", "")
	i.hold()
	ctx, cancel := context.WithCancel(t.Context())
	var strangers sync.WaitGroup
	for n := range 16 {
		token := i.sign(i.key, fmt.Sprintf("made-up-%d", n), i.claims())
		strangers.Go(func() {
			_, _, _ = newClient(p.ready.Sources["s"], token, 1).do(ctx, http.MethodGet, "/Users", "")
		})
	}
	for range 50 {
		begin := time.Now()
		good.want(t, http.StatusOK, http.MethodGet, "/Users", "")
		if took := time.Since(begin); took > 2*time.Second {
			t.Fatalf("a token whose key is known took %v beside strangers", took)
		}
	}
	cancel()
	strangers.Wait()
	if n := i.all.Load(); n > 4 {
		t.Errorf("the issuer was asked %d times, want a few", n)
	}
}
