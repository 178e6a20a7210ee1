package scimserver

import (
	"crypto/tls"
	"strconv"
	"strings"
	"time"
)

// Refusal says why a credential is not accepted, to the operator and never to the caller. It holds nothing of the
// credential itself.
type Refusal struct {
	Reason string // in fixed words, of which there are few: figures are counted by it
	Detail string // for whoever reads the log: what was found, what was expected, what to do
	// Unavailable says that the credential may be right, but cannot be checked at the moment.
	Unavailable bool
}

// Error gives the detail.
func (r *Refusal) Error() string { return r.Detail }

// The reasons for refusing what the bridge itself gave out. The verifiers of issuers have their own.
const (
	reasonAddress       = "address not on the allow list"
	reasonNoBearer      = "no bearer token"
	reasonNoTokens      = "tokens are not accepted"
	reasonUnknownToken  = "unknown token"
	reasonExpiredToken  = "expired token"
	reasonForeignToken  = "token of another source"
	reasonRemovedClient = "token of a removed client"
	reasonNoIssuer      = "signed tokens are not accepted"
	reasonSubject       = "subject not accepted"
	reasonNoClient      = "no client credentials"
	reasonUnknownClient = "unknown client"
	reasonClientSecret  = "wrong client secret"
)

// ReasonOtherIssuer is the Reason of a Verifier whose issuer did not make the token.
const ReasonOtherIssuer = "token of another issuer"

// retryUnavailable is the Retry-After, in seconds, of what may work soon.
const retryUnavailable = 10

func refusal(reason, detail string) *Refusal { return &Refusal{Reason: reason, Detail: detail} }

// quoted shows a text that somebody else chose, or its beginning.
func quoted(text string) string { return strconv.Quote(text[:min(len(text), 128)]) }

// explainHeader says why an Authorization header is no bearer token. It shows the scheme only where that is a known
// word: some put the token itself in its place.
func (s *source) explainHeader(header string, state *tls.ConnectionState) *Refusal {
	scheme, rest, _ := strings.Cut(header, " ")
	detail := "the Authorization header has no scheme that is known: it has to be the word Bearer, a blank and the token"
	switch {
	case header == "" && len(s.conf.Auth.Certificates) > 0 && state != nil && len(state.PeerCertificates) > 0:
		detail = "there is no Authorization header, and none of auth.certificates fits the client certificate"
	case header == "":
		detail = "there is no Authorization header: the provider sends no token, or a proxy takes it off"
	case strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(rest) == "":
		detail = "the Authorization header says Bearer and no token: the field at the provider is empty"
	case strings.EqualFold(scheme, "Bearer"):
		detail = "the bearer token is longer than any token that is accepted"
	case strings.HasPrefix(header, tokenPrefix), strings.HasPrefix(header, "eyJ"):
		detail = "the Authorization header holds a token without the word Bearer before it"
	case strings.EqualFold(scheme, "Basic"):
		detail = "the Authorization header is Basic: a client trades its secret for a token at the token endpoint of the source and sends that, else the provider has to be set to a bearer token"
	case strings.EqualFold(scheme, "Digest"), strings.EqualFold(scheme, "Negotiate"), strings.EqualFold(scheme, "NTLM"), strings.EqualFold(scheme, "Token"), strings.EqualFold(scheme, "SSWS"):
		detail = "the Authorization header is " + scheme + ": the provider has to be set to a bearer token"
	}
	return refusal(reasonNoBearer, detail)
}

// explainToken says why a token of the store does not open the source; nil where it does. The zero Token is one that is
// not there.
func (s *source) explainToken(t Token, now time.Time) *Refusal {
	name := quoted(t.Name)
	renew := "make one with bridge token new " + s.conf.Name + " --name NAME and enter it at the provider"
	switch {
	case t.Source == "":
		return refusal(reasonUnknownToken, "no such token is kept: it was revoked or has been gone for long, it was made for another state, or it was not copied whole; "+renew)
	case t.Source != s.conf.Name:
		return refusal(reasonForeignToken, "the token "+name+" belongs to source "+quoted(t.Source)+": the address or the token at the provider is the other's")
	case !t.Valid(now) && t.Client:
		return refusal(reasonExpiredToken, "the token of client "+name+" expired at "+t.Expires.UTC().Format(time.RFC3339)+": the client has to ask the token endpoint for a new one")
	case !t.Valid(now):
		return refusal(reasonExpiredToken, "the token "+name+" expired at "+t.Expires.UTC().Format(time.RFC3339)+": "+renew)
	case t.Client && !s.hasClient(t.Name):
		return refusal(reasonRemovedClient, "the token was given to client "+name+", which auth.clients no longer has")
	case !t.Client && !s.conf.Auth.Tokens:
		return refusal(reasonNoTokens, "this source has auth.tokens: false, so it accepts the tokens of its clients only, and "+name+" is one of bridge token")
	}
	return nil
}

// explainIssuers picks the refusal that says most: that of the issuer who made the token, where one did.
func (s *source) explainIssuers(refusals []*Refusal) *Refusal {
	if len(refusals) == 0 {
		return refusal(reasonNoIssuer, "the bearer token is none of the bridge's (they begin with "+tokenPrefix+"), and the source has no auth.issuers that could have made it")
	}
	details := make([]string, len(refusals))
	for i, r := range refusals {
		if r.Reason != ReasonOtherIssuer {
			return r
		}
		details[i] = r.Detail
	}
	return refusal(ReasonOtherIssuer, strings.Join(details, "; "))
}
