//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// group makes a group of the first n users, in parts that are well below a body's limit.
func (r *benchServer) group(name string, n int) string {
	r.b.Helper()
	c := r.client(1)
	id, _ := c.want(r.b, http.StatusCreated, http.MethodPost, "/Groups", groupBody(name))["id"].(string)
	for part := range slices.Chunk(r.ids[:n], 20_000) {
		var values bytes.Buffer
		for i, member := range part {
			if i > 0 {
				values.WriteByte(',')
			}
			_, _ = fmt.Fprintf(&values, `{"value":%q}`, member)
		}
		c.want(r.b, http.StatusNoContent, http.MethodPatch, "/Groups/"+id, patchBody(`{"op":"add","path":"members","value":[`+values.String()+`]}`))
	}
	return id
}

// addAndRemove takes one user in and out of a group over one connection, for a second, and gives the median time.
func (r *benchServer) addAndRemove(group string) float64 {
	r.b.Helper()
	member := r.ids[len(r.ids)-1]
	in := r.request(http.MethodPatch, "/Groups/"+group, patchBody(`{"op":"add","path":"members","value":[{"value":"`+member+`"}]}`))
	out := r.request(http.MethodPatch, "/Groups/"+group, patchBody(`{"op":"remove","path":"members[value eq \"`+member+`\"]"}`))
	v := r.rate(1, http.StatusNoContent, func(_, n int) []byte {
		if n%2 == 0 {
			return in
		}
		return out
	})
	r.client(1).want(r.b, http.StatusNoContent, http.MethodPatch, "/Groups/"+group, patchBody(`{"op":"remove","path":"members[value eq \"`+member+`\"]"}`))
	return v.p50().Seconds()
}

func BenchmarkGroups(b *testing.B) {
	const members = 100_000
	r := newBenchServer(b, members+1)
	large, small := r.group("large", members), r.group("small", 10)
	get := r.request(http.MethodGet, "/Groups/"+large, "")
	for b.Loop() {
		times := measureInTurns(b, 5, func() float64 { return r.addAndRemove(small) }, func() float64 { return r.addAndRemove(large) })
		goal(b, "member in or out of 100,000, of 10", times[1].of(times[0]), "<=", 1.2, "%.2f ms of %.2f ms", times[1].mid()*1e3, times[0].mid()*1e3)
		first, allocated := r.readGroup(get, members)
		goal(b, "GET group of 100,000, first byte in ms", first.Seconds()*1e3, "<=", 10, "median of 10")
		goal(b, "GET group of 100,000, MB allocated", allocated/1e6, "<=", 1, "by the server's own count, per GET")
	}
}

// readGroup reads the whole group ten times.
func (r *benchServer) readGroup(get []byte, members int) (first time.Duration, allocated float64) {
	r.b.Helper()
	s, err := dialRawClient(r.b.Context(), r.p.ready.Listen)
	if err != nil {
		r.b.Fatal(err)
	}
	defer func() { _ = s.conn.Close() }()
	var body bytes.Buffer
	var times []time.Duration
	before := r.metric("go_memstats_alloc_bytes_total")
	const rounds = 10
	for range rounds {
		status, took, err := s.send(get, &body)
		if err != nil || status != http.StatusOK {
			r.b.Fatalf("status %d, %v", status, err)
		}
		if got := bytes.Count(body.Bytes(), []byte(`"value":`)); got != members {
			r.b.Fatalf("got %d members, want %d", got, members)
		}
		times = append(times, took)
	}
	allocated = (r.metric("go_memstats_alloc_bytes_total") - before) / rounds
	slices.Sort(times)
	return times[rounds/2], allocated
}

func (r *benchServer) metric(name string) float64 {
	r.b.Helper()
	return readMetric(r.b, r.p, name)
}

func BenchmarkPages(b *testing.B) {
	const users, page = 100_000, 100
	r := newBenchServer(b, users)
	s, err := dialRawClient(b.Context(), r.p.ready.Listen)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.conn.Close() }()
	for b.Loop() {
		times := r.walkPages(s, users, page)
		early, late := median(times[:100]), median(times[len(times)-100:])
		goal(b, "late page of 100,000, of the first pages", early/late, ">=", .7, "speed: %.2f ms and %.2f ms a page of %d", late*1e3, early*1e3, page)
	}
}

func median(times []float64) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// walkPages reads all users page by page, each exactly once, and gives the time of each page.
func (r *benchServer) walkPages(s *rawClient, users, page int) []float64 {
	r.b.Helper()
	seen := make(map[string]bool, users)
	var times []float64
	var body bytes.Buffer
	for start := 1; start <= users; start += page {
		began := time.Now()
		status, _, err := s.send(r.request(http.MethodGet, fmt.Sprintf("/Users?startIndex=%d&count=%d", start, page), ""), &body)
		if err != nil || status != http.StatusOK {
			r.b.Fatalf("status %d, %v: %.200s", status, err, body.Bytes())
		}
		times = append(times, time.Since(began).Seconds())
		var list struct {
			TotalResults int
			Resources    []struct{ ID string }
		}
		if err := json.Unmarshal(body.Bytes(), &list); err != nil || list.TotalResults != users {
			r.b.Fatalf("total %d, want %d, %v", list.TotalResults, users, err)
		}
		for _, u := range list.Resources {
			if seen[u.ID] {
				r.b.Fatalf("user %s is there twice", u.ID)
			}
			seen[u.ID] = true
		}
	}
	if len(seen) != users {
		r.b.Fatalf("saw %d users, want %d", len(seen), users)
	}
	return times
}

func BenchmarkMillion(b *testing.B) {
	users := 1_000_000
	few, many, small := newBenchServer(b, 10_000), newBenchServer(b, users), newBenchServerOf(b, users/4, userBody)
	for b.Loop() {
		many.disk("disk right after loading, of raw JSON")
		small.disk("the same where a user has 300 bytes")
		for name, next := range map[string]func(*benchServer) func(int, int) []byte{
			"GET by id":   func(r *benchServer) func(int, int) []byte { return r.get },
			"userName eq": func(r *benchServer) func(int, int) []byte { return r.filter(filters()["userName eq"]) },
		} {
			times := measureInTurns(b, 5,
				func() float64 { return few.rate(1, http.StatusOK, next(few)).p50().Seconds() },
				func() float64 { return many.rate(1, http.StatusOK, next(many)).p50().Seconds() })
			goal(b, fmt.Sprintf("%s at %d users, of 10,000", name, users), times[1].of(times[0]), "<=", 1.3, "%.0f us of %.0f us", times[1].mid()*1e6, times[0].mid()*1e6)
		}
		many.mix()
		goal(b, "anonymous memory at that size, MiB", float64(anonymous(b, many.p.cmd.Process.Pid)), "<=", 250, "after loading and a second of mixed load")
		many.restart()
	}
}

// disk compares the state file with the JSON that was loaded.
func (r *benchServer) disk(what string) {
	r.b.Helper()
	info, err := os.Stat(filepath.Join(r.ws.dir, "state.db"))
	if err != nil {
		r.b.Fatal(err)
	}
	goal(r.b, what, float64(allocatedBytes(info))/float64(r.raw), "<=", 3, "%d MB of %d MB", allocatedBytes(info)/1e6, r.raw/1e6)
}

// allocatedBytes is what a file takes on disk.
func allocatedBytes(info os.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return info.Size()
}

// mix reads and writes for a second.
func (r *benchServer) mix() {
	r.b.Helper()
	r.rate(16, http.StatusOK, func(c, n int) []byte {
		if c%4 == 0 {
			return r.request(http.MethodPatch, "/Users/"+r.ids[rand.IntN(len(r.ids))], patchBody(fmt.Sprintf(`{"op":"replace","path":"title","value":"T%d"}`, n)))
		}
		return r.get(c, n)
	})
}

// restart kills the server and measures until the next one has answered.
func (r *benchServer) restart() {
	r.b.Helper()
	if _, err := r.p.stop(syscall.SIGKILL); err != nil {
		r.b.Fatal(err)
	}
	start := time.Now()
	r.start()
	r.client(1).want(r.b, http.StatusOK, http.MethodGet, "/Users/"+r.ids[0], "")
	goal(r.b, "restart after a kill, until an answer, s", time.Since(start).Seconds(), "<=", 5, "the file is in the page cache")
	goal(r.b, "anonymous memory after the restart, MiB", float64(anonymous(r.b, r.p.cmd.Process.Pid)), "<=", 250, "")
}
