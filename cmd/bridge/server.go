package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/admin"
	"sacbridge/internal/config"
	"sacbridge/internal/directory"
	"sacbridge/internal/scimserver"
	"sacbridge/internal/scimserver/listener"
	"sacbridge/internal/store/bolt"
)

// server is everything that bridge serve runs over one state.
type server struct {
	app    *app
	bridge *config.Bridge
	logs   *logs
	state  *state
	health *health
	scim   *scimserver.Server
	https  bool

	public  *http.Server
	metrics *http.Server // nil without a metrics listener
	admin   *http.Server

	publicAt, metricsAt net.Listener
	adminAt             *admin.Socket
}

// readyLine is what bridge serve prints on stdout once it takes requests.
type readyLine struct {
	BaseURL string            `json:"base_url"`
	Listen  string            `json:"listen"`
	Metrics string            `json:"metrics,omitempty"`
	Socket  string            `json:"socket"`
	Sources map[string]string `json:"sources"` // name to base URL of its endpoint
}

// newServer opens the state and all listeners. What it fails with after that is closed again.
func (a *app) newServer(ctx context.Context, s *settings, command string, initialise bool, l *logs) (_ *server, err error) {
	if err := s.checkSources(); err != nil {
		return nil, err
	}
	made, err := s.prepareState(initialise)
	if err != nil {
		return nil, err
	}
	srv := &server{app: a, bridge: s.bridge, logs: l, https: s.bridge.TLS != nil}
	defer func() {
		if err != nil {
			err = errors.Join(err, srv.closeAll())
		}
	}()
	srv.state, err = a.openState(ctx, s.file.State, s.bridge, l.server)
	if errors.Is(err, bolt.ErrInUse) {
		return nil, inUse(ctx, s.file.SocketPath(), err)
	}
	if err != nil {
		return nil, err
	}
	if made && command != "demo" {
		l.server.Warn("there was no state: a new one was made, which is empty", "state", s.file.State)
	}
	if err := srv.listen(ctx); err != nil {
		return nil, err
	}
	if err := srv.mount(ctx, s); err != nil {
		return nil, err
	}
	if srv.adminAt, err = admin.Listen(ctx, s.file.SocketPath()); err != nil {
		return nil, coded(bolt.Explain(s.file.SocketPath(), "make", err))
	}
	who := admin.Server{Command: command, PID: os.Getpid(), Version: cli.ThisBuild().Version, Since: a.Now(), Listen: srv.publicAt.Addr().String()}
	srv.admin = &http.Server{
		Handler: admin.Handler(a.adminService(srv.state, s.sourceNames(), l.audit), who), ReadHeaderTimeout: 10 * time.Second,
	}
	return srv, nil
}

// listen opens the addresses. One that is taken or not ours is a matter of configuration.
func (s *server) listen(ctx context.Context) (err error) {
	var conf net.ListenConfig
	if s.publicAt, err = conf.Listen(ctx, "tcp", s.bridge.Listen); err != nil {
		return cli.Usagef("bridge.listen: %w", err)
	}
	if s.bridge.Metrics != "" {
		if s.metricsAt, err = conf.Listen(ctx, "tcp", s.bridge.Metrics); err != nil {
			return cli.Usagef("bridge.metrics: %w", err)
		}
	}
	return nil
}

// mount makes the handlers.
func (s *server) mount(ctx context.Context, set *settings) error {
	reg := newRegistry()
	sources, err := scimSources(ctx, s.bridge, s.logs.server)
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	requests := newObserver(s.logs, reg, s.app.AsCalled)
	s.scim, err = scimserver.New(s.state.dir, scimserver.Options{
		BaseURL: s.baseURL(), Sources: sources, Tokens: s.state.tokens, Now: s.app.Now,
		Logger: s.logs.server, Observer: requests,
	})
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	proxies, err := networks(s.bridge.TrustedProxies)
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	s.health = &health{dir: s.state.dir, writable: s.state.db.Writable, source: directory.SourceID(set.sourceNames()[0])}
	longest := longestRequest(s.bridge)
	s.public = newHTTPServer(router(s.scim, s.health, requests, proxies), longest, s.logs.server)
	limiter := listener.NewConnLimiter(s.bridge.MaxConnections)
	s.public.ConnState = limiter.ConnState
	reg.MustRegister(connectionMetrics(limiter)...)
	if err := s.secure(); err != nil {
		return err
	}
	if s.metricsAt != nil {
		reg.MustRegister(newStateCollector(s.state, set.sourceNames(), set.file.State), lostLines(s.logs.buffer))
		s.metrics = newHTTPServer(metricsRouter(s.health, requests, reg), longest, s.logs.server)
	}
	return nil
}

// secure puts TLS on the public listener where there is a certificate.
func (s *server) secure() error {
	if !s.https {
		return nil
	}
	certs, err := newCertificates(s.bridge.TLS, s.logs.server, s.app.Now)
	if err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	s.public.TLSConfig = certs.Config()
	return nil
}

func longestRequest(b *config.Bridge) time.Duration {
	longest := time.Duration(0)
	for _, s := range b.Sources {
		longest = max(longest, s.Limits.RequestTime.Std())
	}
	return longest
}

// baseURL is what providers reach the server by: as configured, else the address it listens on.
func (s *server) baseURL() string {
	if s.bridge.BaseURL != "" {
		return s.bridge.BaseURL
	}
	scheme := "http"
	if s.https {
		scheme = "https"
	}
	return scheme + "://" + s.publicAt.Addr().String()
}

// ready describes the server.
func (s *server) ready() readyLine {
	line := readyLine{BaseURL: s.baseURL(), Listen: s.publicAt.Addr().String(), Socket: s.adminAt.Path, Sources: map[string]string{}}
	if s.metricsAt != nil {
		line.Metrics = s.metricsAt.Addr().String()
	}
	for name := range s.bridge.Sources {
		line.Sources[name] = s.baseURL() + "/scim/" + name + "/v2"
	}
	return line
}

// serve answers requests until ctx ends, then lets those in hand end and closes everything. It returns nil
// after an orderly end.
func (s *server) serve(ctx context.Context) error {
	group, failed := errgroup.WithContext(ctx)
	public := s.publicAt
	if !s.https {
		public = scimserver.WithSCIMErrors(public)
	}
	group.Go(func() error { return serveOn(s.public, public, s.https) })
	group.Go(func() error { return serveOn(s.admin, s.adminAt, false) })
	if s.metrics != nil {
		group.Go(func() error { return serveOn(s.metrics, s.metricsAt, false) })
	}
	engines, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group.Go(func() error { return s.scim.Run(engines) })
	group.Go(func() error { s.logs.buffer.run(engines); return nil })
	group.Go(func() error { s.expireDeleted(engines); return nil })
	group.Go(func() error { s.watchDisk(engines); return nil })
	group.Go(func() error {
		<-failed.Done()
		defer stop()
		return s.shutDown(context.WithoutCancel(ctx))
	})
	err := group.Wait()
	s.logs.buffer.flush()
	return errors.Join(err, s.closeAll())
}

func serveOn(h *http.Server, l net.Listener, secured bool) (err error) {
	if secured {
		err = h.ServeTLS(l, "", "")
	} else {
		err = h.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve on %s: %w", l.Addr(), err)
}

// shutDown takes no more requests and waits for those in hand, for the configured time at most.
func (s *server) shutDown(ctx context.Context) error {
	s.health.stopping.Store(true)
	s.logs.server.Info("stopping: waiting for the requests in hand")
	ctx, cancel := context.WithTimeout(ctx, s.bridge.ShutdownTime.Std())
	defer cancel()
	for _, h := range []*http.Server{s.public, s.admin, s.metrics} {
		if h == nil {
			continue
		}
		if err := h.Shutdown(ctx); err != nil {
			s.logs.server.Warn("requests were cut off", logCause, err.Error())
			_ = h.Close() // cuts off what is left
		}
	}
	s.logs.server.Info("stopped")
	return nil
}

// closeAll closes what is open. The listeners may be closed already.
func (s *server) closeAll() error {
	for _, l := range []net.Listener{s.publicAt, s.metricsAt} {
		if l != nil {
			_ = l.Close() // closed already where the server ran
		}
	}
	if s.adminAt != nil {
		_ = s.adminAt.Close()
	}
	if s.state == nil {
		return nil
	}
	state := s.state
	s.state = nil
	return state.Close()
}
