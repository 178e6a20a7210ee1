package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"sacbridge/internal/scimserver"
	"sacbridge/internal/store"
)

// tokens is the scimserver.TokenStore over the state. It knows all tokens by heart, for one process has the state
// at a time, and each request looks one up.
type tokens struct {
	store store.Values

	writes sync.Mutex // held by whoever writes, for as long as that takes
	mu     sync.RWMutex
	known  map[scimserver.TokenHash]keptToken
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

// openTokens reads the tokens of a store.
func openTokens(ctx context.Context, from store.Values) (*tokens, error) {
	t := &tokens{store: from, known: map[scimserver.TokenHash]keptToken{}}
	err := from.Each(ctx, func(key string, read func(into any) error) error {
		hash, err := hex.DecodeString(key)
		if err != nil || len(hash) != len(scimserver.TokenHash{}) {
			return fmt.Errorf("a token's hash has %d digits", len(key))
		}
		var token keptToken
		err = read(&token)
		t.known[scimserver.TokenHash(hash)] = token
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	return t, nil
}

// Put implements scimserver.TokenStore.
func (t *tokens) Put(ctx context.Context, token scimserver.Token) error {
	t.writes.Lock()
	defer t.writes.Unlock()
	return t.write(ctx, token.Hash, keptToken{
		Source: token.Source, Name: token.Name, Created: token.Created, Expires: token.Expires, LastUsed: token.LastUsed, Client: token.Client,
	})
}

func (t *tokens) kept(hash scimserver.TokenHash) (keptToken, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	token, ok := t.known[hash]
	return token, ok
}

// write stores a token; the caller holds writes.
func (t *tokens) write(ctx context.Context, hash scimserver.TokenHash, token keptToken) error {
	if err := t.store.Put(ctx, hex.EncodeToString(hash[:]), token); err != nil {
		return fmt.Errorf("store the token: %w", err)
	}
	t.mu.Lock()
	t.known[hash] = token
	t.mu.Unlock()
	return nil
}

// Get implements scimserver.TokenStore.
func (t *tokens) Get(_ context.Context, hash scimserver.TokenHash) (scimserver.Token, error) {
	kept, ok := t.kept(hash)
	if !ok {
		return scimserver.Token{}, scimserver.ErrNoToken
	}
	return kept.token(hash), nil
}

// List implements scimserver.TokenStore.
func (t *tokens) List(_ context.Context, source string) ([]scimserver.Token, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []scimserver.Token
	for hash, kept := range t.known {
		if source == "" || kept.Source == source {
			out = append(out, kept.token(hash))
		}
	}
	return out, nil
}

// Delete implements scimserver.TokenStore.
func (t *tokens) Delete(ctx context.Context, hash scimserver.TokenHash) error {
	t.writes.Lock()
	defer t.writes.Unlock()
	if _, ok := t.kept(hash); !ok {
		return scimserver.ErrNoToken
	}
	if err := t.store.Delete(ctx, hex.EncodeToString(hash[:])); err != nil {
		return fmt.Errorf("remove the token: %w", err)
	}
	t.mu.Lock()
	delete(t.known, hash)
	t.mu.Unlock()
	return nil
}

// Touch implements scimserver.TokenStore.
func (t *tokens) Touch(ctx context.Context, hash scimserver.TokenHash, at time.Time) error {
	t.writes.Lock()
	defer t.writes.Unlock()
	token, ok := t.kept(hash)
	if !ok || !at.After(token.LastUsed) {
		return nil
	}
	token.LastUsed = at
	return t.write(ctx, hash, token)
}
