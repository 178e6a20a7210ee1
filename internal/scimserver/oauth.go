package scimserver

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
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

// clientOf finds the client whose id and secret these are. Every client is compared, so that the time says nothing.
func (s *source) clientOf(id, secret string) bool {
	hash := sha256.Sum256([]byte(secret))
	found := 0
	for _, c := range s.conf.Auth.Clients {
		idHash, given := sha256.Sum256([]byte(c.ID)), sha256.Sum256([]byte(id))
		found |= subtle.ConstantTimeCompare(idHash[:], given[:]) & subtle.ConstantTimeCompare(c.SecretHash[:], hash[:])
	}
	return found == 1
}

// serveToken is the source's own token endpoint. Its errors are those of RFC 6749 §5.2, since it is no
// SCIM endpoint.
func (x *exchange) serveToken() {
	s := x.source
	h := x.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	if !s.addressAllowed(x.r.RemoteAddr) {
		x.denied("address not on the allow list")
		x.oauthError(http.StatusForbidden, "access_denied")
		return
	}
	if x.r.Method != http.MethodPost {
		h.Set("Allow", http.MethodPost)
		x.oauthError(http.StatusMethodNotAllowed, "invalid_request")
		return
	}
	if wait := s.failedAttempts.wait(x.server.now()); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(wait))
		x.oauthError(http.StatusTooManyRequests, "slow_down")
		return
	}
	x.grantToken()
}

func (x *exchange) grantToken() {
	form, id, secret, err := clientRequest(x.w, x.r)
	if err != nil {
		x.oauthError(http.StatusBadRequest, "invalid_request")
		return
	}
	if !x.source.clientOf(id, secret) {
		x.denied("unknown client or wrong secret")
		x.w.Header().Set("WWW-Authenticate", `Basic realm="`+x.source.conf.Name+`"`)
		x.oauthError(http.StatusUnauthorized, "invalid_client")
		return
	}
	if form.Get("grant_type") != "client_credentials" {
		x.oauthError(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	ctx, now := x.r.Context(), x.server.now()
	if err := x.source.dropExpired(ctx, id, now); err != nil {
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

// dropExpired removes the client's tokens that no longer open anything, so that they don't pile up.
func (s *source) dropExpired(ctx context.Context, client string, now time.Time) error {
	_, err := RevokeTokens(ctx, s.server.tokens, s.conf.Name, client, func(t Token) bool { return t.Client && !t.Valid(now) })
	return err
}

// clientRequest reads the form and the client's credentials, from the header or from the form (RFC 6749 §2.3.1).
func clientRequest(w http.ResponseWriter, r *http.Request) (form url.Values, id, secret string, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		return nil, "", "", err
	}
	id, secret, ok := r.BasicAuth()
	if !ok {
		return r.PostForm, r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"), nil
	}
	rawID, errID := url.QueryUnescape(id)
	rawSecret, errSecret := url.QueryUnescape(secret)
	if err := errors.Join(errID, errSecret); err != nil {
		// Many clients skip the form encoding that the RFC asks for inside the header.
		return r.PostForm, id, secret, nil
	}
	return r.PostForm, rawID, rawSecret, nil
}

func (x *exchange) oauthError(status int, code string) {
	x.w.WriteHeader(status)
	_ = json.NewEncoder(x.w).Encode(map[string]string{"error": code, "error_description": "request id " + x.id})
}

func (x *exchange) oauthFailure(err error) {
	x.server.log.Error("token endpoint failed", "request", x.id, "source", x.source.conf.Name, "cause", err.Error())
	x.oauthError(http.StatusInternalServerError, "server_error")
}
