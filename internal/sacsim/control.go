package sacsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"

	"sacbridge/internal/sacsim/service"
)

// controlCall is one control endpoint.
type controlCall struct {
	method string
	serve  func(s *Server, body []byte) (any, error)
}

func controlCalls() map[string]controlCall {
	return map[string]controlCall{
		"/__state":       {http.MethodGet, (*Server).controlState},
		"/__stats":       {http.MethodGet, (*Server).controlStats},
		"/__stats/reset": {http.MethodPost, (*Server).controlStatsReset},
		"/__reset":       {http.MethodPost, (*Server).controlReset},
		"/__faults":      {http.MethodPost, (*Server).controlFaults},
		"/__revoke":      {http.MethodPost, (*Server).controlRevoke},
		"/__settings":    {http.MethodPost, (*Server).controlSettings},
		"/__edit":        {http.MethodPost, (*Server).controlEdit},
	}
}

// control answers the control endpoints, to loopback addresses only and always in JSON.
func (s *Server) control(rw http.ResponseWriter, r *http.Request) {
	s.controlAnswer(rw, r).send(rw)
}

func (s *Server) controlAnswer(rw http.ResponseWriter, r *http.Request) *answer {
	if !fromLoopback(r) {
		return controlError(http.StatusForbidden, errors.New("control endpoints answer loopback addresses only"))
	}
	call, ok := controlCalls()[r.URL.Path]
	if !ok {
		return controlError(http.StatusNotFound, fmt.Errorf("no control endpoint %s", r.URL.Path))
	}
	if r.Method != call.method {
		a := controlError(http.StatusMethodNotAllowed, fmt.Errorf("%s takes %s", r.URL.Path, call.method))
		a.header.Set("Allow", call.method)
		return a
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxFile))
	if err != nil {
		return controlError(http.StatusBadRequest, err)
	}
	v, err := call.serve(s, bytes.TrimSpace(body))
	if err != nil {
		return controlError(http.StatusBadRequest, err)
	}
	return jsonAnswer(http.StatusOK, v)
}

func controlError(status int, err error) *answer {
	return jsonAnswer(status, map[string]any{"status": status, "error": err.Error()})
}

// fromLoopback looks at the connection, not at headers.
func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// done is the answer of a call that has nothing to tell.
func done() map[string]bool { return map[string]bool{"ok": true} }

func (s *Server) controlState([]byte) (any, error) {
	var state bytes.Buffer
	if err := s.current().svc.WriteState(&state); err != nil {
		return nil, err
	}
	return json.RawMessage(state.Bytes()), nil
}

func (s *Server) controlStats([]byte) (any, error) { return s.current().stats.snapshot(), nil }

func (s *Server) controlStatsReset([]byte) (any, error) {
	s.current().stats.reset()
	return done(), nil
}

// controlReset starts anew: the given seed or the first one, the given rules or those in force.
func (s *Server) controlReset(body []byte) (any, error) {
	var wanted struct {
		Seed   json.RawMessage `json:"seed"`
		Faults json.RawMessage `json:"faults"`
	}
	if len(body) > 0 {
		if err := strictJSON(body, &wanted); err != nil {
			return nil, err
		}
	}
	seed := s.opts.Seed
	if given(wanted.Seed) {
		var err error
		if seed, err = service.ParseSeed(bytes.NewReader(wanted.Seed)); err != nil {
			return nil, err
		}
	}
	_, rules := s.current().inForce()
	faults := rules.faults()
	if given(wanted.Faults) {
		var err error
		if faults, err = ParseFaults(bytes.NewReader(wanted.Faults)); err != nil {
			return nil, err
		}
	}
	w, err := s.newTenant(seed, faults)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenant = w
	return done(), nil
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// controlFaults puts a list of rules in force, with counters at zero.
func (s *Server) controlFaults(body []byte) (any, error) {
	faults, err := ParseFaults(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	rules, err := newFaultRules(faults)
	if err != nil {
		return nil, err
	}
	s.current().replaceFaults(rules)
	return map[string]int{"faults": len(faults)}, nil
}

// controlRevoke voids tokens, CSRF tokens or both; without a body the tokens.
func (s *Server) controlRevoke(body []byte) (any, error) {
	wanted := struct {
		Tokens bool `json:"tokens"`
		CSRF   bool `json:"csrf"`
	}{}
	if len(body) == 0 {
		wanted.Tokens = true
	} else if err := strictJSON(body, &wanted); err != nil {
		return nil, err
	}
	sessions, revoked := s.current().sessions, map[string]int{"tokens": 0, "csrf": 0}
	if wanted.Tokens {
		revoked["tokens"] = sessions.revokeTokens()
	}
	if wanted.CSRF {
		revoked["csrf"] = sessions.revokeCSRF("")
	}
	return revoked, nil
}

func (s *Server) controlSettings(body []byte) (any, error) {
	if err := s.current().mergeSettings(body); err != nil {
		return nil, err
	}
	return done(), nil
}

// controlEdit changes the tenant as another administrator does: a list of edits, one after the other.
func (s *Server) controlEdit(body []byte) (any, error) {
	var edits []service.Edit
	if err := strictJSON(body, &edits); err != nil {
		return nil, err
	}
	if err := s.Edit(edits...); err != nil {
		return nil, err
	}
	return map[string]int{"edits": len(edits)}, nil
}
