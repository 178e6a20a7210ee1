package sacsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// maxListed bounds the lists of violations and of fired faults.
const maxListed = 10_000

// Stats is the answer of /__stats.
type Stats struct {
	Requests       int            `json:"requests"`
	ByRoute        map[string]int `json:"byRoute"`
	ByStatus       map[string]int `json:"byStatus"`
	MaxConcurrency int            `json:"maxConcurrency"`
	BytesIn        int64          `json:"bytesIn"`
	BytesOut       int64          `json:"bytesOut"`
	// ServiceSeconds is what the requests cost the modelled tenant, before --speed and without
	// waits for one another. With latency none the profile real counts.
	ServiceSeconds float64  `json:"serviceSeconds"`
	Violations     []string `json:"violations"`
	FaultsFired    []Fired  `json:"faultsFired"`
}

// Fired is one fault that met a request; Rule counts the rules from 1.
type Fired struct {
	Rule   int    `json:"rule"`
	Action Action `json:"action"`
	Method string `json:"method"`
	Path   string `json:"path"`
}

// ledger counts. It is safe for concurrent use.
type ledger struct {
	mu      sync.Mutex
	now     int
	stats   Stats
	unknown map[string]string // creates whose outcome the client can't know: call → collection
}

func newLedger() *ledger {
	l := &ledger{}
	l.reset()
	return l
}

// reset starts the statistics anew; requests in flight stay counted as such.
func (l *ledger) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats = Stats{ByRoute: map[string]int{}, ByStatus: map[string]int{}, Violations: []string{}, FaultsFired: []Fired{}}
	l.stats.MaxConcurrency = l.now
	l.unknown = map[string]string{}
}

// begin counts a request in flight.
func (l *ledger) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now++
	l.stats.MaxConcurrency = max(l.stats.MaxConcurrency, l.now)
}

// end takes the request out of flight.
func (l *ledger) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now--
}

// answered counts a request with its outcome. A connection that was cut counts as "hangup".
func (l *ledger) answered(route, status string, in, out int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Requests++
	l.stats.ByRoute[route]++
	l.stats.ByStatus[status]++
	l.stats.BytesIn += int64(in)
	l.stats.BytesOut += int64(out)
}

// worked adds modelled seconds.
func (l *ledger) worked(seconds float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.ServiceSeconds += seconds
}

// violate lists broken rules under the route.
func (l *ledger) violate(route string, rules ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, rule := range rules {
		if len(l.stats.Violations) < maxListed {
			l.stats.Violations = append(l.stats.Violations, route+": "+rule)
		}
	}
}

// fired lists a fault that met a request.
func (l *ledger) fired(s *shot, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.stats.FaultsFired) < maxListed {
		l.stats.FaultsFired = append(l.stats.FaultsFired,
			Fired{Rule: s.number, Action: s.Action, Method: r.Method, Path: r.URL.Path})
	}
}

// snapshot gives a copy of the statistics.
func (l *ledger) snapshot() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.ByRoute, s.ByStatus = maps.Clone(s.ByRoute), maps.Clone(s.ByStatus)
	s.Violations, s.FaultsFired = slices.Clone(s.Violations), slices.Clone(s.FaultsFired)
	return s
}

// lost remembers a create whose answer the client can't rely on.
func (l *ledger) lost(r *http.Request, body []byte) {
	if collection, ok := createOf(r); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.unknown[r.URL.Path+"\n"+string(body)] = collection
	}
}

// repeats tells whether the request blindly repeats a lost create: the same one again, with no read
// of that collection in between.
func (l *ledger) repeats(r *http.Request, body []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := r.URL.Path + "\n" + string(body)
	_, lost := l.unknown[key]
	delete(l.unknown, key)
	return lost
}

// looked forgets the lost creates of the collection: the client has looked.
func (l *ledger) looked(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.unknown, func(_, collection string) bool { return strings.Contains(path, "/"+collection) })
}

// createOf gives the collection that a request adds to.
func createOf(r *http.Request) (string, bool) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	for _, collection := range []string{"Users", "Groups"} {
		if r.Method == http.MethodPost && strings.HasPrefix(path, "/api/v1/scim") && strings.HasSuffix(path, "/"+collection) {
			return collection, true
		}
	}
	return "", false
}
