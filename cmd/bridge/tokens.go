package main

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"sacbridge/internal/admin"
	"sacbridge/internal/scimserver"
)

// sourceTokens are the tokens of sources as the admin operations want them.
type sourceTokens struct{ store scimserver.TokenStore }

// New implements admin.Tokens.
func (s sourceTokens) New(ctx context.Context, source, name string, ttl time.Duration, now time.Time) (string, admin.Token, error) {
	text, token, err := scimserver.NewToken(ctx, s.store, source, name, ttl, now)
	if errors.Is(err, scimserver.ErrTokenInUse) {
		return "", admin.Token{}, &admin.RejectedError{Reason: err}
	}
	return text, adminToken(token, now), err
}

// List implements admin.Tokens.
func (s sourceTokens) List(ctx context.Context, source string, now time.Time) ([]admin.Token, error) {
	all, err := scimserver.ListTokens(ctx, s.store, source)
	if err != nil {
		return nil, err
	}
	out := make([]admin.Token, len(all))
	for i, t := range all {
		out[i] = adminToken(t, now)
	}
	return out, nil
}

// Revoke implements admin.Tokens.
func (s sourceTokens) Revoke(ctx context.Context, source, name, id string) (int, error) {
	return scimserver.RevokeTokens(ctx, s.store, source, name, func(t scimserver.Token) bool {
		return !t.Client && strings.HasPrefix(tokenID(t), id)
	})
}

func adminToken(t scimserver.Token, now time.Time) admin.Token {
	return admin.Token{
		ID: tokenID(t), Source: t.Source, Name: t.Name, Created: t.Created, Expires: t.Expires, LastUsed: t.LastUsed, Valid: t.Valid(now),
	}
}

// tokenID is the beginning of a token's hash, which tells two of one name apart.
func tokenID(t scimserver.Token) string { return hex.EncodeToString(t.Hash[:6]) }
