package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/config"
	"sacbridge/internal/scimserver"
)

func openTestState(t *testing.T, path string) *state {
	t.Helper()
	a := newApp()
	st, err := a.openState(t.Context(), path, &config.Bridge{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestTokensAreAMapThatSurvives compares the store with a plain map over random operations, reopening it now and then.
func TestTokensAreAMapThatSurvives(t *testing.T) {
	t.Parallel()
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", runs))
		st := openTestState(t, path)
		defer func() { _ = st.Close() }()
		model := map[scimserver.TokenHash]scimserver.Token{}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			hash := scimserver.HashToken(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "token"))
			at = at.Add(time.Second)
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				token := scimserver.Token{Hash: hash, Source: rapid.SampledFrom([]string{"s", "t"}).Draw(rt, "source"), Name: "n", Created: at, Client: rapid.Bool().Draw(rt, "client")}
				if err := st.tokens.Put(t.Context(), token); err != nil {
					rt.Fatal(err)
				}
				model[hash] = token
			case 1:
				_, there := model[hash]
				if err := st.tokens.Delete(t.Context(), hash); there != (err == nil) || err != nil && !errors.Is(err, scimserver.ErrNoToken) {
					rt.Fatalf("delete: %v, in the model %v", err, there)
				}
				delete(model, hash)
			case 2:
				if err := st.tokens.Touch(t.Context(), hash, at); err != nil {
					rt.Fatal(err)
				}
				if token, there := model[hash]; there {
					token.LastUsed = at
					model[hash] = token
				}
			case 3:
				if err := st.Close(); err != nil {
					rt.Fatal(err)
				}
				st = openTestState(t, path)
			}
			compareTokens(rt, t, st, model)
		}
	})
}

func compareTokens(rt *rapid.T, t *testing.T, st *state, model map[scimserver.TokenHash]scimserver.Token) {
	for _, source := range []string{"", "s", "t"} {
		got, err := st.tokens.List(t.Context(), source)
		if err != nil {
			rt.Fatal(err)
		}
		var want []scimserver.Token
		for _, token := range model {
			if source == "" || token.Source == source {
				want = append(want, token)
			}
		}
		byHash := func(a, b scimserver.Token) int { return slices.Compare(a.Hash[:], b.Hash[:]) }
		slices.SortFunc(got, byHash)
		slices.SortFunc(want, byHash)
		if diff := cmp.Diff(got, want); diff != "" {
			rt.Fatalf("tokens of %q (-got +want):\n%s", source, diff)
		}
	}
	for hash, want := range model {
		if got, err := st.tokens.Get(t.Context(), hash); err != nil || !cmp.Equal(got, want) {
			rt.Fatalf("got %v, %v, want %v", got, err, want)
		}
	}
}

// TestATokenCountsAtTheNextRequestWhoeverMadeOrRevokedIt has two stores of tokens on one state, as two processes would
// that share it.
func TestATokenCountsAtTheNextRequestWhoeverMadeOrRevokedIt(t *testing.T) {
	t.Parallel()
	st := openTestState(t, filepath.Join(t.TempDir(), "state.db"))
	defer func() { _ = st.Close() }()
	here, there := st.tokens, newTokens(st.db.Tokens())
	hash := scimserver.HashToken("a")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := here.Get(t.Context(), hash); !errors.Is(err, scimserver.ErrNoToken) {
		t.Fatalf("before it is made: got %v, want ErrNoToken", err)
	}
	if err := there.Put(t.Context(), scimserver.Token{Hash: hash, Source: "s", Name: "n", Created: at}); err != nil {
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
	for _, store := range []*tokens{here, there} {
		if token, err := store.Get(t.Context(), hash); !errors.Is(err, scimserver.ErrNoToken) {
			t.Errorf("revoked elsewhere and then noted as used: got %v, %v, want ErrNoToken", token, err)
		}
	}
}
