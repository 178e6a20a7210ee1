package scimserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// principal is who a request comes from.
type principal struct {
	name    string // for logs and the history: kind and name of the credential
	subject string // whom /Me means; empty where the credential is no person's
}

// Claims is what an issuer's token says once it was verified.
type Claims struct {
	Subject string
	Client  string // azp or client_id; may be empty
}

// Verifier checks a signed token: signature by the issuer's current key set, issuer, audience, expiry. An
// error means refused; it is never shown to the caller. It is safe for concurrent use.
type Verifier interface {
	Verify(ctx context.Context, token string) (Claims, error)
}

// Issuer is another party whose tokens open a source.
type Issuer struct {
	Name     string
	Verifier Verifier
	// Subjects, where not empty, are the only subjects or clients accepted.
	Subjects []string
}

// Certificate accepts client certificates. Every field that is set has to match; one without any field accepts none.
type Certificate struct {
	Name    string
	Subject string // the distinguished name as RFC 2253 writes it
	DNS     string // a DNS name among the subject alternative names
	URI     string // a URI among them
	Email   string // an e-mail address among them
}

var errDenied = errors.New("denied")

// authenticate finds who sends the request. The reason of a refusal goes to the observer, not to the caller, who
// learns only that no credential was accepted.
func (s *source) authenticate(ctx context.Context, r *http.Request) (principal, string, error) {
	if !s.addressAllowed(r.RemoteAddr) {
		return principal{}, "address not on the allow list", fail(http.StatusForbidden, "", "this address may not use the endpoint")
	}
	if p, ok := s.byCertificate(r.TLS); ok {
		return p, "", nil
	}
	text, found := bearer(r.Header.Get("Authorization"))
	if !found {
		return principal{}, "no bearer token", s.unauthorized("")
	}
	if strings.HasPrefix(text, tokenPrefix) {
		return s.byToken(ctx, text)
	}
	return s.byIssuer(ctx, text)
}

func (s *source) byToken(ctx context.Context, text string) (principal, string, error) {
	if !s.conf.Auth.Tokens && len(s.conf.Auth.Clients) == 0 {
		return principal{}, "tokens are not accepted", s.unauthorized("invalid_token")
	}
	now := s.server.now()
	t, ok, err := lookUp(ctx, s.server.tokens, s.conf.Name, text, now)
	if err != nil {
		return principal{}, "", err
	}
	if !ok || t.Client && !s.hasClient(t.Name) || !t.Client && !s.conf.Auth.Tokens {
		return principal{}, "unknown, expired or foreign token", s.unauthorized("invalid_token")
	}
	s.server.uses.record(t.Hash, now)
	kind := "token "
	if t.Client {
		kind = "client "
	}
	return principal{name: kind + t.Name}, "", nil
}

func (s *source) byIssuer(ctx context.Context, text string) (principal, string, error) {
	for _, issuer := range s.conf.Auth.Issuers {
		claims, err := issuer.Verifier.Verify(ctx, text)
		if err != nil {
			continue
		}
		if len(issuer.Subjects) > 0 && !slices.Contains(issuer.Subjects, claims.Subject) && (claims.Client == "" || !slices.Contains(issuer.Subjects, claims.Client)) {
			return principal{}, "subject not accepted", s.unauthorized("invalid_token")
		}
		return principal{name: "issuer " + issuer.Name, subject: claims.Subject}, "", nil
	}
	return principal{}, "no issuer accepts the token", s.unauthorized("invalid_token")
}

func (s *source) byCertificate(state *tls.ConnectionState) (principal, bool) {
	if state == nil || len(state.VerifiedChains) == 0 || len(state.VerifiedChains[0]) == 0 {
		return principal{}, false
	}
	leaf := state.VerifiedChains[0][0]
	for _, rule := range s.conf.Auth.Certificates {
		if rule.accepts(leaf) {
			return principal{name: "certificate " + rule.Name}, true
		}
	}
	return principal{}, false
}

func (c Certificate) accepts(leaf *x509.Certificate) bool {
	if c.Subject == "" && c.DNS == "" && c.URI == "" && c.Email == "" {
		return false
	}
	hasURI := c.URI == ""
	for _, u := range leaf.URIs {
		hasURI = hasURI || u.String() == c.URI
	}
	return (c.Subject == "" || leaf.Subject.String() == c.Subject) &&
		(c.DNS == "" || slices.ContainsFunc(leaf.DNSNames, func(n string) bool { return strings.EqualFold(n, c.DNS) })) &&
		hasURI && (c.Email == "" || slices.Contains(leaf.EmailAddresses, c.Email))
}

// addressAllowed looks at the connection's own address: behind a proxy the wiring sets RemoteAddr from the
// header of a proxy it trusts.
func (s *source) addressAllowed(remote string) bool {
	if len(s.conf.Auth.Addresses) == 0 {
		return true
	}
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(s.conf.Auth.Addresses, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// unauthorized carries the challenge of RFC 6750 §3.
func (s *source) unauthorized(code string) *problem {
	challenge := `Bearer realm="` + s.conf.Name + `"`
	if code != "" {
		challenge += `, error="` + code + `"`
	}
	return &problem{status: http.StatusUnauthorized, detail: "a valid credential of this source is needed", challenge: challenge, cause: errDenied}
}

func bearer(header string) (string, bool) {
	scheme, text, ok := strings.Cut(header, " ")
	text = strings.TrimSpace(text)
	return text, ok && strings.EqualFold(scheme, "Bearer") && text != "" && len(text) <= 16<<10
}
