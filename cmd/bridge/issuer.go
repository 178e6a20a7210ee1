package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/time/rate"

	"sacbridge/internal/config"
	"sacbridge/internal/scimserver"
	"sacbridge/internal/tenants"
)

// issuer verifies the signed tokens of another party (RFC 9068, RFC 7519) with its current keys. It asks for
// discovery document and keys when the first token comes, so that a bridge starts while an issuer is down.
type issuer struct {
	conf   *config.SourceIssuer
	client context.Context // go-oidc takes its HTTP client and the life of a key set from a context

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
}

// issuerTimeout bounds one request to an issuer.
const issuerTimeout = 10 * time.Second

func newIssuer(ctx context.Context, conf *config.SourceIssuer) (*issuer, error) {
	roots, err := tenants.Trust(conf.CA)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Timeout: issuerTimeout,
		Transport: &sparing{
			next: &http.Transport{
				Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
				MaxIdleConns: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: issuerTimeout,
			},
			limit: rate.NewLimiter(rate.Every(2*time.Second), 5),
		},
	}
	return &issuer{conf: conf, client: oidc.ClientContext(ctx, client)}, nil
}

// sparing keeps strangers, whose made-up key ids each ask for the keys anew, from making the bridge flood an issuer.
type sparing struct {
	next  http.RoundTripper
	limit *rate.Limiter
}

var errSparing = errors.New("the issuer was asked a moment ago")

// RoundTrip implements http.RoundTripper.
func (s *sparing) RoundTrip(r *http.Request) (*http.Response, error) {
	if !s.limit.Allow() {
		return nil, errSparing
	}
	return s.next.RoundTrip(r)
}

// Verify implements scimserver.Verifier.
func (i *issuer) Verify(ctx context.Context, text string) (scimserver.Claims, error) {
	v, err := i.ready()
	if err != nil {
		return scimserver.Claims{}, err
	}
	token, err := v.Verify(ctx, text)
	if err != nil {
		return scimserver.Claims{}, fmt.Errorf("verify a token of %s: %w", i.conf.Issuer, err)
	}
	var claims struct {
		Party  string `json:"azp"`
		Client string `json:"client_id"`
		App    string `json:"appid"` // Entra ID's tokens of version 1
	}
	if err := token.Claims(&claims); err != nil {
		return scimserver.Claims{}, fmt.Errorf("read the claims of a token of %s: %w", i.conf.Issuer, err)
	}
	for _, client := range []string{claims.Party, claims.Client, claims.App} {
		if client != "" {
			return scimserver.Claims{Subject: token.Subject, Client: client}, nil
		}
	}
	return scimserver.Claims{Subject: token.Subject}, nil
}

// ready gives the verifier. Without a given key set it needs the issuer's discovery document first.
func (i *issuer) ready() (*oidc.IDTokenVerifier, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.verifier != nil {
		return i.verifier, nil
	}
	conf := &oidc.Config{ClientID: i.conf.Audience, SupportedSigningAlgs: []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
	}}
	if i.conf.KeysURL != "" {
		i.verifier = oidc.NewVerifier(i.conf.Issuer, oidc.NewRemoteKeySet(i.client, i.conf.KeysURL), conf)
		return i.verifier, nil
	}
	provider, err := oidc.NewProvider(i.client, i.conf.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover issuer %s: %w", i.conf.Issuer, err)
	}
	i.verifier = provider.VerifierContext(i.client, conf)
	return i.verifier, nil
}
