package scimserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHostileBodies(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("kim")
	user := `{"schemas":["` + coreUser + `"],"userName":"x","urn:x:y":`
	for name, body := range map[string]string{
		"nothing":                    " ",
		"an array":                   `[]`,
		"null":                       `null`,
		"text":                       `"userName"`,
		"cut short":                  `{"userName":"x"`,
		"nested deep":                user + strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000) + `}`,
		"arrays nested deep":         user + strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000) + `}`,
		"unclosed nesting":           user + strings.Repeat(`[`, 500_000),
		"invalid UTF-8":              `{"schemas":["` + coreUser + `"],"userName":"` + "\xff\xfe" + `"`,
		"a number for a name":        `{"schemas":["` + coreUser + `"],"userName":1e400}`,
		"schemas of another type":    `{"schemas":["` + coreGroup + `"],"userName":"x"}`,
		"schemas that are no list":   `{"schemas":{"a":1},"userName":"x"}`,
		"a zero character in a name": `{"schemas":["` + coreUser + `"],"userName":"a\u0000b"}`,
		"a very long name":           `{"schemas":["` + coreUser + `"],"userName":"` + strings.Repeat("x", 5000) + `"}`,
	} {
		for _, c := range []struct{ method, path string }{{"POST", "/Users"}, {"PUT", "/Users/" + id}} {
			a := b.do(c.method, c.path, body)
			if a.status != 400 {
				t.Errorf("%s by %s: %d %s", name, c.method, a.status, a.body)
				continue
			}
			a.wantError(400, str(a.at("scimType")))
		}
	}
	for name, body := range map[string]string{
		"no operations": `{"schemas":["` + patchURN + `"]}`, "no object": `[]`, "op is missing": patchBody(`{"path":"title","value":"x"}`), "op is unknown": patchBody(`{"op":"move","path":"title"}`),
		"value is missing": patchBody(`{"op":"add","path":"title"}`), "path is malformed": patchBody(`{"op":"add","path":"emails[type eq","value":"x"}`),
		"path is unknown": patchBody(`{"op":"add","path":"shoeSize","value":1}`), "value of a wrong type": patchBody(`{"op":"replace","path":"active","value":{}}`),
		"path is no text": patchBody(`{"op":"add","path":{},"value":1}`),
	} {
		a := b.do("PATCH", "/Users/"+id, body)
		a.wantError(400, str(a.at("scimType")))
		if a.at("scimType") == nil {
			t.Errorf("%s: no scimType: %s", name, a.body)
		}
	}
	if b.log.Len() > 0 {
		t.Errorf("something was taken for an internal error: %s", b.log)
	}
	if got := b.do("GET", "/Users", "").ids(); len(got) != 1 {
		t.Errorf("%d users, want the first alone", len(got))
	}
}

func TestAPanicIsA500ThatTellsNothing(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) {
		o.Sources[0].Auth.Issuers = []Issuer{{Name: "broken"}}
	})
	a := b.doAs("s", "j.x", "GET", "/Users", "").wantError(500, "")
	if text := str(a.at("detail")); strings.Contains(text, "nil pointer") || strings.Contains(text, ".go") {
		t.Errorf("the answer tells %q", text)
	}
	if !strings.Contains(b.log.String(), "nil pointer") || !strings.Contains(b.log.String(), a.header.Get("X-Request-Id")) {
		t.Errorf("the log lacks the cause or the request id: %s", b.log)
	}
}

// listen serves b as cmd/bridge does.
func (b *bridge) listen() *httptest.Server {
	s := httptest.NewUnstartedServer(b)
	SetLimits(s.Config)
	s.Listener = WithSCIMErrors(s.Listener)
	s.Start()
	b.t.Cleanup(s.Close)
	return s
}

func (b *bridge) raw(addr, text string) net.Conn {
	b.t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(b.t.Context(), "tcp", addr)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		b.t.Fatal(err)
	}
	return conn
}

func TestABodyThatDripsIsGivenUp(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) { o.Sources[0].Limits.Time = 200 * time.Millisecond })
	s := b.listen()
	conn := b.raw(s.Listener.Addr().String(), fmt.Sprintf("POST /scim/s/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/scim+json\r\nContent-Length: 1000\r\n\r\n{", b.token))
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusRequestTimeout {
		t.Errorf("status %d, want 408", r.StatusCode)
	}
}

func TestAHeaderThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	b := open(t)
	s := b.listen()
	for name, head := range map[string]string{
		"a filter that is too long":      "GET /scim/s/v2/Users?filter=" + strings.Repeat("(", 60<<10) + " HTTP/1.1\r\nHost: x\r\n",
		"a header line that is too long": "GET /scim/s/v2/Users HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 200<<10) + "\r\n",
		"an address of nothing":          "GET /scim/" + strings.Repeat("x", 60<<10) + " HTTP/1.1\r\nHost: x\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn := b.raw(s.Listener.Addr().String(), head+"\r\n")
			r, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Body.Close() }()
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			(&answer{t: t, status: r.StatusCode, header: r.Header, body: body}).wantError(431, "")
		})
	}
}

func TestAReaderWhoStopsReadingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) { o.Sources[0].Limits.Time = 300 * time.Millisecond })
	group := b.bigGroup(30_000)
	s := b.listen()
	conn := b.raw(s.Listener.Addr().String(), fmt.Sprintf("GET /scim/s/v2/Groups/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", group, b.token))
	// Writes go on while the reader hangs.
	b.patch("/Groups/"+group, `{"op":"replace","path":"displayName","value":"New"}`).want(204)
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b.waitForStatus("/Groups/{id}", "GET")
	all, err := io.ReadAll(conn)
	if err == nil && strings.Contains(string(all), "\r\n0\r\n\r\n") && len(all) < 30_000*60 {
		t.Error("a shortened list looks whole")
	}
}

// waitForStatus returns once a request of that kind was answered or given up.
func (b *bridge) waitForStatus(route, method string) {
	b.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		b.seen.mu.Lock()
		for _, s := range b.seen.done {
			if s.Route == route && s.Method == method {
				b.seen.mu.Unlock()
				return
			}
		}
		b.seen.mu.Unlock()
		select {
		case <-tick.C:
		case <-b.t.Context().Done():
			b.t.Fatal("never answered")
		}
	}
}
