package scimserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/time/rate"
)

// OIDCIssuer is another party that signs tokens (RFC 9068, RFC 7519).
type OIDCIssuer struct {
	Issuer   string         // its URL, as tokens have it
	Audience string         // whom its tokens have to be for
	KeysURL  string         // of its key set; empty to find that in its discovery document
	Roots    *x509.CertPool // whom to trust for its address; nil means the system's authorities
}

// oidcVerifier verifies the signed tokens of an issuer with its current keys. It asks for discovery document and
// keys when the first token comes, so that a bridge starts while an issuer is down.
type oidcVerifier struct {
	issuer OIDCIssuer
	client context.Context // go-oidc takes its HTTP client and the life of a key set from a context

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
}

// issuerTimeout bounds one request to an issuer.
const issuerTimeout = 10 * time.Second

// NewOIDCVerifier gives the Verifier of an issuer's tokens. ctx bounds the life of its key set.
func NewOIDCVerifier(ctx context.Context, issuer OIDCIssuer) Verifier {
	client := &http.Client{
		Timeout: issuerTimeout,
		Transport: &issuerRate{
			next: &http.Transport{
				Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: issuer.Roots, MinVersion: tls.VersionTLS12},
				MaxIdleConns: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: issuerTimeout,
			},
			limit: rate.NewLimiter(rate.Every(2*time.Second), 5),
		},
	}
	return &oidcVerifier{issuer: issuer, client: oidc.ClientContext(ctx, client)}
}

// issuerRate limits the requests to an issuer: unauthenticated clients, whose made-up key ids each ask for the keys anew, cannot make
// the bridge flood it.
type issuerRate struct {
	next  http.RoundTripper
	limit *rate.Limiter
}

var errIssuerRate = errors.New("the issuer was asked a moment ago")

// RoundTrip implements http.RoundTripper.
func (r *issuerRate) RoundTrip(request *http.Request) (*http.Response, error) {
	if !r.limit.Allow() {
		return nil, errIssuerRate
	}
	return r.next.RoundTrip(request)
}

// Verify implements Verifier.
func (v *oidcVerifier) Verify(ctx context.Context, text string) (Claims, error) {
	verifier, err := v.ready()
	if err != nil {
		return Claims{}, err
	}
	token, err := verifier.Verify(ctx, text)
	if err != nil {
		return Claims{}, fmt.Errorf("verify a token of %s: %w", v.issuer.Issuer, err)
	}
	var claims struct {
		Party  string `json:"azp"`
		Client string `json:"client_id"`
		App    string `json:"appid"` // Entra ID's tokens of version 1
	}
	if err := token.Claims(&claims); err != nil {
		return Claims{}, fmt.Errorf("read the claims of a token of %s: %w", v.issuer.Issuer, err)
	}
	for _, client := range []string{claims.Party, claims.Client, claims.App} {
		if client != "" {
			return Claims{Subject: token.Subject, Client: client}, nil
		}
	}
	return Claims{Subject: token.Subject}, nil
}

// ready gives the verifier. Without a given key set it needs the issuer's discovery document first.
func (v *oidcVerifier) ready() (*oidc.IDTokenVerifier, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.verifier != nil {
		return v.verifier, nil
	}
	conf := &oidc.Config{ClientID: v.issuer.Audience, SupportedSigningAlgs: []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
	}}
	if v.issuer.KeysURL != "" {
		v.verifier = oidc.NewVerifier(v.issuer.Issuer, oidc.NewRemoteKeySet(v.client, v.issuer.KeysURL), conf)
		return v.verifier, nil
	}
	provider, err := oidc.NewProvider(v.client, v.issuer.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discover issuer %s: %w", v.issuer.Issuer, err)
	}
	v.verifier = provider.VerifierContext(v.client, conf)
	return v.verifier, nil
}
