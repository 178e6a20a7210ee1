// Package service is the state of one simulated SAP Analytics Cloud tenant and its application
// surface: SCIM v1, v2 and v3, Bulk, search, the activity log and the repository listing. Tokens,
// sessions, faults and latency belong to the server around it. It may import the standard library only.
package service

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Platform is where a tenant runs.
type Platform string

// The platforms. NEO has no v2 and no v3.
const (
	CF  Platform = "cf"
	NEO Platform = "neo"
)

// SSO is the tenant's SAML user attribute: what a person's login ID has to be.
type SSO string

// The SSO modes.
const (
	SSODefault SSO = "default"
	SSOUserID  SSO = "userid"
	SSOEmail   SSO = "email"
	SSOCustom  SSO = "custom"
)

// Config is what a tenant is, apart from its data.
type Config struct {
	Name      string // the tenant's name; with Namespace it decides the UUIDs
	Platform  Platform
	SSO       SSO
	Namespace string           // content namespace such as "t.A"
	Now       func() time.Time // the tenant's clock; time.Now when nil
}

// Service is one tenant behind its gateway. It is safe for concurrent use.
type Service struct {
	cfg     Config
	mux     *http.ServeMux
	creates *createWatch

	mu       sync.RWMutex
	state    *state
	settings settings
}

// New makes a tenant from a seed; a broken seed is an error that names the place. The same Config
// and Seed give the same tenant, UUIDs included.
func New(cfg Config, seed Seed) (*Service, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, settings: defaultSettings(), creates: &createWatch{made: map[string]map[[32]byte]bool{}}}
	if err := s.settings.merge(seed.settings); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	st, err := seed.build(cfg)
	if err != nil {
		return nil, err
	}
	s.state = st
	s.mux = s.routes()
	return s, nil
}

// complete fills in the defaults and refuses unknown words.
func (c *Config) complete() error {
	if c.Platform == "" {
		c.Platform = CF
	}
	if c.SSO == "" {
		c.SSO = SSODefault
	}
	if c.Namespace == "" {
		c.Namespace = "t.A"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Platform != CF && c.Platform != NEO {
		return fmt.Errorf("platform %q is neither %q nor %q", c.Platform, CF, NEO)
	}
	switch c.SSO {
	case SSODefault, SSOUserID, SSOEmail, SSOCustom:
		return nil
	}
	return fmt.Errorf("sso %q is not one of default, userid, email, custom", c.SSO)
}

// WriteState writes the answer of /__state: the tenant's facts keyed by id, every list sorted.
func (s *Service) WriteState(w io.Writer) error {
	s.mu.RLock()
	doc := s.state.document(s.cfg.Namespace)
	s.mu.RUnlock()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

// MergeSettings merges keys into the seed's settings; an unknown key or a value of the wrong type
// is an error, and then nothing changes.
func (s *Service) MergeSettings(raw json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.settings.clone()
	if err := next.merge(raw); err != nil {
		return err
	}
	s.settings = next
	return nil
}

// Setting answers a boolean option such as "stateless"; unknown names are false.
func (s *Service) Setting(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.settings.on(name)
}

// Now is the tenant's clock: that of its Config, wrong by the setting clockSkewSeconds.
func (s *Service) Now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now()
}

// now is Now for callers that hold the lock.
func (s *Service) now() time.Time {
	skew, _ := s.settings[setSkew].(float64)
	return s.cfg.Now().Add(time.Duration(skew * float64(time.Second)))
}

// NumberSetting answers a numeric option such as "sessionIdleSeconds"; ok is false when it is null
// or unknown.
func (s *Service) NumberSetting(name string) (n float64, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, ok = s.settings[name].(float64)
	return n, ok
}
