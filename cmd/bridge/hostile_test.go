//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// anonymous gives the private memory of a process in MiB. Pages of the mapped file are the system's cache.
func anonymous(tb testing.TB, pid int) int {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Skipf("the memory of a process is not to be had here: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				tb.Fatal(err)
			}
			return kib >> 10
		}
	}
	tb.Skip("the system does not tell anonymous memory")
	return 0
}

// dialMany opens connections that say what they are given, and closes them at the end.
func dialMany(tb testing.TB, address string, n int, say string) []net.Conn {
	tb.Helper()
	conns := make([]net.Conn, 0, n)
	tb.Cleanup(func() {
		for _, c := range conns {
			_ = c.Close()
		}
	})
	for range n {
		conn, err := (&net.Dialer{}).DialContext(tb.Context(), "tcp", address)
		if err != nil {
			tb.Fatalf("after %d connections: %v", len(conns), err)
		}
		conns = append(conns, conn)
		if say != "" {
			if _, err := io.WriteString(conn, say); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return conns
}

// busy sends requests until stop is called, which gives the slowest answer; each has to succeed.
func busy(tb testing.TB, c *client) (stop func() time.Duration) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	var slowest time.Duration
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			start := time.Now()
			status, body, err := c.do(ctx, http.MethodGet, `/Users?filter=userName%20eq%20"kim"`, "")
			if ctx.Err() != nil {
				return
			}
			if err != nil || status != http.StatusOK {
				tb.Errorf("another client is hurt: status %d, %v: %s", status, err, body)
				return
			}
			slowest = max(slowest, time.Since(start))
		}
	})
	return func() time.Duration {
		cancel()
		done.Wait()
		return slowest
	}
}

// slowestOf gives the slowest of n answers, which tells how busy the machine is.
func slowestOf(tb testing.TB, c *client, n int) (slowest time.Duration) {
	tb.Helper()
	for range n {
		start := time.Now()
		c.want(tb, http.StatusOK, http.MethodGet, `/Users?filter=userName%20eq%20"kim"`, "")
		slowest = max(slowest, time.Since(start))
	}
	return slowest
}

func TestTenThousandOpenConnectionsHurtNobody(t *testing.T) {
	n := 10_000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < uint64(n)+200 {
		t.Skipf("this process may open %d files only", limit.Cur)
	}
	ws := newWorkspace(t, "")
	token := ws.token()
	p := ws.serve()
	c := newClient(p.ready.Sources["s"], token, 1)
	c.want(t, http.StatusCreated, http.MethodPost, "/Users", userBody("kim"))
	before := anonymous(t, p.cmd.Process.Pid)
	calm := slowestOf(t, c, 100)
	stop := busy(t, c)
	half := n / 2
	dialMany(t, p.ready.Listen, half, "")
	dialMany(t, p.ready.Listen, n-half, "GET /scim/s/v2/Users HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	with := anonymous(t, p.cmd.Process.Pid)
	fresh := newClient(p.ready.Sources["s"], token, 1)
	fresh.want(t, http.StatusOK, http.MethodGet, "/Users", "")
	slowest := stop()
	t.Logf("%d connections: %d MiB before, %d MiB with them, slowest answer %v", n, before, with, slowest)
	if with > before+raceMemory*n*30/1000 {
		t.Errorf("memory grows from %d to %d MiB, want %d KiB a connection at most", before, with, raceMemory*30)
	}
	if limit := 2*time.Second + 20*calm; slowest > limit {
		t.Errorf("the slowest answer took %v, want below %v; it was %v before", slowest, limit, calm)
	}
}

func TestQuietConnectionsPushOutEachOther(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, "  max_connections: 50\n  metrics: 127.0.0.1:0\n  sources: {s: {}}\n")
	token := ws.token()
	p := ws.serve()
	stop := busy(t, newClient(p.ready.Sources["s"], token, 1))
	conns := dialMany(t, p.ready.Listen, 300, "GET / HT")
	newClient(p.ready.Sources["s"], token, 1).want(t, http.StatusOK, http.MethodGet, "/Users", "")
	stop()
	if err := conns[0].SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := conns[0].Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the oldest quiet connection is still open: %v", err)
	}
	if got := readMetric(t, p, "sacbridge_connections_closed_total"); got < 200 {
		t.Errorf("%v connections were closed, want 200 or more", got)
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error) //nolint:errorlint // what net gives
	return ok && timeout.Timeout()
}

// readMetric reads one figure of the metrics listener.
func readMetric(t testing.TB, p *process, name string) float64 {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.ready.Metrics+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			v, err := strconv.ParseFloat(rest, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, "")
	p := ws.serve()
	conns := dialMany(t, p.ready.Listen, 20, "GET /scim/s/v2/Users HTTP/1.1\r\n")
	drip, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-drip.Done():
				return
			case <-tick.C:
				for _, c := range conns {
					_, _ = io.WriteString(c, "X")
				}
			}
		}
	}()
	for i, c := range conns {
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); isTimeout(err) {
			t.Errorf("connection %d is still open after %s of one byte a second", i, patience)
		}
	}
}

// personal is what must not be in any log.
var personal = []string{"Lovelace", "ada@example.com", "ada.home", "+44 20 7946", "hunter2"}

const adaBody = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@example.com","password":"hunter2",` +
	`"name":{"givenName":"Ada","familyName":"Lovelace"},"emails":[{"value":"ada.home@example.org"}],"phoneNumbers":[{"value":"+44 20 7946 0000"}]}`

func TestHostileRequestsAreRefusedWithASCIMError(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, "  sources: {s: {limits: {request_time: 2s}}, other: {}}\n")
	token := ws.token()
	expiring := strings.TrimSpace(ws.must("token", "new", "s", "--name", "short", "--expires", "1ms"))
	foreign := strings.TrimSpace(ws.must("token", "new", "other", "--name", "foreign"))
	p := ws.serve()
	good := newClient(p.ready.Sources["s"], token, 4)
	id, _ := good.want(t, http.StatusCreated, http.MethodPost, "/Users", adaBody)["id"].(string)
	good.want(t, http.StatusConflict, http.MethodPost, "/Users", adaBody)
	foreignID, _ := newClient(p.ready.Sources["other"], foreign, 1).want(t, http.StatusCreated, http.MethodPost, "/Users", adaBody)["id"].(string)
	before := anonymous(t, p.cmd.Process.Pid)
	nested := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for name, c := range map[string]struct {
		token, method, path, body string
		want                      int
	}{
		"a body over the limit":         {token, "POST", "/Users", `{"userName":"` + strings.Repeat("x", 2<<20) + `"}`, 413},
		"a body nested too deep":        {token, "POST", "/Users", nested, 400},
		"a patch nested too deep":       {token, "PATCH", "/Users/" + id, nested, 400},
		"a filter nested too deep":      {token, "GET", "/Users?filter=" + strings.Repeat("(", 7000), "", 400},
		"a path nested too deep":        {token, "PATCH", "/Users/" + id, patchBody(`{"op":"add","path":"` + strings.Repeat("(", 100_000) + `","value":1}`), 400},
		"a filter nested in a search":   {token, "POST", "/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"` + strings.Repeat("not(", 200_000) + `"}`, 400},
		"a body that is no JSON":        {token, "POST", "/Users", "ada@example.com", 400},
		"a body of another type":        {token, "POST", "/Users", `["Lovelace"]`, 400},
		"a wrong token":                 {"scb_WRONG", "GET", "/Users", "", 401},
		"an expired token":              {expiring, "GET", "/Users", "", 401},
		"another source's token":        {foreign, "GET", "/Users", "", 401},
		"another source's user":         {token, "GET", "/Users/" + foreignID, "", 404},
		"a name in place of an id":      {token, "GET", "/Users/ada@example.com", "", 404},
		"a name that nobody knows":      {token, "GET", "/Users/Lovelace", "", 404},
		"a method that is made up":      {token, "BREW", "/Users", "", 405},
		"an endpoint that is not there": {token, "GET", "/Robots", "", 404},
		"too many Bulk operations":      {token, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + strings.TrimSuffix(strings.Repeat(`{"method":"DELETE","path":"/Users/1"},`, 1001), ",") + `]}`, 413},
	} {
		client := newClient(p.ready.Sources["s"], c.token, 1)
		status, body, err := client.do(t.Context(), c.method, c.path, c.body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var fault struct {
			Schemas        []string
			Status, Detail string
		}
		if err := json.Unmarshal(body, &fault); err != nil || status != c.want || fault.Status != strconv.Itoa(c.want) ||
			!slices.Contains(fault.Schemas, "urn:ietf:params:scim:api:messages:2.0:Error") {
			t.Errorf("%s: status %d, want %d, and a SCIM error: %.300s", name, status, c.want, body)
		}
	}
	good.want(t, http.StatusOK, http.MethodGet, "/Users/"+id, "")
	if after := anonymous(t, p.cmd.Process.Pid); after > before+64*raceMemory {
		t.Errorf("memory grows from %d to %d MiB", before, after)
	}
	if code, err := p.stop(syscall.SIGTERM); err != nil || code != 0 {
		t.Errorf("the server ends with %d, %v; want 0", code, err)
	}
	for _, secret := range append([]string{token, expiring, foreign, "scb_"}, personal...) {
		if contains(p.log.String(), secret) {
			t.Errorf("the log shows %q", secret)
		}
	}
}

// raw sends the head of a request to a source and half of its body, and reads the answer.
func raw(t *testing.T, p *process, source, token string) (status int) {
	t.Helper()
	conn := dialMany(t, p.ready.Listen, 1, "POST /scim/"+source+"/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Type: application/scim+json\r\nContent-Length: 1000\r\nAuthorization: Bearer "+token+"\r\n\r\n{\"userName\":")[0]
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("a body that does not come is not answered: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || !contains(string(body), "messages:2.0:Error") {
		t.Errorf("no SCIM error: %v: %s", err, body)
	}
	return res.StatusCode
}

// TestBodiesThatDoNotComeAreGivenUp has one source that waits for two seconds, and one that waits for longer than the test does.
func TestBodiesThatDoNotComeAreGivenUp(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, "  sources: {s: {limits: {request_time: 2s}}, patient: {limits: {request_time: 1h}}}\n")
	token := ws.token()
	p := ws.serve()
	if status := raw(t, p, "s", token); status < 400 {
		t.Errorf("a slow body with a credential: status %d, want a refusal", status)
	}
	if status := raw(t, p, "patient", "scb_WRONG"); status != http.StatusUnauthorized {
		t.Errorf("a slow body without a credential: status %d, want 401 before the body was to come", status)
	}
}

func TestRequestsInHandAreAnsweredAtTheEnd(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, "")
	token := ws.token()
	p := ws.serve()
	body := userBody("late")
	head := fmt.Sprintf("POST /scim/s/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\nAuthorization: Bearer %s\r\n\r\n%s", len(body), token, body[:10])
	conn := dialMany(t, p.ready.Listen, 1, head)[0]
	c := newClient(p.ready.Sources["s"], token, 32)
	a := &acked{users: map[string]string{}, members: map[string]bool{}, gone: map[string]bool{}}
	group, _ := c.want(t, http.StatusCreated, http.MethodPost, "/Groups", groupBody("All"))["id"].(string)
	var writers sync.WaitGroup
	for w := range 32 {
		writers.Go(func() {
			if err := writeUntilDead(t.Context(), c, a, group, fmt.Sprintf("w%d", w)); err != nil {
				t.Error(err)
			}
		})
	}
	waitUntil(t, "writers are at work", func() (enough bool) {
		a.note(func() { enough = len(a.users) > 100 })
		return enough
	})
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the server is stopping", func() bool { return contains(p.log.String(), "stopping") })
	if _, err := io.WriteString(conn, body[10:]); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("the request in hand is answered with %v, %v; want 201", res, err)
	}
	_ = res.Body.Close()
	writers.Wait()
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the server ends with %v, want an orderly end: %s", err, p.log)
	}
	if out, code := ws.run("check"); code != 0 {
		t.Errorf("check finds faults: %s", out)
	}
	p = ws.serve()
	c = newClient(p.ready.Sources["s"], token, 4)
	verifyAcked(t, c, a, group)
	c.want(t, http.StatusConflict, http.MethodPost, "/Users", body)
}
