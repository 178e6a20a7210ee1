package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/upstream"
)

// The tests in e2e_*_test.go run the engine through the real client against simulated tenants, with
// journals on disk. Each run is a process of its own, which the test watches, stops, kills or leaves
// waiting at any point where it deals with the world.

const (
	runID   = "run-1"
	prodURL = "http://prod.example.test"
)

// simulated is a simulated tenant.
type simulated struct {
	opts   sacsim.Options
	server *sacsim.Server
}

func newSimulated(t testing.TB, opts sacsim.Options, seed string) *simulated {
	t.Helper()
	var err error
	if opts.Seed, err = service.ParseSeed(strings.NewReader(seed)); err != nil {
		t.Fatal(err)
	}
	s := &simulated{opts: opts}
	if s.server, err = sacsim.New(opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.server.Close)
	return s
}

// control makes a control call.
func (s *simulated) control(t testing.TB, method, path string, body, into any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(string(data)))
	r.RemoteAddr = "127.0.0.1:9"
	rec := httptest.NewRecorder()
	s.server.ServeHTTP(rec, r)
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

// simState is what is in a tenant, as /__state tells it.
type simState struct {
	Users map[string]simUser `json:"users"`
	Teams map[string]simTeam `json:"teams"`
}

type simUser struct {
	UserName          string         `json:"userName"`
	Email             string         `json:"email"`
	GivenName         string         `json:"givenName"`
	FamilyName        string         `json:"familyName"`
	DisplayName       string         `json:"displayName"`
	PreferredLanguage string         `json:"preferredLanguage"`
	Active            bool           `json:"active"`
	Manager           string         `json:"manager"`
	Roles             []string       `json:"roles"`
	Teams             []string       `json:"teams"`
	Photos            []string       `json:"photos"`
	Params            map[string]any `json:"params"`
}

type simTeam struct {
	DisplayName string   `json:"displayName"`
	Members     []string `json:"members"`
	Roles       []string `json:"roles"`
}

func (s *simulated) state(t testing.TB) simState {
	t.Helper()
	var st simState
	s.control(t, http.MethodGet, "/__state", nil, &st)
	return st
}

// faults puts rules in force; without any there are none.
func (s *simulated) faults(t testing.TB, rules ...sacsim.Fault) {
	t.Helper()
	s.control(t, http.MethodPost, "/__faults", append([]sacsim.Fault{}, rules...), nil)
}

func (s *simulated) settings(t testing.TB, settings map[string]any) {
	t.Helper()
	s.control(t, http.MethodPost, "/__settings", settings, nil)
}

// violations are the documented rules that the client broke.
func (s *simulated) violations(t testing.TB) []string {
	t.Helper()
	var st sacsim.Stats
	s.control(t, http.MethodGet, "/__stats", nil, &st)
	return st.Violations
}

// processPoint is one moment at which a process deals with the world.
type processPoint struct {
	n    int // from 1
	kind pointKind
	what string // for people
}

// pointKind says what a process is doing at a point.
type pointKind string

const (
	journalPoint    pointKind = "journal"    // before or after a record is stored
	leasePoint      pointKind = "lease"      // before the lease is looked at or renewed
	permissionPoint pointKind = "permission" // before a send is permitted
	sendPoint       pointKind = "send"       // a request is about to leave
	answerPoint     pointKind = "answer"     // its answer has come
)

// simProcess is one run of the program. at is called at each of its points; an error ends whatever it was
// doing there. It may be nil.
type simProcess struct {
	at      func(processPoint) error
	traffic *traffic // with one tenant; nil where nobody asks

	mu      sync.Mutex
	points  int
	journal int      // of the points
	sent    []string // writes that reached the tenant
}

func (p *simProcess) point(kind pointKind, what string) error {
	p.mu.Lock()
	p.points++
	if kind == journalPoint {
		p.journal++
	}
	pt := processPoint{p.points, kind, what}
	p.mu.Unlock()
	if p.at == nil {
		return nil
	}
	return p.at(pt)
}

// count is how many points there were.
func (p *simProcess) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.points
}

// writes are the writes that have reached the tenant.
func (p *simProcess) writes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.sent...)
}

// errProcessDead stands for the end of a process: nothing it does afterwards has an effect.
var errProcessDead = errors.New("the process is dead")

// simTransport answers requests in the caller's own goroutine, and tells its trace what net/http's transport
// tells: a connection is had, then the body is read, then the request is under way.
type simTransport struct {
	server  http.Handler
	process *simProcess
}

func (w simTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(r.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	what := r.Method + " " + r.URL.Path
	if err := w.process.point(sendPoint, what); err != nil {
		return nil, err
	}
	conn := &fakeConn{}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: conn})
	}
	if r.Body != nil {
		if err := w.process.point(sendPoint, "body of "+what); err != nil {
			return nil, err
		}
	}
	out, err := arrived(r)
	if err := errors.Join(err, conn.closed()); err != nil {
		return nil, err
	}
	if trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if isWrite(r) {
		w.process.mu.Lock()
		w.process.sent = append(w.process.sent, what)
		w.process.mu.Unlock()
	}
	rec := httptest.NewRecorder()
	whole := false
	if f := w.process.traffic; f != nil && w.server == f.server {
		f.answer(out, func() *bytes.Buffer {
			whole = answersInFull(w.server, rec, out)
			return rec.Body
		})
	} else {
		whole = answersInFull(w.server, rec, out)
	}
	if err := w.process.point(answerPoint, what); err != nil {
		return nil, err
	}
	if !whole && !rec.Flushed {
		return nil, io.ErrUnexpectedEOF
	}
	resp := rec.Result()
	resp.Request = r
	if want, err := strconv.Atoi(resp.Header.Get("Content-Length")); err == nil && want > rec.Body.Len() {
		resp.Body = io.NopCloser(io.MultiReader(rec.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return resp, nil
}

// fakeConn is a connection that can be closed before anything is written to it.
type fakeConn struct {
	net.Conn
	gone atomic.Bool
}

func (c *fakeConn) Close() error {
	c.gone.Store(true)
	return nil
}

func (c *fakeConn) SetDeadline(time.Time) error { return c.Close() }

func (c *fakeConn) closed() error {
	if c.gone.Load() {
		return net.ErrClosed
	}
	return nil
}

// arrived is the request as the server gets it. It is not sent where its body can't be read or its context
// has ended.
func arrived(r *http.Request) (*http.Request, error) {
	body := ""
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		body = string(data)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	out := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.RequestURI(), strings.NewReader(body))
	out.Header = r.Header
	return out, nil
}

func isWrite(r *http.Request) bool {
	return r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/scim") && !strings.HasSuffix(r.URL.Path, ".search")
}

// answersInFull reports whether the server answered in full; one that hangs up panics, as net/http wants it.
func answersInFull(server http.Handler, rw http.ResponseWriter, r *http.Request) (whole bool) {
	defer func() {
		if why := recover(); why != nil && why != http.ErrAbortHandler { //nolint:errorlint // the very value
			panic(why)
		}
	}()
	server.ServeHTTP(rw, r)
	return true
}

// watchedJournal is a journal with points before and after each record.
type watchedJournal struct {
	apply.Journal
	process *simProcess
}

func (j watchedJournal) around(what string, write func() error) error {
	if err := j.process.point(journalPoint, "before "+what); err != nil {
		return err
	}
	return errors.Join(write(), j.process.point(journalPoint, "after "+what))
}

func (j watchedJournal) Begin(ctx context.Context, h apply.Header, p []byte) error {
	return j.around("begin", func() error { return j.Journal.Begin(ctx, h, p) })
}

func (j watchedJournal) Intend(ctx context.Context, l apply.Lease, r apply.Record) (seq uint64, err error) {
	err = j.around("intent: "+r.Kind+" "+r.Team, func() (err error) {
		if seq, err = j.Journal.Intend(ctx, l, r); err == nil {
			j.process.traffic.intent(&r)
		}
		return err
	})
	return seq, err
}

func (j watchedJournal) Settle(ctx context.Context, l apply.Lease, seq uint64, o []apply.ItemOutcome) error {
	return j.around("outcome "+strconv.FormatUint(seq, 10), func() error { return j.Journal.Settle(ctx, l, seq, o) })
}

func (j watchedJournal) Finish(ctx context.Context, e apply.End) error {
	return j.around("end", func() error { return j.Journal.Finish(ctx, e) })
}

// watchedLeases are leases with a point before each look at them.
type watchedLeases struct {
	apply.Leases
	process *simProcess
}

func (l watchedLeases) Renew(ctx context.Context, lease apply.Lease, ttl time.Duration) (apply.Lease, error) {
	if err := l.process.point(leasePoint, "renew"); err != nil {
		return apply.Lease{}, err
	}
	return l.Leases.Renew(ctx, lease, ttl)
}

func (l watchedLeases) Check(ctx context.Context, lease apply.Lease) error {
	if err := l.process.point(leasePoint, "check"); err != nil {
		return err
	}
	return l.Leases.Check(ctx, lease)
}

func (l watchedLeases) Release(ctx context.Context, lease apply.Lease) error {
	if err := l.process.point(leasePoint, "release"); err != nil {
		return err
	}
	return l.Leases.Release(ctx, lease)
}

// watchedConnector is a connector whose permissions have a point before each check.
type watchedConnector struct {
	upstream.Connector
	process *simProcess
}

func (c watchedConnector) Writer(p upstream.Permission) upstream.Writer {
	return c.Connector.Writer(watchedPermission{p, c.process})
}

type watchedPermission struct {
	upstream.Permission
	process *simProcess
}

func (p watchedPermission) Check() error {
	if err := p.process.point(permissionPoint, "permission"); err != nil {
		return err
	}
	return p.Permission.Check()
}

// clientKind is what kind of client a process is.
type clientKind struct {
	api     string // auto, 1 or 2; auto if empty
	noBulk  bool
	workers int // 1 if 0
	facts   upstream.Facts
}

// connect makes the process's own client of a tenant.
func (p *simProcess) connect(t testing.TB, s *simulated, c clientKind) *sac.Tenant {
	t.Helper()
	id, secret := s.server.Client()
	url := "http://" + s.opts.Name + ".example.test"
	conn, err := sac.New(sac.Config{
		Name: s.opts.Name, URL: url, TokenURL: url + s.server.TokenPath(), Platform: string(s.opts.Platform),
		SSO: string(s.opts.SSO), Namespace: s.opts.Namespace, API: c.api, NoBulk: c.noBulk,
		Session: session.Config{
			ClientID:     func() (string, error) { return id, nil },
			ClientSecret: func() (string, error) { return secret, nil },
			Workers:      max(c.workers, 1), Transport: simTransport{s.server, p},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// planFrom reads what a request needs of both tenants.
func planFrom(ctx context.Context, from, to upstream.Reader, req plan.Request) (*plan.Plan, error) {
	source, err := upstream.Load(ctx, from, plan.SourceScope(req))
	if err != nil {
		return nil, err
	}
	target, err := upstream.Load(ctx, to, plan.TargetScope(req, source, to.Tenant()))
	if err != nil {
		return nil, err
	}
	p := plan.Make(req, source, target, plan.Rules{})
	p.ID, p.Tool, p.Created = "plan-1", "test", time.Now()
	return p, nil
}

// letPass waits on the clock of the test's bubble, which runs on at once where everybody waits.
func letPass(d time.Duration) { <-time.After(d) }

// storedRun is where a run's journal and the leases are.
type storedRun struct {
	dir    string
	leases apply.Leases
	ttl    time.Duration
}

func newStoredRun(t testing.TB) *storedRun {
	t.Helper()
	dir := memoryDir(t)
	db, err := bolt.Open(filepath.Join(dir, "leases.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &storedRun{dir: dir, leases: db.Leases(), ttl: time.Minute}
}

// memoryDir is a folder in memory where the machine has one: a journal is synced by each file it makes.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "apply-test-") //nolint:usetesting // t.TempDir is on disk, where every fsync of a journal waits
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

// leasesOf are the leases as a process sees them.
func (r *storedRun) leasesOf(p *simProcess) apply.Leases {
	return watchedLeases{r.leases, p}
}

// hold takes the lease for a process.
func (r *storedRun) hold(ctx context.Context, p *simProcess) (*apply.HeldLease, error) {
	return apply.Hold(ctx, r.leasesOf(p), prodURL, "test", r.ttl)
}

// run carries a plan out in a journal of its own.
func (r *storedRun) run(ctx context.Context, p *simProcess, conn upstream.Connector, lease *apply.HeldLease, pl *plan.Plan) (*apply.Result, error) {
	j, err := r.journals(p).Create(ctx, runID)
	if err != nil {
		return &apply.Result{}, err
	}
	res, err := apply.Run(ctx, p.deps(conn, j, lease), pl)
	return res, errors.Join(err, j.Close())
}

// resume goes on with the run in the journal.
func (r *storedRun) resume(ctx context.Context, p *simProcess, conn upstream.Connector, lease *apply.HeldLease) (*apply.Result, error) {
	j, err := r.journals(p).Open(ctx, runID)
	if err != nil {
		return &apply.Result{}, err
	}
	res, err := apply.Resume(ctx, p.deps(conn, j, lease))
	return res, errors.Join(err, j.Close())
}

func (r *storedRun) journals(p *simProcess) apply.Journals {
	return bolt.NewJournalFolder(filepath.Join(r.dir, "runs"), r.leasesOf(p), bolt.Options{NoSync: true})
}

func (p *simProcess) deps(conn upstream.Connector, j apply.Journal, lease *apply.HeldLease) apply.Deps {
	return apply.Deps{
		Target: watchedConnector{conn, p}, Journal: watchedJournal{j, p}, Lease: lease, Now: time.Now, RunID: runID, Command: "test",
	}
}

// isOver reports whether there was nothing to resume: the run was struck before its first record or after its
// last one.
func isOver(err error) bool {
	return errors.Is(err, apply.ErrNoRun) || errors.Is(err, apply.ErrFinished)
}

// failures are the entities of a result that did not end well, with their causes.
func failures(res *apply.Result) (out []string) {
	if res == nil {
		return nil
	}
	for _, e := range res.Entities {
		switch e.Status {
		case apply.Failed, apply.Partly, apply.Pending:
			out = append(out, fmt.Sprintf("%s %s %s: %s: %s %v", e.Op, e.Entity, e.Key, e.Status, e.Cause, e.Links))
		case apply.Done, apply.Unchanged, apply.Skipped:
		}
	}
	return out
}
