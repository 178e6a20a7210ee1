package bolt_test

import (
	"errors"
	"testing"
	"time"

	"sacbridge/internal/store"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/store/storetest"
)

func TestTokensContract(t *testing.T) {
	t.Parallel()
	storetest.Values(t, func(t testing.TB) (store.Values, func() store.Values) {
		path, o := tempFile(t), bolt.Options{NoSync: true}
		db, _ := openDirectory(t, path, o)
		return db.Tokens(), func() store.Values {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db, _ = openDirectory(t, path, o)
			return db.Tokens()
		}
	})
}

func TestFactsContract(t *testing.T) {
	t.Parallel()
	storetest.Values(t, func(t testing.TB) (store.Values, func() store.Values) {
		path := tempFile(t)
		return bolt.FactsFile(path), func() store.Values { return bolt.FactsFile(path) }
	})
}

// TestFactsAndLeasesShareAFile takes a lease in the file that keeps facts.
func TestFactsAndLeasesShareAFile(t *testing.T) {
	t.Parallel()
	path := tempFile(t)
	facts, leases := bolt.FactsFile(path), bolt.LeaseFile(path, time.Now)
	var got string
	if err := facts.Get(t.Context(), "tenant", &got); !errors.Is(err, store.ErrNoValue) {
		t.Errorf("without a file: got %v, want that there is no value", err)
	}
	lease, err := leases.Acquire(t.Context(), "tenant", "somebody", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := facts.Put(t.Context(), "tenant", "known"); err != nil {
		t.Fatal(err)
	}
	if err := facts.Get(t.Context(), "tenant", &got); err != nil || got != "known" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := leases.Check(t.Context(), lease); err != nil {
		t.Error(err)
	}
}
