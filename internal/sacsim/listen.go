package sacsim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// shutdownGrace is how long requests in flight may take once the simulator stops.
const shutdownGrace = 3 * time.Second

// ListenOptions say where a simulated tenant listens.
type ListenOptions struct {
	Options
	Listen    string // plain HTTP; "" means 127.0.0.1:0
	TLS       bool
	TLSListen string // HTTPS; "" means 127.0.0.1:0
	CAOut     string // file that gets the certificate; "" writes none
}

// Ready is the line that `transport sim` prints once it answers.
type Ready struct {
	Name         string `json:"name"`
	URL          string `json:"url"`
	TokenURL     string `json:"token_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Platform     string `json:"platform"`
	SSO          string `json:"sso"`
	Namespace    string `json:"namespace"`
	HTTP         int    `json:"http"`
	HTTPS        int    `json:"https"`
	CA           string `json:"ca"`
}

// Running is a simulated tenant that answers on its ports.
type Running struct {
	Ready  Ready
	Server *Server

	stop    context.CancelFunc
	stopped chan struct{}
	err     error
}

// Listen starts a simulated tenant. It runs until ctx ends, Close is called or a listener fails.
func Listen(ctx context.Context, opts ListenOptions) (*Running, error) {
	server, err := New(opts.Options)
	if err != nil {
		return nil, err
	}
	set, err := openListeners(ctx, opts)
	if err != nil {
		server.Close()
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	run := &Running{Server: server, stop: stop, stopped: make(chan struct{}), Ready: readyLine(server, set, opts)}
	go run.serve(ctx, set)
	return run, nil
}

// Close stops the tenant and waits until it has stopped. It may be called more than once.
func (r *Running) Close() {
	r.stop()
	<-r.stopped
}

// Wait blocks until the tenant has stopped and gives the error that stopped it, if one did.
func (r *Running) Wait() error {
	<-r.stopped
	return r.err
}

// listeners are the open ports; https is nil without TLS.
type listeners struct {
	http, https net.Listener
	tls         *tls.Config
}

func (l listeners) close() {
	_ = l.http.Close()
	if l.https != nil {
		_ = l.https.Close()
	}
}

func openListeners(ctx context.Context, opts ListenOptions) (listeners, error) {
	var set listeners
	var err error
	if set.http, err = listen(ctx, opts.Listen); err != nil {
		return set, err
	}
	if !opts.TLS {
		return set, nil
	}
	cert, certPEM, err := selfSigned(time.Now())
	if err == nil {
		set.tls = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
		set.https, err = listen(ctx, opts.TLSListen)
	}
	if err == nil && opts.CAOut != "" {
		err = os.WriteFile(opts.CAOut, certPEM, 0o644) //nolint:gosec // a certificate is public
	}
	if err != nil {
		set.close()
		return set, fmt.Errorf("set up TLS: %w", err)
	}
	return set, nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

func readyLine(s *Server, set listeners, opts ListenOptions) Ready {
	line := Ready{
		Name: s.opts.Name, ClientID: s.opts.ClientID, ClientSecret: s.opts.ClientSecret,
		Platform: string(s.opts.Platform), SSO: string(s.opts.SSO), Namespace: s.opts.Namespace,
		HTTP: port(set.http), URL: "http://" + hostPort(set.http),
	}
	if set.https != nil {
		line.HTTPS, line.URL, line.CA = port(set.https), "https://"+hostPort(set.https), opts.CAOut
	}
	line.TokenURL = line.URL + s.TokenPath()
	return line
}

func port(l net.Listener) int {
	if addr, ok := l.Addr().(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}

// hostPort is an address a client on this machine can dial: an unspecified host becomes loopback.
func hostPort(l net.Listener) string {
	host, number, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return l.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, number)
}

// serve answers until ctx ends or a listener fails, then lets requests in flight finish.
func (r *Running) serve(ctx context.Context, set listeners) {
	defer close(r.stopped)
	defer r.stop()
	plain := httpServer(r.Server, nil)
	secure := httpServer(r.Server, set.tls)
	failed := make(chan error, 2)
	var serving sync.WaitGroup
	serving.Go(func() { failed <- plain.Serve(set.http) })
	if set.https != nil {
		serving.Go(func() { failed <- secure.ServeTLS(set.https, "", "") })
	}
	select {
	case <-ctx.Done():
	case err := <-failed:
		r.err = fmt.Errorf("serve simulated tenant: %w", err)
	}
	for _, one := range []*http.Server{plain, secure} {
		r.err = errors.Join(r.err, shutDown(ctx, one))
	}
	r.Server.Close()
	serving.Wait()
}

// shutDown stops a server gracefully, and by force after the grace.
func shutDown(ctx context.Context, one *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := one.Shutdown(ctx); err != nil {
		return one.Close()
	}
	return nil
}

// httpServer limits what a client may send. Its log is off: faults break connections on purpose.
func httpServer(handler http.Handler, config *tls.Config) *http.Server {
	return &http.Server{
		Handler: handler, TLSConfig: config,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}
