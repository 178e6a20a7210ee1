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

// statistics counts. It is safe for concurrent use.
type statistics struct {
	mu      sync.Mutex
	now     int
	stats   Stats
	unknown map[string]string // creates whose outcome the client can't know: call → collection
}

func newStatistics() *statistics {
	s := &statistics{}
	s.reset()
	return s
}

// reset starts the statistics anew; requests in flight stay counted as such.
func (s *statistics) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = Stats{ByRoute: map[string]int{}, ByStatus: map[string]int{}, Violations: []string{}, FaultsFired: []Fired{}}
	s.stats.MaxConcurrency = s.now
	s.unknown = map[string]string{}
}

// begin counts a request in flight.
func (s *statistics) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now++
	s.stats.MaxConcurrency = max(s.stats.MaxConcurrency, s.now)
}

// end takes the request out of flight.
func (s *statistics) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
}

// noteAnswer counts a request with its outcome. A connection that was cut counts as "hangup".
func (s *statistics) noteAnswer(route, status string, in, out int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Requests++
	s.stats.ByRoute[route]++
	s.stats.ByStatus[status]++
	s.stats.BytesIn += int64(in)
	s.stats.BytesOut += int64(out)
}

// addSeconds adds modelled seconds.
func (s *statistics) addSeconds(seconds float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.ServiceSeconds += seconds
}

// noteViolations lists broken rules under the route.
func (s *statistics) noteViolations(route string, rules ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rule := range rules {
		if len(s.stats.Violations) < maxListed {
			s.stats.Violations = append(s.stats.Violations, route+": "+rule)
		}
	}
}

// noteFault lists a fault that met a request.
func (s *statistics) noteFault(f *firedFault, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.stats.FaultsFired) < maxListed {
		s.stats.FaultsFired = append(s.stats.FaultsFired,
			Fired{Rule: f.number, Action: f.Action, Method: r.Method, Path: r.URL.Path})
	}
}

// snapshot gives a copy of the statistics.
func (s *statistics) snapshot() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.ByRoute, out.ByStatus = maps.Clone(out.ByRoute), maps.Clone(out.ByStatus)
	out.Violations, out.FaultsFired = slices.Clone(out.Violations), slices.Clone(out.FaultsFired)
	return out
}

// noteUnknownCreate remembers a create whose answer the client can't rely on.
func (s *statistics) noteUnknownCreate(r *http.Request, body []byte) {
	if collection, ok := createOf(r); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.unknown[r.URL.Path+"\n"+string(body)] = collection
	}
}

// repeatsBlindly tells whether the request blindly repeats a lost create: the same one again, with no read
// of that collection in between.
func (s *statistics) repeatsBlindly(r *http.Request, body []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.URL.Path + "\n" + string(body)
	_, lost := s.unknown[key]
	delete(s.unknown, key)
	return lost
}

// noteRead forgets the lost creates of the collection: the client has looked.
func (s *statistics) noteRead(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.unknown, func(_, collection string) bool { return strings.Contains(path, "/"+collection) })
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
