package scimserver

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/store"
	"sacbridge/internal/store/bolt"
)

// openTokens opens the tokens of a file.
func openTokens(t *testing.T, path string) (*StoredTokens, *bolt.DB) {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	return NewStoredTokens(db.Tokens(), store.ErrNoValue), db
}

// TestTokensAreAMapThatSurvives compares the store with a plain map over random operations, reopening it now and then.
func TestTokensAreAMapThatSurvives(t *testing.T) {
	t.Parallel()
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", runs))
		tokens, db := openTokens(t, path)
		defer func() { _ = db.Close() }()
		model := map[TokenHash]Token{}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			hash := HashToken(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "token"))
			at = at.Add(time.Second)
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				token := Token{Hash: hash, Source: rapid.SampledFrom([]string{"s", "t"}).Draw(rt, "source"), Name: "n", Created: at, Client: rapid.Bool().Draw(rt, "client")}
				if err := tokens.Put(t.Context(), token); err != nil {
					rt.Fatal(err)
				}
				model[hash] = token
			case 1:
				_, there := model[hash]
				if err := tokens.Delete(t.Context(), hash); there != (err == nil) || err != nil && !errors.Is(err, ErrNoToken) {
					rt.Fatalf("delete: %v, in the model %v", err, there)
				}
				delete(model, hash)
			case 2:
				if err := tokens.Touch(t.Context(), hash, at); err != nil {
					rt.Fatal(err)
				}
				if token, there := model[hash]; there {
					token.LastUsed = at
					model[hash] = token
				}
			case 3:
				if err := db.Close(); err != nil {
					rt.Fatal(err)
				}
				tokens, db = openTokens(t, path)
			}
			compareTokens(rt, t, tokens, model)
		}
	})
}

func compareTokens(rt *rapid.T, t *testing.T, tokens *StoredTokens, model map[TokenHash]Token) {
	for _, source := range []string{"", "s", "t"} {
		got, err := tokens.List(t.Context(), source)
		if err != nil {
			rt.Fatal(err)
		}
		var want []Token
		for _, token := range model {
			if source == "" || token.Source == source {
				want = append(want, token)
			}
		}
		byHash := func(a, b Token) int { return slices.Compare(a.Hash[:], b.Hash[:]) }
		slices.SortFunc(got, byHash)
		slices.SortFunc(want, byHash)
		if diff := cmp.Diff(got, want); diff != "" {
			rt.Fatalf("tokens of %q (-got +want):\n%s", source, diff)
		}
	}
	for hash, want := range model {
		if got, err := tokens.Get(t.Context(), hash); err != nil || !cmp.Equal(got, want) {
			rt.Fatalf("got %v, %v, want %v", got, err, want)
		}
	}
}

// TestATokenCountsAtTheNextRequestWhoeverMadeOrRevokedIt has two stores of tokens on one state, as two processes would
// that share it.
func TestATokenCountsAtTheNextRequestWhoeverMadeOrRevokedIt(t *testing.T) {
	t.Parallel()
	here, db := openTokens(t, filepath.Join(t.TempDir(), "state.db"))
	defer func() { _ = db.Close() }()
	there := NewStoredTokens(db.Tokens(), store.ErrNoValue)
	hash := HashToken("a")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := here.Get(t.Context(), hash); !errors.Is(err, ErrNoToken) {
		t.Fatalf("before it is made: got %v, want ErrNoToken", err)
	}
	if err := there.Put(t.Context(), Token{Hash: hash, Source: "s", Name: "n", Created: at}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := here.Get(t.Context(), hash); err != nil {
			t.Fatalf("made elsewhere: %v", err)
		}
	}
	if err := there.Delete(t.Context(), hash); err != nil {
		t.Fatal(err)
	}
	if err := here.Touch(t.Context(), hash, at.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	for _, tokens := range []*StoredTokens{here, there} {
		if token, err := tokens.Get(t.Context(), hash); !errors.Is(err, ErrNoToken) {
			t.Errorf("revoked elsewhere and then noted as used: got %v, %v, want ErrNoToken", token, err)
		}
	}
}
