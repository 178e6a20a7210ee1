package session

import (
	"context"
	"net/http"
)

// Prepare signs in and gets the CSRF token, so that the first call that needs it need not wait. Where that fails
// nothing is said: the call that needs it tries again, and tells.
func (s *Session) Prepare(ctx context.Context) {
	c := &call{Request: Request{Op: "open the session", Method: http.MethodPost}}
	if err := s.limiter.enter(ctx); err != nil {
		return
	}
	defer s.limiter.leave()
	l, f := s.signIn(ctx, c.Op, nil)
	if f != nil {
		return
	}
	_, opened, _ := s.open(ctx, l, c)
	opened(nil)
}
