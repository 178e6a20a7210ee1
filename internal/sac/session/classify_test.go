package session

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"sacbridge/internal/upstream"
)

const springBody = `{"timestamp":1700000000,"status":403,"error":"Forbidden","path":"/api/v1/scim/Users/ANNA"}`

func TestAnswersAreClassed(t *testing.T) {
	t.Parallel()
	const proxyPage = "<html><head><title>Access &amp; Policy</title></head></html>"
	tests := []struct {
		name        string
		method      string
		status      int
		body        string
		class       upstream.Class
		step        step
		unreachable bool
		says        string // part of the error
	}{
		{"a SCIM error gives its detail", "PATCH", 400, `{"status":"400","scimType":"invalidValue","detail":"Request is unparsable"}`, upstream.Refused, stop, false, "Request is unparsable"},
		{"a v1 error gives its message", "POST", 400, `{"status":"400","message":"Invalid SAML IdP Configuration","detail":[]}`, upstream.Refused, stop, false, "Invalid SAML IdP"},
		{"a v1 error gives its list of details", "POST", 400, `{"message":"","detail":["one","two"]}`, upstream.Refused, stop, false, "one; two"},
		{"a taken name is a conflict", "POST", 400, `{"scimType":"uniqueness"}`, upstream.Conflict, stop, false, "uniqueness"},
		{"409 is a conflict", "POST", 409, `{"detail":"Email address is already used for ANNA"}`, upstream.Conflict, stop, false, "already used for ANNA"},
		{"404 is gone", "GET", 404, `{"detail":"none"}`, upstream.Gone, stop, false, "none"},
		{"a missing route is told from a missing entity", "GET", 404, "404 Not Found: Requested route does not exist.", upstream.Refused, stop, false, "NEO tenant has no v2"},
		{"somebody else's 404 is not gone", "GET", 404, proxyPage, upstream.Refused, stop, true, `"Access & Policy"`},
		{"413 names the cure", "POST", 413, ``, upstream.Refused, stop, false, "fewer at a time"},
		{"428 names the licences", "PATCH", 428, `{}`, upstream.Refused, stop, false, "licences"},
		{"401 names the missing tick", "GET", 401, `{"error":"unauthorized"}`, upstream.Credentials, renew, false, `"User Provisioning"`},
		{"a 403 of Spring names session and tick", "POST", 403, springBody, upstream.Credentials, renew, false, "KBA 3271959"},
		{"a 403 page to a PUT is a proxy's", "PUT", 403, proxyPage, upstream.Credentials, renew, true, "blocks PUT"},
		{"a 403 page to a GET is a proxy's", "GET", 403, proxyPage, upstream.Credentials, renew, true, "blocks the tenant"},
		{"405 without JSON is a proxy's", "PATCH", 405, "Method Not Allowed", upstream.Refused, stop, true, "does not let PATCH through"},
		{"405 of the tenant is not", "PATCH", 405, `{"detail":"no PATCH here"}`, upstream.Refused, stop, false, "no PATCH here"},
		{"501 to a PUT is a proxy's", "PUT", 501, ``, upstream.Refused, stop, true, "does not let PUT through"},
		{"501 to a GET is the tenant's index", "GET", 501, `{}`, upstream.RetryLater, stop, false, "index"},
		{"407 names the proxy", "GET", 407, ``, upstream.Refused, stop, true, "HTTPS_PROXY"},
		{"408 to a read is repeated", "GET", 408, ``, upstream.RetryLater, repeat, false, "408"},
		{"408 to a write is not", "POST", 408, ``, upstream.Unknown, stop, false, "408"},
		{"a page in place of JSON asks about url and proxy", "GET", 200, proxyPage, upstream.RetryLater, renew, true, "answered a web page instead of JSON"},
		{"502 to a write may have taken effect", "POST", 502, proxyPage, upstream.Unknown, stop, false, "may have taken effect"},
		{"other 4xx are refused", "POST", 422, `plain words`, upstream.Refused, stop, false, "plain words"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := &call{Request: Request{Op: "op", Method: test.method, Read: test.method == "GET"}, url: "https://t.example/x", route: "/x"}
			resp := &http.Response{StatusCode: test.status, Header: http.Header{}}
			s, l := &Session{}, &login{}
			got := s.fail(l, c, newAnswer(resp, []byte(test.body)))
			if got.Class != test.class || got.step != test.step || got.Unreachable != test.unreachable {
				t.Errorf("got %q, step %d, unreachable %v", got.Class, got.step, got.Unreachable)
			}
			if text := got.Error.Error(); !strings.Contains(text, test.says) || strings.Contains(text, "ANNA\"") {
				t.Errorf("got %q, want %q in it", text, test.says)
			}
		})
	}
}

func TestAMissingRightOfTheActivityLogIsNamed(t *testing.T) {
	t.Parallel()
	c := &call{route: routeOf("/api/v1/audit/activities/exportActivities")}
	if got := c.access(); got != "Activities" {
		t.Errorf("got %q", got)
	}
}

func TestEveryWriteThatIsNotRefusedOutrightHasAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	c := &call{Request: Request{Method: http.MethodPost}, url: "https://t.example/x"}
	for code := 500; code < 600; code++ {
		a := newAnswer(&http.Response{StatusCode: code, Header: http.Header{}}, nil)
		want := upstream.Unknown
		if code == http.StatusNotImplemented {
			want = upstream.RetryLater
		}
		if got := classify(c, a); got.Class != want || got.step != stop {
			t.Errorf("%d: got %q, step %d", code, got.Class, got.step)
		}
	}
}

func TestRequestsThatCannotBeMeantAreRefusedUnsent(t *testing.T) {
	t.Parallel()
	srv := newTenant(cf)
	s := open(t, srv, cf)
	for _, path := range []string{"", "api", "/a/../b", "/a/%2e%2e", "/a/%zz", "/a?b=c", "/a#b"} {
		if e := failed(t, s, read(path)); e.Class != upstream.Refused {
			t.Errorf("%q: got %v", path, e)
		}
	}
	r := write()
	r.Body = func() {}
	if e := failed(t, s, r); e.Class != upstream.Refused {
		t.Errorf("got %v", e)
	}
	if srv.total() != 0 {
		t.Errorf("%d calls were made", srv.total())
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	good := func() Config {
		f := func() (string, error) { return "x", nil }
		return Config{
			BaseURL: mustURL(t, "https://a"), TokenURL: mustURL(t, "https://b/t"), Platform: "CF", ClientID: f, ClientSecret: f,
		}
	}
	if _, err := New(good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"tenant's url": func(c *Config) { c.BaseURL = mustURL(t, "a.example") },
		"token url":    func(c *Config) { c.TokenURL = nil },
		"platform":     func(c *Config) { c.Platform = "abap" },
		"secret":       func(c *Config) { c.ClientSecret = nil },
		"negative":     func(c *Config) { c.Workers = -1 },
	} {
		c := good()
		spoil(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestPathAndQueryKeepTheirEscapes(t *testing.T) {
	t.Parallel()
	base := mustURL(t, "https://t.example/prefix/")
	c, err := newCall(base, Request{
		Path: "/api/v1/scim/Groups/A%2FB%20C", Query: map[string][]string{"filter": {`userName eq "a+b"`}},
	})
	want := "https://t.example/prefix/api/v1/scim/Groups/A%2FB%20C?filter=userName%20eq%20%22a%2Bb%22"
	if err != nil || c.url != want {
		t.Errorf("got %s, %v\nwant %s", c.url, err, want)
	}
	if got := routeOf("/api/v1/scim2/Users/ANNA"); got != "/api/v1/scim2/Users/{id}" {
		t.Errorf("route: got %s", got)
	}
}

func TestCredentialsThatCannotBeHadAreNotSent(t *testing.T) {
	t.Parallel()
	missing := errors.New("SAC_SECRET is not set")
	srv := newTenant(cf)
	s := open(t, srv, cf, func(c *Config) { c.ClientSecret = func() (string, error) { return "", missing } })
	if e := failed(t, s, read(users)); e.Class != upstream.Credentials || !errors.Is(e, missing) || srv.total() != 0 {
		t.Errorf("got %v", e)
	}
}
