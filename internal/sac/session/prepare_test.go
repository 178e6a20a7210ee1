package session

import (
	"net/http"
	"testing"
)

func TestAPreparedSessionWritesWithoutAnotherCall(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{cf, neo} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			tenant := newTenant(platform)
			s := open(t, tenant, platform)
			s.Prepare(t.Context())
			before := tenant.total()
			s.Prepare(t.Context()) // nothing is left to do
			if _, err := s.Do(t.Context(), Request{Method: http.MethodPost, Path: "/api/v1/scim/Users/.search", Body: struct{}{}, Read: true}); err != nil {
				t.Fatal(err)
			}
			if calls := tenant.total() - before; before != 2 || calls != 1 {
				t.Errorf("%d calls to prepare and %d afterwards, want 2 and 1", before, calls)
			}
		})
	}
}

func TestAFailureToPrepareIsToldByTheCallThatNeedsIt(t *testing.T) {
	t.Parallel()
	tenant := newTenant(cf)
	s := open(t, tenant, cf, func(c *Config) {
		c.ClientSecret = func() (string, error) { return "wrong", nil }
	})
	s.Prepare(t.Context())
	if _, err := s.Do(t.Context(), Request{Path: "/api/v1/scim/Users"}); err == nil {
		t.Error("the wrong secret is not told")
	}
}
