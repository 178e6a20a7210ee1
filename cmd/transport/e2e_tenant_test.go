package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/plan"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/store/bolt"
)

// simTenant is a simulated tenant. Over HTTP it listens on a port, else calls reach it directly, which
// is faster and knows no broken connections.
type simTenant struct {
	opts   sacsim.Options
	server *sacsim.Server
	front  *httptest.Server
}

// inProcess answers calls in the caller's own goroutine. Where the tenant hangs up the caller gets an error,
// and where it cuts its answer a body that ends too soon.
type inProcess struct {
	server *sacsim.Server
	life   *killSwitch
}

func (d inProcess) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() { err = errors.Join(err, r.Body.Close()) }()
	if err := d.life.point(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	if !answers(d.server, rec, r) && !rec.Flushed {
		return nil, io.ErrUnexpectedEOF
	}
	if err := d.life.point(); err != nil {
		return nil, err
	}
	resp = rec.Result()
	resp.Request = r
	if want, err := strconv.Atoi(resp.Header.Get("Content-Length")); err == nil && want > rec.Body.Len() {
		resp.Body = io.NopCloser(io.MultiReader(rec.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return resp, nil
}

// answers reports whether the server answered; one that hangs up panics, as net/http wants it.
func answers(server http.Handler, rw http.ResponseWriter, r *http.Request) (whole bool) {
	defer func() {
		if why := recover(); why != nil && why != http.ErrAbortHandler { //nolint:errorlint // the very value
			panic(why)
		}
	}()
	server.ServeHTTP(rw, r)
	return true
}

func newSimTenant(t *testing.T, name, platform, sso, namespace string, seed service.Seed, overHTTP bool) *simTenant {
	t.Helper()
	s := &simTenant{opts: sacsim.Options{
		Name: name, Platform: service.Platform(platform), SSO: service.SSO(sso), Namespace: namespace, Seed: seed,
	}}
	var err error
	if s.server, err = sacsim.New(s.opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.server.Close)
	if overHTTP {
		s.front = httptest.NewServer(s.server)
		t.Cleanup(s.front.Close)
	}
	return s
}

// control makes a control call.
func (s *simTenant) control(t *testing.T, method, path string, body, into any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		data = nil
	}
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(string(data)))
	req.RemoteAddr = "127.0.0.1:9"
	rec := httptest.NewRecorder()
	s.server.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		t.Fatalf("%s %s: status %d: %s", method, path, rec.Code, rec.Body)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

// state gives what is in the tenant.
func (s *simTenant) state(t *testing.T) *tenantState {
	t.Helper()
	w := &tenantState{}
	s.control(t, http.MethodGet, "/__state", nil, w)
	return w
}

func (s *simTenant) stats(t *testing.T) simStats {
	t.Helper()
	var st simStats
	s.control(t, http.MethodGet, "/__stats", nil, &st)
	return st
}

// setFaults puts fault rules in force; without any there are none.
func (s *simTenant) setFaults(t *testing.T, faults ...sacsim.Fault) {
	t.Helper()
	s.control(t, http.MethodPost, "/__faults", append([]sacsim.Fault{}, faults...), nil)
}

// noViolations fails where a tenant has something to complain about.
func noViolations(t *testing.T, tenants ...*simTenant) {
	t.Helper()
	for _, s := range tenants {
		if v := s.stats(t).Violations; len(v) > 0 {
			t.Errorf("%s complains: %v", s.opts.Name, v)
		}
	}
}

// simEndpoint connects to a simulated tenant as the program does, with short waits. Each call makes a side
// of its own, like a process of its own.
func simEndpoint(t *testing.T, s *simTenant, workers int, api string, life *killSwitch) engine.Endpoint {
	t.Helper()
	id, secret := s.server.Client()
	cfg := sac.Config{
		Name: s.opts.Name, URL: "http://" + s.opts.Name + ".example.test", Platform: string(s.opts.Platform), SSO: string(s.opts.SSO),
		Namespace: s.opts.Namespace, API: cmp.Or(api, "auto"),
		Session: session.Config{
			ClientID:     func() (string, error) { return id, nil },
			ClientSecret: func() (string, error) { return secret, nil },
			Workers:      workers, Backoff: 500 * time.Microsecond,
		},
	}
	if s.front != nil {
		cfg.URL = s.front.URL
	} else {
		cfg.Session.Transport = inProcess{s.server, life}
	}
	cfg.TokenURL = cfg.URL + s.server.TokenPath()
	conn, err := sac.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return engine.Endpoint{Conn: conn, Discover: conn.Discover, Traffic: func() engine.Traffic { st := conn.Stats(); return engine.Traffic{Calls: st.Calls, Retries: st.Retries} }}
}

// transfer is one way from a source to a target, as one process goes it.
type transfer struct {
	ends  *tenantPair
	rules plan.Rules
	path  string // of the journal
	life  *killSwitch
	wait  func(try int, asked time.Duration) time.Duration // nil: as the program waits
}

func newTransfer(t *testing.T, from, to *simTenant, workers int, api string) *transfer {
	t.Helper()
	life := &killSwitch{left: -1}
	return &transfer{
		ends: &tenantPair{from: simEndpoint(t, from, workers, "", life), to: simEndpoint(t, to, workers, api, life)},
		path: filepath.Join(memoryDir(t), "run.db"), life: life,
	}
}

// memoryDir is a folder in memory where the machine has one: a journal is synced by each file it makes.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "transport-test-") //nolint:usetesting // t.TempDir is on disk, where every fsync of a journal waits
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// plan reads both tenants and decides.
func (j *transfer) plan(ctx context.Context, req plan.Request) (*plan.Plan, error) {
	rep, err := engine.New(engine.Deps{Program: "test"}).Change(ctx, engine.Operation{
		From: j.ends.from, To: j.ends.to, Request: engine.FixedRequest(req), Rules: j.rules, PlanOnly: true,
	})
	if rep.Plan == nil {
		return nil, err
	}
	p := rep.Plan // what holds it is for the caller to see
	p.ID, p.Tool, p.Created = "plan-1", "test", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return p, nil
}

// run carries a plan out with a journal on disk; resume goes on with that journal.
func (j *transfer) run(ctx context.Context, p *plan.Plan) (*apply.Result, error) {
	return j.journaled(func(d apply.Deps) (*apply.Result, error) { return apply.Run(ctx, d, p) })
}

func (j *transfer) resume(ctx context.Context) (*apply.Result, error) {
	return j.journaled(func(d apply.Deps) (*apply.Result, error) { return apply.Resume(ctx, d) })
}

func (j *transfer) journaled(do func(apply.Deps) (*apply.Result, error)) (*apply.Result, error) {
	db, err := bolt.Open(j.path, bolt.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	journal := db.Journal()
	res, err := do(apply.Deps{
		Target: j.ends.to.Conn, Journal: killableJournal{journal, j.life}, Now: time.Now, RunID: "run-1", Command: "test",
		Wait: j.wait,
	})
	return res, errors.Join(err, journal.Close(), db.Close())
}

// failures are the entities of a result that did not end well, with their causes.
func failures(res *apply.Result) []string {
	var out []string
	for _, e := range res.Entities {
		switch e.Status {
		case apply.Failed, apply.Partly, apply.Pending:
			out = append(out, fmt.Sprintf("%s %s %s: %s: %s %v", e.Op, e.Entity, e.Key, e.Status, e.Cause, e.Links))
		case apply.Done, apply.Unchanged, apply.Skipped:
		}
	}
	return out
}

// idpUsers gives everybody's user ID with the login ID that v2 shows, read without the program's client.
func idpUsers(t *testing.T, s *simTenant) []string {
	t.Helper()
	id, secret := s.server.Client()
	call := func(method, path string, prepare func(*http.Request), into any) {
		req := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		prepare(req)
		rec := httptest.NewRecorder()
		s.server.ServeHTTP(rec, req)
		if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil || rec.Code != http.StatusOK {
			t.Fatalf("%s: status %d: %v", path, rec.Code, err)
		}
	}
	var token struct {
		Value string `json:"access_token"`
	}
	call(http.MethodPost, s.server.TokenPath()+"?grant_type=client_credentials", func(r *http.Request) { r.SetBasicAuth(id, secret) }, &token)
	var out []string
	for {
		var page struct {
			Total     int `json:"totalResults"`
			Resources []struct {
				UserName string `json:"userName"`
				Ext      struct {
					IDP string `json:"idpUserId"`
				} `json:"urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"`
			} `json:"Resources"`
		}
		call(http.MethodGet, fmt.Sprintf("/api/v1/scim2/Users?startIndex=%d&count=200", len(out)+1), func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+token.Value)
		}, &page)
		for _, u := range page.Resources {
			out = append(out, u.UserName+" "+u.Ext.IDP)
		}
		if len(out) >= page.Total || len(page.Resources) == 0 {
			slices.Sort(out)
			return out
		}
	}
}
