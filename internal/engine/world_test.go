package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/store/bolt"
)

// simTenant is a simulated tenant that is called in the caller's own goroutine.
type simTenant struct {
	name   string
	sso    string
	api    string // that connectors use; "": either
	server *sacsim.Server

	mu     sync.Mutex
	before func(*http.Request) // hears each call; nil: nobody does
	calls  int
	writes int
}

func newSimTenant(t *testing.T, name, seed string) *simTenant {
	t.Helper()
	return newTenant(t, sacsim.Options{Name: name, SSO: service.SSODefault}, seed)
}

func newTenant(t *testing.T, o sacsim.Options, seed string) *simTenant {
	t.Helper()
	var err error
	if o.Seed, err = service.ParseSeed(strings.NewReader(seed)); err != nil {
		t.Fatal(err)
	}
	server, err := sacsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return &simTenant{name: o.Name, sso: string(o.SSO), server: server}
}

// RoundTrip lets the tenant answer.
func (s *simTenant) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls++
	if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/scim") && !strings.HasSuffix(r.URL.Path, ".search") {
		s.writes++
	}
	before := s.before
	s.mu.Unlock()
	if before != nil {
		before(r)
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	s.server.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, r.Body.Close()
}

// hear has fn hear each call from now on.
func (s *simTenant) hear(fn func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = fn
}

func (s *simTenant) counts() (calls, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.writes
}

// side connects to the tenant, as a process of its own does.
func (s *simTenant) side(t *testing.T) engine.Endpoint {
	t.Helper()
	id, secret := s.server.Client()
	url := "http://" + s.name + ".example.test"
	conn, err := sac.New(sac.Config{
		Name: s.name, URL: url, TokenURL: url + s.server.TokenPath(), Platform: "cf", SSO: s.sso, API: s.api, Namespace: "t.A",
		Session: session.Config{
			ClientID:     func() (string, error) { return id, nil },
			ClientSecret: func() (string, error) { return secret, nil },
			Transport:    s, Backoff: time.Millisecond,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return engine.Endpoint{
		Conn: conn, Discover: conn.Discover,
		Traffic: func() engine.Traffic { st := conn.Stats(); return engine.Traffic{Calls: st.Calls, Retries: st.Retries} },
	}
}

// edit is what another administrator does.
func (s *simTenant) edit(t *testing.T, edits ...service.Edit) {
	t.Helper()
	if err := s.server.Edit(edits...); err != nil {
		t.Fatal(err)
	}
}

// fail puts a rule in force that fails requests.
func (s *simTenant) fail(t *testing.T, rules string) {
	t.Helper()
	s.control(t, http.MethodPost, "/__faults", rules, nil)
}

// members gives the members of a team.
func (s *simTenant) members(t *testing.T, team string) []string {
	t.Helper()
	var state struct {
		Teams map[string]struct {
			Members []string `json:"members"`
		} `json:"teams"`
	}
	s.control(t, http.MethodGet, "/__state", "", &state)
	return state.Teams[team].Members
}

func (s *simTenant) control(t *testing.T, method, path, body string, into any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:9"
	rec := httptest.NewRecorder()
	s.server.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK {
		t.Fatalf("%s %s: status %d: %s", method, path, rec.Code, rec.Body)
	}
	if into != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
}

// world is two tenants and a place for leases and journals.
type world struct {
	t         *testing.T
	dev, prod *simTenant
	leases    apply.Leases
	journals  *bolt.JournalFolder
}

// The people of both tenants, and the team Finance, of which prod has other members.
const (
	devSeed  = `{"users":[{"id":"ANNA"},{"id":"BEN"}],"teams":[{"id":"Finance","members":["ANNA","BEN"]}]}`
	prodSeed = `{"users":[{"id":"ANNA"},{"id":"X1"},{"id":"X2"},{"id":"X3"}],"teams":[{"id":"Finance","members":["X1","X2","X3"]}]}`
)

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	leases := bolt.LeaseFile(filepath.Join(dir, "test.leases"), time.Now)
	return &world{
		t: t, dev: newSimTenant(t, "dev", devSeed), prod: newSimTenant(t, "prod", prodSeed), leases: leases,
		journals: bolt.NewJournalFolder(filepath.Join(dir, "runs"), leases, bolt.Options{NoSync: true}),
	}
}

func (w *world) engine() *engine.Engine {
	return engine.New(engine.Deps{Program: "test", Version: "1", Leases: w.leases, Journals: w.journals})
}

// copyTeam is the operation that copies team Finance with an action on its members.
func (w *world) copyTeam(members identity.Action) engine.Operation {
	return engine.Operation{
		From: w.dev.side(w.t), To: w.prod.side(w.t), Command: "test copy",
		Request: engine.FixedRequest(plan.Request{Steps: []plan.Step{{Origin: "test", CopyTeam: &plan.CopyTeam{
			Team: "Finance", Users: plan.UsersMissing, UserRoles: identity.Keep, UserTeams: identity.Keep,
			TeamRoles: identity.Keep, Members: members, Name: plan.NameKeep,
		}}}}),
	}
}

// holder tells who has the lease on prod; "" where nobody has.
func (w *world) holder() string {
	w.t.Helper()
	l, held, err := w.leases.Holder(context.WithoutCancel(w.t.Context()), "http://prod.example.test")
	if err != nil {
		w.t.Fatal(err)
	}
	if !held {
		return ""
	}
	return l.Holder
}

// hold takes the lease on prod for somebody else until the function is called.
func (w *world) hold(who string) (release func()) {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	h, err := apply.Hold(ctx, w.leases, "http://prod.example.test", who, time.Minute)
	if err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if err := h.Release(ctx); err != nil {
			w.t.Error(err)
		}
	}
}

// wantNoWrites fails where prod was written to.
func (w *world) wantNoWrites() {
	w.t.Helper()
	if _, writes := w.prod.counts(); writes > 0 {
		w.t.Errorf("%d writes, want none", writes)
	}
}

// watcher notes what an observer is told.
type watcher struct {
	mu   sync.Mutex
	told []string
}

func (w *watcher) note(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, text)
}

func (w *watcher) Progress(apply.Progress) {}

func (w *watcher) Settled(apply.EntityResult) {}

func (w *watcher) Begin(s engine.Stage, sides ...engine.Endpoint) func() {
	var text strings.Builder
	text.WriteString(string(s))
	for _, one := range sides {
		text.WriteString(" " + one.Tenant().Name)
	}
	w.note(text.String())
	return func() { w.note("end of " + text.String()) }
}

func (w *watcher) RunStarted(string)                 {}
func (w *watcher) WaitingForLease(l apply.Lease)     { w.note("waiting for " + l.Holder) }
func (w *watcher) LeaseReleased(after time.Duration) { w.note("gave back after " + after.String()) }
