package sacsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/sacsim"
)

// BenchmarkScale does to a tenant what a copy does, with 20,000 people and with four times as many: Bulk
// creates, look-ups of 200, one team of 28,450 in 80,000 and eight of 10,000 filled by PATCH, and then
// members that come one at a time. It prints the time of one operation, the best of three runs, and how
// it grows, which must not exceed 1.3.
func BenchmarkScale(b *testing.B) {
	for b.Loop() {
		small, large := bestOf(3, b, 20_000), bestOf(3, b, 80_000)
		for i, s := range small {
			growth := large[i].each / s.each
			b.Logf("%-16s %8.1f µs %8.1f µs, growth %.2f", s.name, s.each, large[i].each, growth)
			if growth > 1.3 {
				b.Errorf("%s: an operation takes %.2f times as long with four times the people, want 1.3 at most", s.name, growth)
			}
		}
		b.ReportMetric(large[len(large)-1].each/small[len(small)-1].each, "growth")
		b.ReportMetric(0, "ns/op")
	}
}

// step is one kind of operation and its time in microseconds.
type step struct {
	name string
	each float64
}

func bestOf(runs int, b *testing.B, people int) []step {
	b.Helper()
	best := runScale(b, people)
	for range runs - 1 {
		for i, s := range runScale(b, people) {
			best[i].each = min(best[i].each, s.each)
		}
	}
	return best
}

func runScale(b *testing.B, people int) []step {
	b.Helper()
	d := newDirect(b, newServer(b, sacsim.Options{}, `{"users":[{"id":"OWNER","systemOwner":true}]}`))
	d.login()
	var steps []step
	measure := func(name string, operations int, run func()) {
		began := time.Now()
		run()
		steps = append(steps, step{name, float64(time.Since(began).Microseconds()) / float64(operations)})
	}
	measure("create", people, func() { d.create(people) })
	var uuids []string
	measure("look-up", people, func() { uuids = d.lookUp(people) })
	big, part := people*28_450/80_000, people/8
	teams := map[int]string{}
	for i := range 9 {
		teams[i] = d.team("T" + strconv.Itoa(i))
	}
	measure("member", big+people, func() {
		d.fill(teams[0], uuids[:big])
		for i := range 8 {
			d.fill(teams[i+1], uuids[i*part:(i+1)*part])
		}
	})
	measure("single member", part, func() {
		for _, id := range uuids[people-part:] {
			d.patch(teams[0], []string{id})
		}
	})
	return steps
}

// send requires success and gives the body.
func (d *direct) send(method, path, body string) []byte {
	d.t.Helper()
	got := d.do(method, path, body)
	if got.Code/100 != 2 {
		d.t.Fatalf("%s %s = %d %s", method, path, got.Code, got.Body)
	}
	data, err := io.ReadAll(got.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return data
}

// create makes people P1 … in Bulk requests of 30.
func (d *direct) create(people int) {
	d.t.Helper()
	for from := 1; from <= people; from += 30 {
		var ops []string
		for i := from; i < min(from+30, people+1); i++ {
			ops = append(ops, fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":"%d","data":{"userName":"P%d",
"name":{"givenName":"P","familyName":"%d"},"emails":[{"value":"p%d@example.com"}],"active":true,"roles":[]}}`, i, i, i, i))
		}
		d.send(http.MethodPost, "/api/v1/scim2/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join(ops, ",")+`]}`)
	}
}

// lookUp finds the UUIDs of P1 … by searches for 200 names.
func (d *direct) lookUp(people int) []string {
	d.t.Helper()
	found := make([]string, 0, people)
	for from := 1; from <= people; from += 200 {
		var names []string
		for i := from; i < min(from+200, people+1); i++ {
			names = append(names, fmt.Sprintf(`userName eq \"P%d\"`, i))
		}
		var page struct{ Resources []struct{ ID string } }
		answer := d.send(http.MethodPost, "/api/v1/scim2/Users/.search", `{"count":200,"filter":"`+strings.Join(names, " or ")+`"}`)
		if err := json.Unmarshal(answer, &page); err != nil || len(page.Resources) != len(names) {
			d.t.Fatalf("%d of %d people found: %v", len(page.Resources), len(names), err)
		}
		for _, r := range page.Resources {
			found = append(found, r.ID)
		}
	}
	return found
}

// team makes an empty team and gives its UUID.
func (d *direct) team(name string) string {
	d.t.Helper()
	var made struct{ ID string }
	if err := json.Unmarshal(d.send(http.MethodPost, "/api/v1/scim2/Groups", `{"displayName":"`+name+`"}`), &made); err != nil {
		d.t.Fatal(err)
	}
	return made.ID
}

// fill adds members by 1,000 a PATCH.
func (d *direct) fill(team string, uuids []string) {
	d.t.Helper()
	for chunk := range slices.Chunk(uuids, 1000) {
		d.patch(team, chunk)
	}
}

func (d *direct) patch(team string, uuids []string) {
	d.t.Helper()
	r := d.request(http.MethodPatch, "/api/v1/scim2/Groups/"+team, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
"Operations":[{"op":"add","path":"members","value":[{"value":"`+strings.Join(uuids, `"},{"value":"`)+`"}]}]}`)
	var got sink
	d.server.ServeHTTP(&got, r)
	if got.status != http.StatusOK {
		d.t.Fatalf("PATCH of %d members = %d", len(uuids), got.status)
	}
}

// sink takes an answer and keeps its status, so that only the simulator is measured.
type sink struct {
	status int
	header http.Header
}

func (s *sink) Header() http.Header {
	if s.header == nil {
		s.header = http.Header{}
	}
	return s.header
}

func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
