package store

import (
	"context"
	"errors"
	"fmt"

	"sacbridge/internal/upstream"
)

// Facts keeps what was learnt about tenants, by their addresses, in a place for values.
type Facts struct{ Values Values }

// Recall gives what is known about a tenant; nothing where it never was written to.
func (f Facts) Recall(ctx context.Context, tenantURL string) (upstream.Facts, error) {
	var known upstream.Facts
	err := f.Values.Get(ctx, Fold(tenantURL), &known)
	if err != nil && !errors.Is(err, ErrNoValue) {
		return upstream.Facts{}, fmt.Errorf("recall what was learnt about %s: %w", tenantURL, err)
	}
	return known, nil
}

// Remember keeps all that is known about a tenant by now.
func (f Facts) Remember(ctx context.Context, tenantURL string, known upstream.Facts) error {
	if err := f.Values.Put(ctx, Fold(tenantURL), known); err != nil {
		return fmt.Errorf("remember what was learnt about %s: %w", tenantURL, err)
	}
	return nil
}
