package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"time"

	"sacbridge/internal/config"
	"sacbridge/internal/scimserver/listener"
	"sacbridge/internal/tenants"
)

// loadTLS reads certificate, key and client authorities. Providers ask for TLS 1.2 at least.
func loadTLS(c *config.ServerTLS) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("bridge.tls: read the server's certificate (bridge config check says what is wrong): %w", err)
	}
	out := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if c.ClientCA == "" {
		return out, nil
	}
	out.ClientCAs = x509.NewCertPool()
	if err := tenants.AddAuthorities(out.ClientCAs, c.ClientCA); err != nil {
		return nil, fmt.Errorf("bridge.tls.client_ca: %w", err)
	}
	// Sources without certificates share the listener, so a client may come without one.
	out.ClientAuth = tls.VerifyClientCertIfGiven
	return out, nil
}

// newCertificates serves the certificate of the configuration, and a renewed one as soon as its files are there.
func newCertificates(c *config.ServerTLS, log *slog.Logger, now func() time.Time) (*listener.Certificates, error) {
	load := func() (*tls.Config, error) { return loadTLS(c) }
	return listener.NewCertificates(load, []string{c.Cert, c.Key, c.ClientCA}, log, now)
}
