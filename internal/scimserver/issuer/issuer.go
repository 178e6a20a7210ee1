package issuer

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sacbridge/internal/scimserver"
)

// Issuer is another party that signs tokens.
type Issuer struct {
	URL      string         // as its tokens name it
	Audience string         // whom its tokens have to be for
	KeysURL  string         // of its key set; empty to find that in its discovery document
	Roots    *x509.CertPool // whom to trust for its address; nil means the system's authorities
	Log      *slog.Logger   // is told when its keys cannot be read, and when they can again; nil discards
}

// Verifier verifies the tokens of an issuer. It asks for keys when the first token comes, so that a bridge starts while
// an issuer is down. It is safe for concurrent use.
type Verifier struct {
	issuer Issuer
	keys   *keySet
}

var _ scimserver.Verifier = (*Verifier)(nil)

// New gives the Verifier of an issuer's tokens. ctx bounds the life of what reads its keys.
func New(ctx context.Context, issuer Issuer) *Verifier {
	if issuer.Log == nil {
		issuer.Log = slog.New(slog.DiscardHandler)
	}
	return newVerifier(ctx, issuer, newReader(&issuer).read)
}

func newVerifier(ctx context.Context, issuer Issuer, read func(context.Context) ([]jose.JSONWebKey, error)) *Verifier {
	return &Verifier{issuer: issuer, keys: &keySet{life: ctx, read: read, log: issuer.Log.With("issuer", issuer.URL)}}
}

// The reasons for refusing a token, beside scimserver.ReasonOtherIssuer.
const (
	reasonMalformed   = "no signed token"
	reasonAlgorithm   = "signature algorithm not accepted"
	reasonAudience    = "token for another audience"
	reasonExpired     = "expired token of an issuer"
	reasonEarly       = "token not valid yet"
	reasonUnknownKey  = "unknown key"
	reasonSignature   = "wrong signature"
	reasonUnavailable = "keys of the issuer not available"
)

// leeway is how far the clocks of issuer and bridge may be apart.
const leeway = time.Minute

// algorithms are those with a public key: a key set is public, so a shared secret in it would be anybody's.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}
}

// claims are what is read of a token.
type claims struct {
	jwt.Claims
	Party  string `json:"azp"`
	Client string `json:"client_id"`
	App    string `json:"appid"` // Entra ID's tokens of version 1
}

// Verify implements scimserver.Verifier. What the token claims is looked at first, so that one which could not be accepted
// whoever signed it makes the bridge ask nobody for keys.
func (v *Verifier) Verify(ctx context.Context, text string) (scimserver.Claims, error) {
	token, err := jwt.ParseSigned(text, algorithms())
	if err != nil {
		return scimserver.Claims{}, malformed(text, err)
	}
	var claimed claims
	if err := token.UnsafeClaimsWithoutVerification(&claimed); err != nil {
		return scimserver.Claims{}, refusal(reasonMalformed, "the token's claims cannot be read: they are no JSON object with the claims of RFC 7519")
	}
	if err := v.checkClaims(&claimed, time.Now()); err != nil {
		return scimserver.Claims{}, err
	}
	var signed claims
	if err := v.checkSignature(ctx, token, &signed); err != nil {
		return scimserver.Claims{}, err
	}
	for _, client := range []string{signed.Party, signed.Client, signed.App} {
		if client != "" {
			return scimserver.Claims{Subject: signed.Subject, Client: client}, nil
		}
	}
	return scimserver.Claims{Subject: signed.Subject}, nil
}

// malformed says why a text is no signed token, without showing any of it.
func malformed(text string, err error) error {
	if wrong, ok := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); ok {
		return refusal(reasonAlgorithm, "the token is signed with "+quoted(string(wrong.Got))+": the issuer has to sign with RS, PS or ES 256 to 512 or EdDSA")
	}
	parts := strings.Count(text, ".") + 1
	switch parts {
	case 1:
		return refusal(reasonMalformed, "the bearer token has no dots, so it is no signed token (JWT): it may be an opaque token of the issuer, or of another product")
	case 5:
		return refusal(reasonMalformed, "the bearer token is encrypted (JWE): the issuer has to sign it only")
	}
	return refusal(reasonMalformed, "the bearer token has "+strconv.Itoa(parts)+" parts and cannot be read as a signed token (JWT): it was cut or changed on its way")
}

// checkClaims looks at what the token says of itself.
func (v *Verifier) checkClaims(c *claims, now time.Time) error {
	switch {
	case c.Issuer != v.issuer.URL:
		return refusal(scimserver.ReasonOtherIssuer, fmt.Sprintf("the token was made by %s (its claim iss), and issuer is %s; they have to be equal to the last slash", quoted(c.Issuer), quoted(v.issuer.URL)))
	case !c.Audience.Contains(v.issuer.Audience):
		return refusal(reasonAudience, fmt.Sprintf("the token is for %s (its claim aud), and audience is %s", quoted(strings.Join(c.Audience, " ")), quoted(v.issuer.Audience)))
	case c.Expiry == nil:
		return refusal(reasonExpired, "the token has no expiry (claim exp), and one that is valid for ever is not accepted")
	case now.After(c.Expiry.Time().Add(leeway)):
		return refusal(reasonExpired, fmt.Sprintf("the token expired at %s, %s ago: the client keeps it for too long, or a clock is wrong (here it is %s)", stamp(c.Expiry.Time()), now.Sub(c.Expiry.Time()).Round(time.Second), stamp(now)))
	case c.NotBefore != nil && c.NotBefore.Time().After(now.Add(leeway)):
		return refusal(reasonEarly, fmt.Sprintf("the token is valid from %s on (its claim nbf): a clock is wrong (here it is %s)", stamp(c.NotBefore.Time()), stamp(now)))
	}
	return nil
}

// checkSignature finds the issuer's key and reads the claims that it has signed.
func (v *Verifier) checkSignature(ctx context.Context, token *jwt.JSONWebToken, signed *claims) error {
	kid := token.Headers[0].KeyID
	keys, err := v.keys.find(ctx, kid)
	if err != nil {
		return err
	}
	if fits(token, keys, signed) || fits(token, v.keys.renewed(ctx, kid), signed) {
		return nil
	}
	return refusal(reasonSignature, "the signature does not fit the issuer's key "+quoted(kid)+": the token was changed on its way, or somebody else has signed it")
}

// fits says whether one of the keys has signed the token, and reads its claims then.
func fits(token *jwt.JSONWebToken, keys []jose.JSONWebKey, signed *claims) bool {
	for i := range keys {
		if token.Claims(&keys[i], signed) == nil {
			return true
		}
	}
	return false
}

func refusal(reason, detail string) *scimserver.Refusal {
	return &scimserver.Refusal{Reason: reason, Detail: detail}
}

// quoted shows a text that somebody else chose, or its beginning.
func quoted(text string) string { return strconv.Quote(text[:min(len(text), 128)]) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
