package session

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// The platforms of Config.Platform.
const (
	cf  = "cf"
	neo = "neo"
)

// Defaults and limits of Config.
const (
	defaultWorkers = 4
	defaultTries   = 4
	defaultBackoff = 500 * time.Millisecond
	defaultMaxBody = 64 << 20
	defaultMaxWait = 15 * time.Minute
	maxHeader      = 1 << 20
	dialTimeout    = 15 * time.Second
	idleTimeout    = 45 * time.Second // below what load balancers allow, so that no call meets a closing connection
)

// Config is what a session needs.
type Config struct {
	BaseURL      *url.URL // scheme, host and an optional path prefix of the tenant
	TokenURL     *url.URL
	Platform     string                 // "cf" or "neo"
	ClientID     func() (string, error) // never called twice at a time, as ClientSecret
	ClientSecret func() (string, error) // asked at the moment of use, never kept
	Transport    http.RoundTripper      // nil: a transport of its own with TLS from RootCAs
	RootCAs      *x509.CertPool         // nil: the system's
	Workers      int                    // calls side by side; 4 if 0
	PerSecond    float64                // calls a second; 0 = no limit until a 429 asks for one
	UserAgent    string
	MaxTries     int           // of one request, renewals of the token included; 4 if 0
	Backoff      time.Duration // the first wait between tries, doubled from try to try; 500 ms if 0
	MaxBody      int64         // bytes of an answer; 64 MiB if 0
	MaxWait      time.Duration // what one request may wait in all for 429 and 503; 15 minutes if 0
	Logger       *slog.Logger  // one line per call at debug level, without personal data; nil = none
}

// Session is safe for concurrent use.
type Session struct {
	cfg       Config
	transport http.RoundTripper
	own       *http.Transport // the session's own transport, nil where the caller gave one
	limiter   *limiter
	stats     stats
	clock     clock

	renewal chan struct{} // held by the one who obtains a token

	mu       sync.Mutex
	current  *login
	attempts int      // token attempts so far
	lastFail *failure // of the latest token attempt; nil if it worked
}

// New makes a session; it makes no call. The error names a missing or wrong setting.
func New(c Config) (*Session, error) {
	if err := check(&c); err != nil {
		return nil, fmt.Errorf("set up the session with the tenant: %w", err)
	}
	s := &Session{cfg: c, transport: c.Transport, renewal: make(chan struct{}, 1)}
	if s.transport == nil {
		s.own = newTransport(c)
		s.transport = s.own
	}
	s.limiter = newLimiter(c.Workers, c.PerSecond)
	return s, nil
}

// Close closes the idle connections of the session's own transport. Calls may follow it.
func (s *Session) Close() {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
}

func check(c *Config) error {
	c.Platform = strings.ToLower(c.Platform)
	switch {
	case !isWeb(c.BaseURL):
		return errors.New("the tenant's url must be http(s)://host")
	case !isWeb(c.TokenURL):
		return errors.New("the token url must be http(s)://host/path")
	case c.Platform != cf && c.Platform != neo:
		return fmt.Errorf("the platform is %q, not cf or neo", c.Platform)
	case c.ClientID == nil || c.ClientSecret == nil:
		return errors.New("client ID and secret are missing")
	case c.PerSecond < 0 || c.Workers < 0 || c.MaxTries < 0 || c.Backoff < 0 || c.MaxBody < 0 || c.MaxWait < 0:
		return errors.New("a limit is negative")
	}
	c.Workers = cmp.Or(c.Workers, defaultWorkers)
	c.MaxTries = cmp.Or(c.MaxTries, defaultTries)
	c.Backoff = cmp.Or(c.Backoff, defaultBackoff)
	c.MaxBody = cmp.Or(c.MaxBody, defaultMaxBody)
	c.MaxWait = cmp.Or(c.MaxWait, defaultMaxWait)
	c.UserAgent = cmp.Or(c.UserAgent, "sacbridge")
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func isWeb(u *url.URL) bool {
	return u != nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func newTransport(c Config) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    c.Workers,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}
}
