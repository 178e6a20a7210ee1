package scimserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"sacbridge/internal/directory"
)

// tokenPrefix lets secret scanners recognise a token that leaked.
const tokenPrefix = "scb_"

// maxValid is how many tokens of one name may be valid at once: the old one and its successor.
const maxValid = 2

// TokenHash is the SHA-256 of a token's text, the only form in which it is kept. It is an alias, so that a store needs
// no type of this package.
type TokenHash = [sha256.Size]byte

// Token is what is kept of a bearer token. The token itself is not recoverable.
type Token struct {
	Hash     TokenHash
	Source   string
	Name     string
	Created  time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // zero: never; at most a minute behind
	Client   bool      // issued by the token endpoint to the client Name
}

// Valid says whether the token is still accepted at now.
func (t Token) Valid(now time.Time) bool { return t.Expires.IsZero() || now.Before(t.Expires) }

// ErrNoToken is what a TokenStore answers for a hash it does not hold.
var ErrNoToken = errors.New("no such token")

// ErrTokenInUse says that two tokens of that name are valid already.
var ErrTokenInUse = errors.New("two tokens of this name are valid already: revoke one first")

// TokenStore keeps tokens durably. All methods may be called at once from many goroutines.
type TokenStore interface {
	// Put stores the token under its hash, durably before it returns.
	Put(ctx context.Context, t Token) error
	// Get finds a token by its hash; ErrNoToken where there is none. It is called for every request.
	Get(ctx context.Context, hash TokenHash) (Token, error)
	// List gives all tokens of a source in no order, expired ones too; of all sources for "".
	List(ctx context.Context, source string) ([]Token, error)
	// Delete removes a token durably; ErrNoToken where there is none.
	Delete(ctx context.Context, hash TokenHash) error
	// Touch records a use. It never brings back a token that is gone, which is no error.
	Touch(ctx context.Context, hash TokenHash, at time.Time) error
}

// HashToken gives the hash under which a token is kept.
func HashToken(text string) TokenHash { return sha256.Sum256([]byte(text)) }

// NewToken makes a token for source under name, valid for ttl (0: until revoked), and returns its text,
// which is shown this once. Two tokens of one name may be valid at once, so that a provider can be
// moved to the new one before the old one is revoked; a third is ErrTokenInUse.
func NewToken(ctx context.Context, store TokenStore, source, name string, ttl time.Duration, now time.Time) (string, Token, error) {
	tokens, err := store.List(ctx, source)
	if err != nil {
		return "", Token{}, fmt.Errorf("list tokens of %q: %w", source, err)
	}
	valid := 0
	for _, t := range tokens {
		if t.Name == name && !t.Client && t.Valid(now) {
			valid++
		}
	}
	if valid >= maxValid {
		return "", Token{}, fmt.Errorf("token %q of source %q: %w", name, source, ErrTokenInUse)
	}
	return putToken(ctx, store, Token{Source: source, Name: name}, ttl, now)
}

func putToken(ctx context.Context, store TokenStore, t Token, ttl time.Duration, now time.Time) (string, Token, error) {
	// Two texts of 130 random bits each; the first 256 bits are more than enough.
	text := tokenPrefix + rand.Text() + rand.Text()
	t.Hash, t.Created = HashToken(text), now
	if ttl > 0 {
		t.Expires = now.Add(ttl)
	}
	if err := store.Put(ctx, t); err != nil {
		return "", Token{}, fmt.Errorf("store token %q of %q: %w", t.Name, t.Source, err)
	}
	return text, t, nil
}

// ListTokens gives the tokens of a source ("" for all) ordered by source, name and time, without those the
// token endpoint issued.
func ListTokens(ctx context.Context, store TokenStore, source string) ([]Token, error) {
	all, err := store.List(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("list tokens of %q: %w", source, err)
	}
	all = slices.DeleteFunc(all, func(t Token) bool { return t.Client })
	slices.SortFunc(all, func(a, b Token) int {
		if c := strings.Compare(a.Source, b.Source); c != 0 {
			return c
		}
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return a.Created.Compare(b.Created)
	})
	return all, nil
}

// RevokeTokens removes the tokens of source called name, or those the predicate picks among them where it is
// not nil, and says how many there were. A revoked token is refused from the next request on.
func RevokeTokens(ctx context.Context, store TokenStore, source, name string, pick func(Token) bool) (int, error) {
	all, err := store.List(ctx, source)
	if err != nil {
		return 0, fmt.Errorf("list tokens of %q: %w", source, err)
	}
	gone := 0
	for _, t := range all {
		if t.Name != name || pick != nil && !pick(t) {
			continue
		}
		if err := store.Delete(ctx, t.Hash); err != nil && !errors.Is(err, ErrNoToken) {
			return gone, fmt.Errorf("revoke token %q of %q: %w", name, source, err)
		}
		gone++
	}
	return gone, nil
}

// lookUp finds the token with that text, the zero Token where there is none: by the hash of the whole text, and compared
// in constant time, so that the time of an answer says nothing about how much of a guess was right.
func lookUp(ctx context.Context, store TokenStore, text string) (Token, error) {
	hash := HashToken(text)
	t, err := store.Get(ctx, hash)
	if errors.Is(err, ErrNoToken) {
		return Token{}, nil
	}
	if err != nil {
		return Token{}, fmt.Errorf("look up token: %w", err)
	}
	if subtle.ConstantTimeCompare(t.Hash[:], hash[:]) != 1 {
		return Token{}, nil
	}
	return t, nil
}

// touchEvery is how often the last use of tokens is written.
const touchEvery = time.Minute

// tokenUses gathers when tokens were used, so that a request never waits for that to be written.
type tokenUses struct {
	mu   sync.Mutex
	seen map[TokenHash]time.Time
}

func (l *tokenUses) record(hash TokenHash, at time.Time) {
	l.mu.Lock()
	if l.seen == nil {
		l.seen = map[TokenHash]time.Time{}
	}
	l.seen[hash] = at
	l.mu.Unlock()
}

// giveBack keeps a use that was drained, unless there is a later one.
func (l *tokenUses) giveBack(hash TokenHash, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[TokenHash]time.Time{}
	}
	if at.After(l.seen[hash]) {
		l.seen[hash] = at
	}
}

func (l *tokenUses) drain() map[TokenHash]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen = nil
	return seen
}

// Run writes the last use of tokens once a minute until ctx ends, and once more then. It returns nil after a
// clean end; whoever starts it waits for it before closing the store.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(touchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return s.flushUses(end)
		case <-tick.C:
			err := s.flushUses(ctx)
			if _, told := errors.AsType[*directory.UnwritableError](err); err != nil && !told && ctx.Err() == nil {
				s.log.Error("write last use of tokens", "cause", err.Error())
			}
		}
	}
}

// flushUses writes what was gathered. What cannot be written at the moment is gathered again.
func (s *Server) flushUses(ctx context.Context) error {
	var first error
	for hash, at := range s.uses.drain() {
		err := s.tokens.Touch(ctx, hash, at)
		if err == nil {
			continue
		}
		s.uses.giveBack(hash, at)
		if first == nil {
			first = fmt.Errorf("touch token: %w", err)
		}
	}
	return first
}
