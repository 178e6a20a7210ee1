package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"sacbridge/internal/config"
	"sacbridge/internal/tenants"
)

// loadTLS reads certificate, key and client authorities. Providers ask for TLS 1.2 at least.
func loadTLS(c *config.ServerTLS) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("read the server's certificate: %w", err)
	}
	out := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if c.ClientCA == "" {
		return out, nil
	}
	out.ClientCAs = x509.NewCertPool()
	if err := tenants.AddAuthorities(out.ClientCAs, c.ClientCA); err != nil {
		return nil, err
	}
	// Sources without certificates share the listener, so a client may come without one.
	out.ClientAuth = tls.VerifyClientCertIfGiven
	return out, nil
}

// certificates serves the TLS settings of files, and reads them again where they have changed. New files
// that cannot be used are reported, and the old ones go on serving.
type certificates struct {
	conf *config.ServerTLS
	log  *slog.Logger
	now  func() time.Time

	mu      sync.Mutex
	looked  time.Time
	stamps  [3]stamp
	current *tls.Config
}

// stamp tells two versions of a file apart.
type stamp struct {
	changed time.Time
	size    int64
}

// lookEvery is how often the files are looked at; a renewed certificate serves after that time at the latest.
const lookEvery = time.Second

func newCertificates(c *config.ServerTLS, log *slog.Logger, now func() time.Time) (*certificates, error) {
	s := &certificates{conf: c, log: log, now: now, looked: now(), stamps: stampsOf(c)}
	var err error
	s.current, err = loadTLS(c)
	return s, err
}

// config is what a listener is given.
func (s *certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.get(), nil },
	}
}

func (s *certificates) get() *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if now.Sub(s.looked) < lookEvery {
		return s.current
	}
	s.looked = now
	stamps := stampsOf(s.conf)
	if stamps == s.stamps {
		return s.current
	}
	fresh, err := loadTLS(s.conf)
	if err != nil {
		// The key may be written a moment after the certificate, so the pair is tried again at the next look.
		s.log.Warn("the new certificate cannot be used, the old one goes on serving", "cause", err.Error())
		return s.current
	}
	s.current, s.stamps = fresh, stamps
	s.log.Info("certificate read again")
	return s.current
}

// stampsOf looks at the files; one that is missing has the zero stamp.
func stampsOf(c *config.ServerTLS) (out [3]stamp) {
	for i, name := range [...]string{c.Cert, c.Key, c.ClientCA} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err == nil {
			out[i] = stamp{changed: info.ModTime(), size: info.Size()}
		} else if !errors.Is(err, os.ErrNotExist) {
			out[i] = stamp{size: -1}
		}
	}
	return out
}
