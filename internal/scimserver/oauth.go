package scimserver

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// clientTokenTTL is how long a token of the token endpoint lives.
const clientTokenTTL = time.Hour

// Client may use the client credentials grant (RFC 6749 §4.4). The secret is kept as its SHA-256: it is
// a long random text, so a slow hash would protect nothing.
type Client struct {
	ID         string
	SecretHash [sha256.Size]byte
}

// NewClient gives the client with that secret.
func NewClient(id, secret string) Client {
	return Client{ID: id, SecretHash: sha256.Sum256([]byte(secret))}
}

func (s *source) hasClient(id string) bool {
	return slices.ContainsFunc(s.conf.Auth.Clients, func(c Client) bool { return c.ID == id })
}

// clientOf finds the client whose id and secret these are, each in any of its readings. Every client is compared with
// every reading, so that the time says nothing.
func (s *source) clientOf(c clientCredentials) (id string, ok bool) {
	found := -1
	for n, client := range s.conf.Auth.Clients {
		idHash := sha256.Sum256([]byte(client.ID))
		both := c.ids.contain(idHash) & c.secrets.contain(client.SecretHash)
		found = subtle.ConstantTimeSelect(both, n, found)
	}
	if found < 0 {
		return "", false
	}
	return s.conf.Auth.Clients[found].ID, true
}

// readings are the SHA-256s of what a text may stand for.
type readings [3][sha256.Size]byte

// readingsOf hashes a text as it is and decoded. RFC 6749 §2.3.1 has id and secret form-encoded within the header; most
// clients send them as they are, and some encode as in paths, where a plus is a plus. Nothing in the text tells which.
func readingsOf(text string) (r readings) {
	raw := sha256.Sum256([]byte(text))
	for i, decode := range [len(r)]func(string) (string, error){nil, url.QueryUnescape, url.PathUnescape} {
		r[i] = raw
		if decode == nil {
			continue
		}
		if decoded, err := decode(text); err == nil {
			r[i] = sha256.Sum256([]byte(decoded))
		}
	}
	return r
}

// contain is 1 where one of the readings is the hash, else 0, in constant time.
func (r *readings) contain(hash [sha256.Size]byte) int {
	found := 0
	for _, own := range r {
		found |= subtle.ConstantTimeCompare(own[:], hash[:])
	}
	return found
}

// serveToken is the source's own token endpoint. Its errors are those of RFC 6749 §5.2, since it is no
// SCIM endpoint.
func (x *exchange) serveToken() {
	s := x.source
	h := x.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	if !s.addressAllowed(x.r.RemoteAddr) {
		x.denied(refusal(reasonAddress, "the address that the request comes from is not in auth.addresses; behind a proxy, bridge.trusted_proxies has to name it"))
		x.oauthError(http.StatusForbidden, "access_denied")
		return
	}
	if x.r.Method != http.MethodPost {
		h.Set("Allow", http.MethodPost)
		x.oauthError(http.StatusMethodNotAllowed, "invalid_request")
		return
	}
	x.grantToken()
}

// grantToken looks at the credentials before any limit: comparing them costs a few hashes of at most maxTokenRequest
// bytes, and so nothing that others send keeps a client from its token.
func (x *exchange) grantToken() {
	form, given, err := clientRequest(x.w, x.r)
	if err != nil {
		x.refuseToken(refusal(reasonNoClient, "the request could not be read: "+formFault(err)), http.StatusBadRequest, "invalid_request")
		return
	}
	id, ok := x.source.clientOf(given)
	if !ok {
		x.w.Header().Set("WWW-Authenticate", `Basic realm="`+x.source.conf.Name+`"`)
		x.refuseToken(x.source.explainClient(given), http.StatusUnauthorized, "invalid_client")
		return
	}
	if form.Get("grant_type") != "client_credentials" {
		x.oauthError(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	if wait := x.source.grants[id].wait(x.server.now()); wait > 0 {
		x.slowDown(wait)
		return
	}
	x.issueToken(id)
}

// refuseToken tells the operator why, and the client no more than the code; one who goes on trying only that it should
// wait.
func (x *exchange) refuseToken(why *Refusal, status int, code string) {
	x.denied(why)
	if wait := x.source.failedAttempts.wait(x.r.RemoteAddr, x.server.now()); wait > 0 {
		x.slowDown(wait)
		return
	}
	x.oauthError(status, code)
}

func (x *exchange) slowDown(seconds int) {
	x.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	x.oauthError(http.StatusTooManyRequests, "slow_down")
}

func (x *exchange) issueToken(id string) {
	ctx, now := x.r.Context(), x.server.now()
	if err := x.source.dropExpired(ctx, now); err != nil {
		x.oauthFailure(err)
		return
	}
	text, _, err := putToken(ctx, x.server.tokens, Token{Source: x.source.conf.Name, Name: id, Client: true}, clientTokenTTL, now)
	if err != nil {
		x.oauthFailure(err)
		return
	}
	_ = json.NewEncoder(x.w).Encode(map[string]any{"access_token": text, "token_type": "Bearer", "expires_in": int(clientTokenTTL.Seconds())})
}

// dropEvery is how often tokens of clients that have expired are looked for: that reads all tokens of the source.
const dropEvery = time.Minute

// dropExpired removes tokens of clients that no longer open anything, so that they don't pile up.
func (s *source) dropExpired(ctx context.Context, now time.Time) error {
	last := s.dropped.Load()
	if last != nil && now.Sub(*last) < dropEvery || !s.dropped.CompareAndSwap(last, &now) {
		return nil
	}
	all, err := s.server.tokens.List(ctx, s.conf.Name)
	if err != nil {
		return fmt.Errorf("list tokens of %q: %w", s.conf.Name, err)
	}
	for _, t := range all {
		if !t.Client || t.Valid(now) {
			continue
		}
		if err := s.server.tokens.Delete(ctx, t.Hash); err != nil && !errors.Is(err, ErrNoToken) {
			return fmt.Errorf("remove an expired token of %q: %w", s.conf.Name, err)
		}
	}
	return nil
}

// clientCredentials are what a client says it is, in every reading.
type clientCredentials struct {
	given        bool // there was an id at all
	inHeader     bool
	ids, secrets readings
}

// maxTokenRequest bounds the form, and with it what is hashed. A header has a limit of its own.
const maxTokenRequest = 16 << 10

// clientRequest reads the form and the client's credentials, from the header or from the form (RFC 6749 §2.3.1).
func clientRequest(w http.ResponseWriter, r *http.Request) (form url.Values, c clientCredentials, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxTokenRequest)
	if err := r.ParseForm(); err != nil {
		return nil, c, err
	}
	id, secret, inHeader := r.BasicAuth()
	if inHeader {
		return r.PostForm, clientCredentials{given: true, inHeader: true, ids: readingsOf(id), secrets: readingsOf(secret)}, nil
	}
	// The form is encoded as a whole, so what stands in it has one reading.
	id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	return r.PostForm, clientCredentials{given: id != "", ids: oneReading(id), secrets: oneReading(secret)}, nil
}

func oneReading(text string) (r readings) {
	for i := range r {
		r[i] = sha256.Sum256([]byte(text))
	}
	return r
}

// formFault says what is wrong with a form without quoting it: it holds a secret.
func formFault(err error) string {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return "it has more than " + strconv.Itoa(maxTokenRequest) + " bytes"
	}
	if _, escape := errors.AsType[url.EscapeError](err); escape {
		return "a % in its form is not followed by two digits: the form is not encoded"
	}
	return "it is no form, or did not arrive whole"
}

// explainClient says why credentials are not accepted.
func (s *source) explainClient(c clientCredentials) *Refusal {
	if !c.given {
		return refusal(reasonNoClient, "the request has no client ID: neither a Basic header nor client_id in a form (application/x-www-form-urlencoded)")
	}
	for _, client := range s.conf.Auth.Clients {
		if c.ids.contain(sha256.Sum256([]byte(client.ID))) == 1 {
			return refusal(reasonClientSecret, "the secret of client "+quoted(client.ID)+" is not the configured one: compare it at the provider with what auth.clients refers to; a restart reads a changed one")
		}
	}
	return refusal(reasonUnknownClient, "the client ID is none of auth.clients of this source: compare it, and the source in the address of the token endpoint")
}

func (x *exchange) oauthError(status int, code string) {
	x.w.WriteHeader(status)
	_ = json.NewEncoder(x.w).Encode(map[string]string{"error": code, "error_description": "request id " + x.id})
}

// oauthFailure answers with a fault that is not the client's.
func (x *exchange) oauthFailure(err error) {
	p := asProblem(err)
	x.logFailure(p)
	if p.retryAfter > 0 {
		x.w.Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.status == http.StatusServiceUnavailable {
		x.oauthError(p.status, "temporarily_unavailable")
		return
	}
	x.oauthError(http.StatusInternalServerError, "server_error")
}
