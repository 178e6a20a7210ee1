package sacsim

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"sacbridge/internal/sacsim/service"
)

// maxBody bounds a request: a team of 32,767 members written whole by v1 stays well below.
const maxBody = 32 << 20

// Options say what is simulated. Zero values: a CF tenant "dev" with SSO default, namespace "t.A",
// a generated client, nobody in it (service.DefaultSeed has a System Owner), no waiting, no faults.
type Options struct {
	Name         string
	Platform     service.Platform
	SSO          service.SSO
	Namespace    string
	ClientID     string
	ClientSecret string
	Seed         service.Seed
	TokenLife    time.Duration // of an access token; 0 means 3599 seconds, as live tenants show
	Latency      Latency       // the zero value never waits
	Speed        float64       // divides every modelled wait; 0 means 1
	Faults       []Fault
	// Before and After hear each request that is no control call: when it has arrived, and right before its
	// answer goes out. They may call Edit, as another administrator who is at work meanwhile.
	Before, After func(*http.Request)
}

// Server is a simulated tenant as an http.Handler. It is safe for concurrent use.
type Server struct {
	opts    Options
	mark    string // tells this tenant's cookie from that of another on the same host
	closing chan struct{}
	closed  sync.Once
	jobs    sync.WaitGroup // team writes that outlive their request

	mu     sync.Mutex
	tenant *tenant
}

// tenant is everything /__reset starts anew.
type tenant struct {
	svc      *service.Service
	sessions *sessionStore
	stats    *statistics
	schedule *schedule

	mu        sync.Mutex
	forbidden int // of Bulk operations, see settings
	bulked    int // operations of Bulk requests so far, while some are refused
	faults    *faultRules
}

// New makes a server. A broken seed, setting, profile or rule is an error. Close it when done.
func New(opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("simulated tenant %q: %w", opts.Name, err)
	}
	s := &Server{opts: opts, mark: rand.Text()[:8], closing: make(chan struct{})}
	s.tenant, err = s.newTenant(opts.Seed, opts.Faults)
	if err != nil {
		return nil, fmt.Errorf("simulated tenant %q: %w", opts.Name, err)
	}
	return s, nil
}

// Close ends waits and background work and waits for them. It may be called more than once.
func (s *Server) Close() {
	s.closed.Do(func() { close(s.closing) })
	s.jobs.Wait()
}

// Client gives the OAuth client's id and secret.
func (s *Server) Client() (id, secret string) { return s.opts.ClientID, s.opts.ClientSecret }

// TokenPath gives the path of the token endpoint on the tenant's platform.
func (s *Server) TokenPath() string {
	if s.opts.Platform == service.NEO {
		return "/oauth2/api/v1/token"
	}
	return "/oauth/token"
}

func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		o.Name = "dev"
	}
	if o.Platform == "" {
		o.Platform = service.CF
	}
	if o.SSO == "" {
		o.SSO = service.SSODefault
	}
	if o.Namespace == "" {
		o.Namespace = "t.A"
	}
	if o.ClientID == "" {
		o.ClientID = "sb-" + strings.ToLower(rand.Text()[:12]) + "!b1|client!b1"
	}
	if o.ClientSecret == "" {
		o.ClientSecret = rand.Text()
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.TokenLife == 0 {
		o.TokenLife = 3599 * time.Second
	}
	if o.Speed < 0 {
		return o, fmt.Errorf("speed %g is negative", o.Speed)
	}
	if o.Latency.waits() {
		return o, o.Latency.check()
	}
	return o, nil
}

// newTenant builds a tenant from a seed, with nobody logged on and nothing counted.
func (s *Server) newTenant(seed service.Seed, faults []Fault) (*tenant, error) {
	svc, err := service.New(service.Config{
		Name: s.opts.Name, Platform: s.opts.Platform, SSO: s.opts.SSO, Namespace: s.opts.Namespace, Now: time.Now,
	}, seed)
	if err != nil {
		return nil, err
	}
	rules, err := newFaultRules(faults)
	if err != nil {
		return nil, err
	}
	return &tenant{
		svc: svc, sessions: newSessionStore(), stats: newStatistics(), schedule: newSchedule(s.opts.Latency.Parallel), faults: rules,
	}, nil
}

// inForce gives the settings and rules that one request works with.
func (t *tenant) inForce() (settings, *faultRules) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return readSettings(t.svc, t.forbidden), t.faults
}

// replaceFaults puts other rules in force.
func (t *tenant) replaceFaults(m *faultRules) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = m
}

func (s *Server) current() *tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tenant
}

// ServeHTTP answers control calls and, through gateway and latency model, the tenant's.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/__") {
		s.control(rw, r)
		return
	}
	t := s.current()
	t.stats.begin()
	defer t.stats.end()
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	c := &gatewayCall{srv: s, tenant: t, r: r, body: body, call: service.Call{Actor: s.opts.ClientID}}
	c.set, c.faults = t.inForce()
	if err != nil {
		c.send(rw, unreadable(err))
		return
	}
	hear(s.opts.Before, r)
	c.fault = c.faults.fire(r.Method, r.URL.Path, body)
	a := c.handle()
	hear(s.opts.After, r)
	c.send(rw, a)
}

func hear(hook func(*http.Request), r *http.Request) {
	if hook != nil {
		hook(r)
	}
}

// Edit changes the tenant as another administrator does in its own pages.
func (s *Server) Edit(edits ...service.Edit) error { return s.current().svc.Edit(edits...) }

// unreadable answers a body that is too long or was cut.
func unreadable(err error) *answer {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return textAnswer(http.StatusRequestEntityTooLarge, "413 Request Entity Too Large")
	}
	return textAnswer(http.StatusBadRequest, "400 Bad Request: "+err.Error())
}
