package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"sacbridge/internal/directory"
	"sacbridge/internal/scimserver"
)

// tokenPartition is where tokens are kept: a partition of the directory beside those of the sources. A
// source cannot have this name, since names begin with a letter or digit. So tokens are durable, checked and
// backed up with everything else, whatever the database.
const tokenPartition directory.SourceID = "~tokens"

// tokens is the scimserver.TokenStore over the directory's store. It knows all tokens by heart, for one
// process has the store at a time, and each request looks one up.
type tokens struct {
	store directory.Store
	now   func() time.Time

	writes sync.Mutex // held by whoever writes, for as long as that takes
	mu     sync.RWMutex
	known  map[scimserver.TokenHash]keptToken
}

// keptToken is a token as it is stored.
type keptToken struct {
	Hash     string    `json:"hash"`
	Source   string    `json:"source"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	Client   bool      `json:"client,omitempty"`

	id directory.ID
}

// token gives it as the server knows it.
func (k keptToken) token(hash scimserver.TokenHash) scimserver.Token {
	return scimserver.Token{
		Hash: hash, Source: k.Source, Name: k.Name, Created: k.Created, Expires: k.Expires, LastUsed: k.LastUsed, Client: k.Client,
	}
}

// openTokens reads the tokens of a store.
func openTokens(ctx context.Context, store directory.Store, now func() time.Time) (*tokens, error) {
	t := &tokens{store: store, now: now, known: map[scimserver.TokenHash]keptToken{}}
	err := store.View(ctx, tokenPartition, func(tx directory.ReadTx) error {
		for record, err := range tx.Scan(directory.User, directory.ID{}, false) {
			if err != nil {
				return err
			}
			token := keptToken{id: record.ID}
			if err := json.Unmarshal(record.JSON, &token); err != nil {
				return fmt.Errorf("token %s: %w", record.ID, err)
			}
			hash, err := hex.DecodeString(token.Hash)
			if err != nil || len(hash) != len(scimserver.TokenHash{}) {
				return fmt.Errorf("token %s: its hash has %d digits", record.ID, len(token.Hash))
			}
			t.known[scimserver.TokenHash(hash)] = token
		}
		return nil
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
	old, exists := t.kept(token.Hash)
	id, expect := old.id, directory.AnyRevision
	if !exists {
		var err error
		if id, err = directory.NewID(t.now()); err != nil {
			return err
		}
		expect = directory.NotThere
	}
	kept := keptToken{
		Hash: hex.EncodeToString(token.Hash[:]), Source: token.Source, Name: token.Name, Created: token.Created,
		Expires: token.Expires, LastUsed: token.LastUsed, Client: token.Client, id: id,
	}
	return t.write(ctx, token.Hash, kept, expect)
}

func (t *tokens) kept(hash scimserver.TokenHash) (keptToken, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	token, ok := t.known[hash]
	return token, ok
}

// write stores a token; the caller holds writes.
func (t *tokens) write(ctx context.Context, hash scimserver.TokenHash, token keptToken, expect int64) error {
	data, err := json.Marshal(token)
	if err != nil {
		return fmt.Errorf("encode the token: %w", err)
	}
	record := directory.Record{Header: directory.Header{Kind: directory.User, ID: token.id, UserName: token.Hash}, JSON: data}
	change := directory.Change{At: t.now(), Puts: []directory.Put{{Record: record, Expect: expect}}}
	if _, err := t.store.Commit(ctx, tokenPartition, change); err != nil {
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

// Delete implements scimserver.TokenStore. The second change only tidies up: after the first one the token
// opens nothing.
func (t *tokens) Delete(ctx context.Context, hash scimserver.TokenHash) error {
	t.writes.Lock()
	defer t.writes.Unlock()
	token, ok := t.kept(hash)
	if !ok {
		return scimserver.ErrNoToken
	}
	for _, change := range []directory.Change{
		{Deletes: []directory.Delete{{Kind: directory.User, ID: token.id, Expect: directory.AnyRevision}}},
		{Purges: []directory.Purge{{Kind: directory.User, ID: token.id, Edges: 1}}},
	} {
		change.At = t.now()
		if _, err := t.store.Commit(ctx, tokenPartition, change); err != nil {
			return fmt.Errorf("remove the token: %w", err)
		}
		t.mu.Lock()
		delete(t.known, hash)
		t.mu.Unlock()
	}
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
	return t.write(ctx, hash, token, directory.AnyRevision)
}

// tidy forgets the events of the partition, which nobody follows.
func (t *tokens) tidy(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = t.store.Trim(ctx, tokenPartition, t.now(), 1000); err != nil {
			return fmt.Errorf("trim the tokens' events: %w", err)
		}
	}
	return nil
}
