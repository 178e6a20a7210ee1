package sacsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Action is what a fault does to the request it meets.
type Action string

// The actions. Those named after a write happen only once the write took effect; those on items are for
// operations of Bulk requests.
const (
	ActStatus           Action = "status"
	Act429              Action = "429"
	ActHangup           Action = "hangup"
	ActRevokeToken      Action = "revoke-token"
	ActRevokeCSRF       Action = "revoke-csrf"
	ActExpireSession    Action = "expire-session"
	ActHTML             Action = "html"
	ActDelay            Action = "delay"
	ActStatusAfterWrite Action = "status-after-write"
	ActHangupAfterWrite Action = "hangup-after-write"
	ActTruncate         Action = "truncate"

	ActWrongAnswer           Action = "wrong-answer"
	ActWrongAnswerAfterWrite Action = "wrong-answer-after-write"
	ActItemStatus            Action = "item-status"
	ActItemStatusAfterWrite  Action = "item-status-after-write"
)

func actions() []Action {
	return []Action{
		ActStatus, Act429, ActHangup, ActRevokeToken, ActRevokeCSRF, ActExpireSession, ActHTML,
		ActDelay, ActStatusAfterWrite, ActHangupAfterWrite, ActTruncate,
		ActWrongAnswer, ActWrongAnswerAfterWrite, ActItemStatus, ActItemStatusAfterWrite,
	}
}

// afterWrite tells whether the action waits for the write's effect.
func (a Action) afterWrite() bool {
	switch a {
	case ActStatusAfterWrite, ActHangupAfterWrite, ActWrongAnswerAfterWrite, ActItemStatusAfterWrite:
		return true
	default:
		return false
	}
}

// aboutItems tells the actions on operations of Bulk requests.
func (a Action) aboutItems() bool { return a == ActItemStatus || a == ActItemStatusAfterWrite }

// Match narrows a fault to some requests; an absent part matches all.
type Match struct {
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"` // regular expression, searched for in the URL's path
	Body   string `json:"body,omitempty"` // regular expression, searched for in the request's body
}

// Fault is one rule. At most one of Every, Nth, Once and Prob says when it fires; without any it
// fires each time. A rule read by ParseFaults or DecodeFaults is checked.
type Fault struct {
	Match      Match       `json:"match,omitzero"`
	Every      int         `json:"every,omitempty"`
	Nth        []int       `json:"nth,omitempty"`
	Once       bool        `json:"once,omitempty"`
	Prob       float64     `json:"prob,omitempty"`
	Max        int         `json:"max,omitempty"`
	Action     Action      `json:"action"`
	Status     int         `json:"status,omitempty"`
	RetryAfter *int        `json:"retryAfter,omitempty"` // seconds; negative leaves the header out
	MS         int         `json:"ms,omitempty"`
	Answer     WrongAnswer `json:"answer,omitempty"` // of the wrong-answer actions
	Items      []int       `json:"items,omitempty"`  // operations of a Bulk request, from 1; none: all
}

// ParseFaults reads a list of rules strictly; an error names the rule and the place.
func ParseFaults(r io.Reader) ([]Fault, error) {
	data, err := readFile(r)
	if err != nil {
		return nil, fmt.Errorf("read fault rules: %w", err)
	}
	var raw []json.RawMessage
	if err := strictJSON(data, &raw); err != nil {
		return nil, fmt.Errorf("fault rules: %w", err)
	}
	if raw == nil {
		return nil, errors.New("fault rules: want a list of rules, got null")
	}
	faults := make([]Fault, len(raw))
	for i, one := range raw {
		if err := decodeFault(one, &faults[i]); err != nil {
			return nil, fmt.Errorf("fault rule %d: %w", i+1, err)
		}
	}
	return faults, checkFaults(faults)
}

// decodeFault decodes one rule. A zero would read as "not given", hence as "each time".
func decodeFault(raw json.RawMessage, f *Fault) error {
	if err := strictJSON(raw, f); err != nil {
		return err
	}
	zero := struct {
		Every *int     `json:"every"`
		Prob  *float64 `json:"prob"`
		Max   *int     `json:"max"`
	}{}
	if err := json.Unmarshal(raw, &zero); err != nil {
		return err
	}
	if (zero.Every != nil && *zero.Every == 0) || (zero.Prob != nil && *zero.Prob == 0) || (zero.Max != nil && *zero.Max == 0) {
		return errors.New(`"every", "prob" and "max" must be above 0 where they are given`)
	}
	return nil
}

func checkFaults(faults []Fault) error {
	for i, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault rule %d: %w", i+1, err)
		}
	}
	return nil
}

// check names the first key that makes no sense.
func (f Fault) check() error {
	if f.Action == "" {
		return errors.New(`"action" is missing`)
	}
	if !slices.Contains(actions(), f.Action) {
		return fmt.Errorf(`"action" %q is not one of %v`, f.Action, actions())
	}
	if _, err := regexp.Compile(f.Match.Path); err != nil {
		return fmt.Errorf(`"match.path": %w`, err)
	}
	if _, err := regexp.Compile(f.Match.Body); err != nil {
		return fmt.Errorf(`"match.body": %w`, err)
	}
	if err := f.checkAnswer(); err != nil {
		return err
	}
	if f.conditions() > 1 {
		return errors.New(`only one of "every", "nth", "once" and "prob" may be given`)
	}
	if f.Every < 0 || f.Max < 0 || f.MS < 0 {
		return errors.New(`"every", "max" and "ms" may not be negative`)
	}
	if slices.ContainsFunc(f.Nth, func(n int) bool { return n < 1 }) {
		return errors.New(`"nth" counts from 1`)
	}
	if f.Prob < 0 || f.Prob > 1 {
		return fmt.Errorf(`"prob" is %g, want 0 to 1`, f.Prob)
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf(`"status" is %d, want 200 to 599`, f.Status)
	}
	return nil
}

func (f Fault) conditions() int {
	n := 0
	for _, given := range []bool{f.Every != 0, f.Nth != nil, f.Once, f.Prob != 0} {
		if given {
			n++
		}
	}
	return n
}

// status is the rule's status, or the action's own.
func (f Fault) status() int {
	switch {
	case f.Action == Act429:
		return http.StatusTooManyRequests
	case f.Status != 0:
		return f.Status
	}
	switch f.Action {
	case ActStatusAfterWrite:
		return http.StatusBadGateway
	case ActWrongAnswer, ActWrongAnswerAfterWrite:
		return http.StatusOK
	case ActItemStatus, ActItemStatusAfterWrite:
		return http.StatusForbidden
	default:
	}
	return http.StatusServiceUnavailable
}

// retryAfter is the Retry-After header in seconds and whether it is sent: unasked only with the
// statuses that invite a repeat.
func (f Fault) retryAfter() (int, bool) {
	if f.RetryAfter != nil {
		return *f.RetryAfter, *f.RetryAfter >= 0
	}
	status := f.status()
	return 1, status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// activeRule is a rule with its counters.
type activeRule struct {
	Fault
	path  *regexp.Regexp
	body  *regexp.Regexp
	seen  int
	fired int
}

// faultRules holds the rules in force. It is safe for concurrent use.
type faultRules struct {
	mu    sync.Mutex
	rules []*activeRule
	rand  *rand.Rand
}

// newFaultRules prepares checked rules; the random source is seeded with a constant, so a run repeats.
func newFaultRules(faults []Fault) (*faultRules, error) {
	if err := checkFaults(faults); err != nil {
		return nil, err
	}
	out := &faultRules{rand: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // repeatable on purpose
	for _, f := range faults {
		path, err := regexp.Compile(f.Match.Path)
		if err != nil {
			return nil, fmt.Errorf("fault path %q: %w", f.Match.Path, err)
		}
		body, err := regexp.Compile(f.Match.Body)
		if err != nil {
			return nil, fmt.Errorf("fault body %q: %w", f.Match.Body, err)
		}
		out.rules = append(out.rules, &activeRule{Fault: f, path: path, body: body})
	}
	return out, nil
}

// faults gives the rules without their counters.
func (f *faultRules) faults() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Fault, len(f.rules))
	for i, r := range f.rules {
		list[i] = r.Fault
	}
	return list
}

// firedFault is a rule that fired for one request; number counts rules from 1.
type firedFault struct {
	Fault
	number int
}

// fire counts the request with every rule it matches and gives the first that fires, or nil.
func (f *faultRules) fire(method, path string, body []byte) *firedFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var first *firedFault
	for i, r := range f.rules {
		if !r.matches(method, path, body) {
			continue
		}
		r.seen++
		due := r.due(f.rand)
		if first != nil || !due {
			continue
		}
		r.fired++
		first = &firedFault{Fault: r.Fault, number: i + 1}
	}
	return first
}

// giveBack takes a firing back: the write it waited for had no effect.
func (f *faultRules) giveBack(fault *firedFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault.number <= len(f.rules) {
		f.rules[fault.number-1].fired--
	}
}

func (r *activeRule) matches(method, path string, body []byte) bool {
	return (r.Match.Method == "" || strings.EqualFold(r.Match.Method, method)) && r.path.MatchString(path) && r.body.Match(body)
}

// due decides by the rule's own counters. The random source is drawn from even when the limit is
// reached, so that one rule's limit does not shift the draws of another.
func (r *activeRule) due(source *rand.Rand) bool {
	drawn := r.Prob > 0 && source.Float64() < r.Prob
	if r.Max > 0 && r.fired >= r.Max {
		return false
	}
	switch {
	case r.Once:
		return r.fired == 0
	case r.Every > 0:
		return r.seen%r.Every == 0
	case r.Nth != nil:
		return slices.Contains(r.Nth, r.seen)
	case r.Prob > 0:
		return drawn
	}
	return true
}
