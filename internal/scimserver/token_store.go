package scimserver

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Values is where [StoredTokens] keeps what it knows of tokens: values that encode as JSON, under keys. What one method has
// written, all later calls see, also of other processes; what writes is durable on return.
type Values interface {
	Get(ctx context.Context, key string, into any) error
	Put(ctx context.Context, key string, value any) error
	// Update puts what change makes of a value in its place, and does nothing where there is none.
	Update(ctx context.Context, key string, change func(read func(into any) error) (value any, err error)) error
	Delete(ctx context.Context, key string) error
	// Version changes with each Put and Delete; an Update may leave it.
	Version(ctx context.Context) (uint64, error)
	Each(ctx context.Context, visit func(key string, read func(into any) error) error) error
}

// StoredTokens is the TokenStore over stored values. Each request looks a token up, so those in use are remembered, for
// as long as the store says that none was made or revoked, by this process or by another.
type StoredTokens struct {
	values  Values
	noValue error

	mu      sync.RWMutex
	version uint64 // of the store when known was empty
	known   map[TokenHash]Token
}

// NewStoredTokens keeps tokens in values, which says noValue where there is nothing under a key.
func NewStoredTokens(values Values, noValue error) *StoredTokens {
	return &StoredTokens{values: values, noValue: noValue, known: map[TokenHash]Token{}}
}

// recall gives a token that was read at this version of the store.
func (t *StoredTokens) recall(hash TokenHash, version uint64) (token Token, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.version == version {
		token, ok = t.known[hash]
	}
	return token, ok
}

// remember keeps a token that was read after the store had told its version.
func (t *StoredTokens) remember(token Token, version uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.version != version {
		t.version = version
		clear(t.known)
	}
	t.known[token.Hash] = token
}

func (t *StoredTokens) forget(hash TokenHash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, hash)
}

// storedToken is a token as it is stored, under its hash.
type storedToken struct {
	Source   string    `json:"source"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	Client   bool      `json:"client,omitempty"`
}

// token gives it as the server knows it.
func (s storedToken) token(hash TokenHash) Token {
	return Token{
		Hash: hash, Source: s.Source, Name: s.Name, Created: s.Created, Expires: s.Expires, LastUsed: s.LastUsed, Client: s.Client,
	}
}

// keyOf gives the key under which a token is stored.
func keyOf(hash TokenHash) string { return hex.EncodeToString(hash[:]) }

// Put implements TokenStore.
func (t *StoredTokens) Put(ctx context.Context, token Token) error {
	err := t.values.Put(ctx, keyOf(token.Hash), storedToken{
		Source: token.Source, Name: token.Name, Created: token.Created, Expires: token.Expires, LastUsed: token.LastUsed, Client: token.Client,
	})
	return t.failed("store the token", err)
}

// failed says what was done to a token, and that a token that is not there is ErrNoToken.
func (t *StoredTokens) failed(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, t.noValue):
		return ErrNoToken
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Get implements TokenStore.
func (t *StoredTokens) Get(ctx context.Context, hash TokenHash) (Token, error) {
	version, err := t.values.Version(ctx)
	if err != nil {
		return Token{}, t.failed("read a token", err)
	}
	if token, ok := t.recall(hash, version); ok {
		return token, nil
	}
	var stored storedToken
	if err := t.values.Get(ctx, keyOf(hash), &stored); err != nil {
		return Token{}, t.failed("read a token", err)
	}
	token := stored.token(hash)
	t.remember(token, version)
	return token, nil
}

// List implements TokenStore.
func (t *StoredTokens) List(ctx context.Context, source string) (all []Token, err error) {
	err = t.values.Each(ctx, func(key string, read func(into any) error) error {
		hash, err := hex.DecodeString(key)
		if err != nil || len(hash) != len(TokenHash{}) {
			return fmt.Errorf("a token's hash has %d digits", len(key))
		}
		var stored storedToken
		if err := read(&stored); err != nil {
			return err
		}
		if source == "" || stored.Source == source {
			all = append(all, stored.token(TokenHash(hash)))
		}
		return nil
	})
	return all, t.failed("read the tokens", err)
}

// Delete implements TokenStore.
func (t *StoredTokens) Delete(ctx context.Context, hash TokenHash) error {
	return t.failed("remove the token", t.values.Delete(ctx, keyOf(hash)))
}

// errNotLater says that a token was used later than a use that is to be noted.
var errNotLater = errors.New("used later already")

// Touch implements TokenStore.
func (t *StoredTokens) Touch(ctx context.Context, hash TokenHash, at time.Time) error {
	err := t.values.Update(ctx, keyOf(hash), func(read func(into any) error) (any, error) {
		var stored storedToken
		if err := read(&stored); err != nil {
			return nil, err
		}
		if !at.After(stored.LastUsed) {
			return nil, errNotLater
		}
		stored.LastUsed = at
		return stored, nil
	})
	if errors.Is(err, errNotLater) || errors.Is(err, t.noValue) {
		return nil
	}
	t.forget(hash)
	return t.failed("note the use of a token", err)
}
