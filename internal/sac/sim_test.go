package sac_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sim is a simulated tenant with our client on it.
type sim struct {
	*sac.Tenant
	upstream.Writer // one that may always write

	t   *testing.T
	url string
	web *http.Client

	connect func(api string) *sac.Tenant
	setup   setup
	shut    func()
	token   string // path of the token endpoint
}

// setup says what a test's tenant is like; the zero value is CF with SSO default and nobody but the
// System Owner.
type setup struct {
	platform service.Platform
	sso      service.SSO
	api      string
	seed     string // JSON
	settings string // JSON
	faults   string // JSON
	people   int    // fillers
	facts    upstream.Facts
	learned  func(upstream.Facts)
	before   func(edit func(...service.Edit), r *http.Request) // hears each request before the tenant does
	rewrite  func(r *http.Request, body []byte) []byte         // changes what the tenant gets; may be nil
	reply    func(r *http.Request, body []byte) []byte         // changes what it answers; may be nil
	noBulk   bool
	noLookup bool
	tries    int
	workers  int
}

// always is a permission that is never refused.
type always struct{}

func (always) Check() error              { return nil }
func (always) Stopping() <-chan struct{} { return nil }

func open(t *testing.T, s setup) *sim {
	t.Helper()
	if s.platform == "" {
		s.platform = service.CF
	}
	if s.sso == "" {
		s.sso = service.SSODefault
	}
	if s.seed == "" {
		s.seed = `{"users":[{"id":"SYSOWNER","systemOwner":true}]}`
	}
	seed, err := service.ParseSeed(strings.NewReader(s.seed))
	if err != nil {
		t.Fatalf("seed: %v", err)
	}
	if s.people > 0 {
		seed = seed.Fill(s.people, 0)
	}
	opts := sacsim.Options{Platform: s.platform, SSO: s.sso, Seed: seed, ClientID: "client", ClientSecret: "secret"}
	if s.faults != "" {
		if opts.Faults, err = sacsim.ParseFaults(strings.NewReader(s.faults)); err != nil {
			t.Fatalf("faults: %v", err)
		}
	}
	var server *sacsim.Server
	edit := func(edits ...service.Edit) {
		if err := server.Edit(edits...); err != nil {
			t.Errorf("edit: %v", err)
		}
	}
	if s.before != nil {
		opts.Before = func(r *http.Request) { s.before(edit, r) }
	}
	if server, err = sacsim.New(opts); err != nil {
		t.Fatalf("simulator: %v", err)
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.rewrite != nil {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(s.rewrite(r, body)))
		}
		if s.reply == nil {
			server.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		maps.Copy(w.Header(), rec.Header())
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		_, _ = w.Write(s.reply(r, rec.Body.Bytes()))
	}))
	connect := func(api string) *sac.Tenant {
		return connect(t, s, api, web.URL, server.TokenPath())
	}
	tenant := connect(s.api)
	out := &sim{Tenant: tenant, Writer: tenant.Writer(always{}), t: t, url: web.URL, web: web.Client(), connect: connect, setup: s, token: server.TokenPath()}
	if s.settings != "" {
		out.control(http.MethodPost, "/__settings", s.settings, nil)
	}
	out.shut = sync.OnceFunc(func() {
		if got := out.stats().Violations; len(got) > 0 {
			t.Errorf("violations: %q", got)
		}
		out.Close()
		tenant.Close()
		web.Close()
		server.Close()
	})
	t.Cleanup(out.shut)
	return out
}

// again gives a client that knows nothing yet of the same simulated tenant, with another api setting.
func (s *sim) again(api string) *sim {
	s.Tenant = s.connect(api)
	s.Writer = s.Tenant.Writer(always{})
	return s
}

func connect(t *testing.T, s setup, api, base, token string) *sac.Tenant {
	t.Helper()
	text := func(s string) func() (string, error) { return func() (string, error) { return s, nil } }
	tenant, err := sac.New(sac.Config{
		Name: "dev", URL: base, TokenURL: base + token, Platform: string(s.platform), SSO: string(s.sso),
		API: api, NoBulk: s.noBulk, NoLookup: s.noLookup, Facts: s.facts, Learned: s.learned,
		Session: session.Config{ClientID: text("client"), ClientSecret: text("secret"), Backoff: time.Millisecond, MaxTries: s.tries, Workers: s.workers},
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return tenant
}

type simStats struct {
	Requests   int            `json:"requests"`
	ByRoute    map[string]int `json:"byRoute"`
	Violations []string       `json:"violations"`
}

type simUser struct {
	UserName, Email, GivenName, FamilyName, DisplayName, PreferredLanguage, Manager string

	Active               bool
	Roles, Teams, Photos []string
	Params               map[string]any
}

type simTeam struct {
	DisplayName    string
	Members, Roles []string
}

type simState struct {
	Users map[string]simUser
	Teams map[string]simTeam
}

func (s *sim) control(method, path, body string, into any) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.web.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: status %d, %v: %s", method, path, resp.StatusCode, err, raw)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			s.t.Fatal(err)
		}
	}
}

// edit changes the tenant as another administrator does.
func (s *sim) edit(edits ...service.Edit) {
	s.t.Helper()
	raw, err := json.Marshal(edits)
	if err != nil {
		s.t.Fatal(err)
	}
	s.control(http.MethodPost, "/__edit", string(raw), nil)
}

func (s *sim) stats() simStats {
	s.t.Helper()
	var out simStats
	s.control(http.MethodGet, "/__stats", "", &out)
	return out
}

func (s *sim) state() simState {
	s.t.Helper()
	var out simState
	s.control(http.MethodGet, "/__state", "", &out)
	return out
}

// calls gives the requests by route since the last call of calls, token and CSRF left out.
func (s *sim) calls() map[string]int {
	s.t.Helper()
	out := s.stats().ByRoute
	s.control(http.MethodPost, "/__stats/reset", "", nil)
	maps.DeleteFunc(out, func(route string, _ int) bool {
		return strings.Contains(route, "token") || strings.HasSuffix(route, "/csrf")
	})
	return out
}

func (s *sim) wantCalls(want map[string]int) {
	s.t.Helper()
	if diff := cmp.Diff(s.calls(), want); diff != "" {
		s.t.Errorf("calls (-got +want):\n%s", diff)
	}
}

// find reads people and fails the test on an error.
func (s *sim) find(q upstream.UserQuery) map[string]*identity.User {
	s.t.Helper()
	out := map[string]*identity.User{}
	for u, err := range s.FindUsers(s.t.Context(), q) {
		if err != nil {
			s.t.Fatalf("FindUsers: %v", err)
		}
		if out[u.UserID] != nil {
			s.t.Errorf("%s came twice", u.UserID)
		}
		out[u.UserID] = u
	}
	return out
}

func (s *sim) groups(q upstream.GroupQuery) map[string]*identity.Group {
	s.t.Helper()
	out := map[string]*identity.Group{}
	for g, err := range s.FindGroups(s.t.Context(), q) {
		if err != nil {
			s.t.Fatalf("FindGroups: %v", err)
		}
		if out[g.Name] != nil {
			s.t.Errorf("team %s came twice", g.Name)
		}
		out[g.Name] = g
	}
	return out
}

func ids(prefix string, from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("%s%04d", prefix, i))
	}
	return out
}

func keys[V any](m map[string]V) []string { return sortedStrings(maps.Keys(m)) }

// asError gives err as the error of the contract.
func asError(t *testing.T, err error) *upstream.Error {
	t.Helper()
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok {
		t.Fatalf("Err = %v", err)
	}
	return e
}

func clock() time.Time { return time.Now() }

func lateClock() time.Time { return time.Now().Add(time.Hour) }

// as gives a client of the same tenant that believes in another SSO mode.
func (s *sim) as(sso service.SSO) *sac.Tenant {
	setup := s.setup
	setup.sso = sso
	return connect(s.t, setup, "auto", s.url, s.token)
}

// on connects to the tenant as one of another platform, by the token address of its own.
func (s *sim) on(platform service.Platform) *sac.Tenant {
	setup := s.setup
	setup.platform = platform
	return connect(s.t, setup, "auto", s.url, s.token)
}

// noErr fails the test for every failed outcome.
func noErr(t *testing.T, outs ...upstream.Outcome) {
	t.Helper()
	for i, o := range outs {
		if o.Err != nil {
			t.Fatalf("outcome %d: %v", i, o.Err)
		}
	}
}
