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

// Verifier checks a signed token: signature by the issuer's current key set, issuer, audience, expiry. It is safe for
// concurrent use.
type Verifier interface {
	// Verify fails with a *Refusal.
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

// authenticate finds who sends the request. A *Refusal in the error's chain is for the observer: the caller learns only
// that no credential was accepted.
func (s *source) authenticate(ctx context.Context, r *http.Request) (principal, error) {
	if !s.addressAllowed(r.RemoteAddr) {
		return principal{}, &problem{
			status: http.StatusForbidden, detail: "this address may not use the endpoint",
			cause: refusal(reasonAddress, "the address that the request comes from is not in auth.addresses; behind a proxy, bridge.trusted_proxies has to name it"),
		}
	}
	if p, ok := s.byCertificate(r.TLS); ok {
		return p, nil
	}
	header := r.Header.Get("Authorization")
	text, found := bearer(header)
	if !found {
		return principal{}, s.unauthorized("", s.explainHeader(header, r.TLS))
	}
	if strings.HasPrefix(text, tokenPrefix) {
		return s.byToken(ctx, text)
	}
	return s.byIssuer(ctx, text)
}

func (s *source) byToken(ctx context.Context, text string) (principal, error) {
	now := s.server.now()
	if !s.conf.Auth.Tokens && len(s.conf.Auth.Clients) == 0 {
		return principal{}, s.unauthorized("invalid_token", refusal(reasonNoTokens, "this source has auth.tokens: false and no auth.clients, so it accepts none of the bridge's own tokens"))
	}
	t, err := lookUp(ctx, s.server.tokens, text)
	if err != nil {
		return principal{}, err
	}
	if why := s.explainToken(t, now); why != nil {
		return principal{}, s.unauthorized("invalid_token", why)
	}
	s.server.uses.record(t.Hash, now)
	kind := "token "
	if t.Client {
		kind = "client "
	}
	return principal{name: kind + t.Name}, nil
}

func (s *source) byIssuer(ctx context.Context, text string) (principal, error) {
	var refusals []*Refusal
	for _, issuer := range s.conf.Auth.Issuers {
		claims, err := issuer.Verifier.Verify(ctx, text)
		if err == nil {
			err = issuer.checkSubject(claims)
		}
		if err == nil {
			return principal{name: "issuer " + issuer.Name, subject: claims.Subject}, nil
		}
		why, ok := errors.AsType[*Refusal](err)
		if !ok {
			return principal{}, err
		}
		refusals = append(refusals, &Refusal{Reason: why.Reason, Detail: "issuer " + quoted(issuer.Name) + ": " + why.Detail, Unavailable: why.Unavailable})
	}
	why := s.explainIssuers(refusals)
	if why.Unavailable {
		return principal{}, &problem{status: http.StatusServiceUnavailable, detail: "the credential cannot be checked at the moment", retryAfter: retryUnavailable, cause: why}
	}
	return principal{}, s.unauthorized("invalid_token", why)
}

// checkSubject refuses whom the list of subjects does not name.
func (i *Issuer) checkSubject(c Claims) error {
	if len(i.Subjects) == 0 || slices.Contains(i.Subjects, c.Subject) || c.Client != "" && slices.Contains(i.Subjects, c.Client) {
		return nil
	}
	whom := "the token's subject (its claim sub)"
	if c.Client != "" {
		whom += " and its client " + quoted(c.Client) + " (azp, client_id or appid)"
	}
	return refusal(reasonSubject, whom+" are not in subjects: add the one that is meant")
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
	addr, ok := addressOf(remote)
	return ok && slices.ContainsFunc(s.conf.Auth.Addresses, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// addressOf gives the address of a connection's other end.
func addressOf(remote string) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	return addr.Unmap().WithZone(""), err == nil
}

// unauthorized carries the challenge of RFC 6750 §3.
func (s *source) unauthorized(code string, why *Refusal) *problem {
	challenge := `Bearer realm="` + s.conf.Name + `"`
	if code != "" {
		challenge += `, error="` + code + `"`
	}
	return &problem{status: http.StatusUnauthorized, detail: "a valid credential of this source is needed", challenge: challenge, cause: why}
}

func bearer(header string) (string, bool) {
	scheme, text, ok := strings.Cut(header, " ")
	text = strings.TrimSpace(text)
	return text, ok && strings.EqualFold(scheme, "Bearer") && text != "" && len(text) <= 16<<10
}
