package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"sacbridge/internal/scimserver"
	"sacbridge/internal/store"
)

// tokens is the scimserver.TokenStore over the state. Each request looks a token up, so those in use are remembered, for
// as long as the store says that none was made or revoked, by this process or by another.
type tokens struct {
	store store.Values

	mu      sync.RWMutex
	version uint64 // of the store when known was empty
	known   map[scimserver.TokenHash]scimserver.Token
}

func newTokens(from store.Values) *tokens {
	return &tokens{store: from, known: map[scimserver.TokenHash]scimserver.Token{}}
}

// recall gives a token that was read at this version of the store.
func (t *tokens) recall(hash scimserver.TokenHash, version uint64) (token scimserver.Token, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.version == version {
		token, ok = t.known[hash]
	}
	return token, ok
}

// remember keeps a token that was read after the store had told its version.
func (t *tokens) remember(token scimserver.Token, version uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.version != version {
		t.version = version
		clear(t.known)
	}
	t.known[token.Hash] = token
}

func (t *tokens) forget(hash scimserver.TokenHash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, hash)
}

// keptToken is a token as it is stored, under its hash.
type keptToken struct {
	Source   string    `json:"source"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	Client   bool      `json:"client,omitempty"`
}

// token gives it as the server knows it.
func (k keptToken) token(hash scimserver.TokenHash) scimserver.Token {
	return scimserver.Token{
		Hash: hash, Source: k.Source, Name: k.Name, Created: k.Created, Expires: k.Expires, LastUsed: k.LastUsed, Client: k.Client,
	}
}

// keyOf gives the key under which a token is kept.
func keyOf(hash scimserver.TokenHash) string { return hex.EncodeToString(hash[:]) }

// Put implements scimserver.TokenStore.
func (t *tokens) Put(ctx context.Context, token scimserver.Token) error {
	err := t.store.Put(ctx, keyOf(token.Hash), keptToken{
		Source: token.Source, Name: token.Name, Created: token.Created, Expires: token.Expires, LastUsed: token.LastUsed, Client: token.Client,
	})
	return tokenError("store the token", err)
}

// tokenError says what was done to a token, and what the server calls one that is not there.
func tokenError(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNoValue):
		return scimserver.ErrNoToken
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Get implements scimserver.TokenStore.
func (t *tokens) Get(ctx context.Context, hash scimserver.TokenHash) (scimserver.Token, error) {
	version, err := t.store.Version(ctx)
	if err != nil {
		return scimserver.Token{}, tokenError("read a token", err)
	}
	if token, ok := t.recall(hash, version); ok {
		return token, nil
	}
	var kept keptToken
	if err := t.store.Get(ctx, keyOf(hash), &kept); err != nil {
		return scimserver.Token{}, tokenError("read a token", err)
	}
	token := kept.token(hash)
	t.remember(token, version)
	return token, nil
}

// List implements scimserver.TokenStore.
func (t *tokens) List(ctx context.Context, source string) (all []scimserver.Token, err error) {
	err = t.store.Each(ctx, func(key string, read func(into any) error) error {
		hash, err := hex.DecodeString(key)
		if err != nil || len(hash) != len(scimserver.TokenHash{}) {
			return fmt.Errorf("a token's hash has %d digits", len(key))
		}
		var kept keptToken
		if err := read(&kept); err != nil {
			return err
		}
		if source == "" || kept.Source == source {
			all = append(all, kept.token(scimserver.TokenHash(hash)))
		}
		return nil
	})
	return all, tokenError("read the tokens", err)
}

// Delete implements scimserver.TokenStore.
func (t *tokens) Delete(ctx context.Context, hash scimserver.TokenHash) error {
	return tokenError("remove the token", t.store.Delete(ctx, keyOf(hash)))
}

// errNotLater says that a token was used later than a use that is to be noted.
var errNotLater = errors.New("used later already")

// Touch implements scimserver.TokenStore.
func (t *tokens) Touch(ctx context.Context, hash scimserver.TokenHash, at time.Time) error {
	err := t.store.Update(ctx, keyOf(hash), func(read func(into any) error) (any, error) {
		var kept keptToken
		if err := read(&kept); err != nil {
			return nil, err
		}
		if !at.After(kept.LastUsed) {
			return nil, errNotLater
		}
		kept.LastUsed = at
		return kept, nil
	})
	if errors.Is(err, errNotLater) || errors.Is(err, store.ErrNoValue) {
		return nil
	}
	t.forget(hash)
	return tokenError("note the use of a token", err)
}
