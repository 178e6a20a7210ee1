package bolt_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/store"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/upstream"
)

func TestWhatWasLearntAboutATenantIsRecalled(t *testing.T) {
	t.Parallel()
	path := tempFile(t)
	known := upstream.Facts{RolePatch: upstream.Yes, Ignored: map[string]time.Time{upstream.AttrGivenName: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
	if err := (store.Facts{Values: bolt.FactsFile(path)}).Remember(t.Context(), "https://Prod.example.test", known); err != nil {
		t.Fatal(err)
	}
	again := store.Facts{Values: bolt.FactsFile(path)}
	for url, want := range map[string]upstream.Facts{"https://prod.example.test": known, "https://dev.example.test": {}} {
		got, err := again.Recall(t.Context(), url)
		if diff := cmp.Diff(got, want); diff != "" || err != nil {
			t.Errorf("%s: error %v (-got +want):\n%s", url, err, diff)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := again.Recall(ctx, "https://prod.example.test"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := again.Remember(ctx, "https://prod.example.test", known); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
