package engine

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// Endpoint is one tenant, as a source to read or a target to change. Only Conn must be set.
type Endpoint struct {
	Conn upstream.Connector
	// Production says that deletes deserve a question of their own. The engine hands it on.
	Production bool
	// Credentials looks up what the connector signs in with, so that what is missing is told before any call.
	Credentials func() error
	// Discover finds out the tenant's limits, which needs the right to read, by one call at most.
	Discover func(context.Context) error
	// Count tells how many people and teams the tenant has in all. It is asked only where a guard's share depends on
	// it. nil: what was read counts as all.
	Count func(context.Context) (people, teams int, err error)
	// Traffic tells how much was sent so far. nil: nobody counts.
	Traffic func() Traffic
}

// Traffic is what was sent to one tenant.
type Traffic struct {
	Calls   int           // requests
	Retries int           // of them
	Waited  time.Duration // for what the tenant asked to wait, and for its rate
	Pause   time.Duration // how long calls have to wait now before they are sent again; 0: not at all
}

// Tenant says which tenant this is.
func (s Endpoint) Tenant() identity.Tenant { return s.Conn.Tenant() }

// traffic is nothing where nobody counts.
func (s Endpoint) traffic() Traffic {
	if s.Traffic == nil {
		return Traffic{}
	}
	return s.Traffic()
}

func (s Endpoint) calls() int { return s.traffic().Calls }

// credentials looks them up.
func (s Endpoint) credentials() error {
	if s.Credentials == nil {
		return nil
	}
	if err := s.Credentials(); err != nil {
		return fmt.Errorf("tenant %q: %w", s.Tenant().Name, err)
	}
	return nil
}

// CheckAccess makes the smallest reading that shows whether the tenant lets us in. Where it has limits to find out,
// that is done by this reading.
func (s Endpoint) CheckAccess(ctx context.Context) error {
	before := s.calls()
	if s.Discover != nil {
		if err := s.Discover(ctx); err != nil {
			return err
		}
		if s.calls() > before {
			return nil
		}
	}
	_, err := upstream.Load(ctx, s.Conn, smallestScope())
	return err
}

// smallestScope asks for one person who need not exist.
func smallestScope() identity.Scope { return identity.Scope{UserIDs: []string{"NOBODY"}} }

// isSameTenant reports whether both sides lead to one host, whatever their names.
func isSameTenant(a, b Endpoint) bool { return hostOf(a.Tenant().URL) == hostOf(b.Tenant().URL) }

// hostOf is what tells tenants apart: the host without case, and the port unless it is the scheme's own.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return strings.ToLower(raw)
	}
	port := u.Port()
	if port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		port = ""
	}
	if port == "" {
		return strings.ToLower(u.Hostname())
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
