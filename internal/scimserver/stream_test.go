package scimserver

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"
	"time"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// bigGroup makes a group with n members straight in the directory.
func (b *bridge) bigGroup(n int) string {
	b.t.Helper()
	ctx := b.t.Context()
	group := b.group("Big" + strconv.Itoa(n))
	id, err := directory.ParseID(group)
	if err != nil {
		b.t.Fatal(err)
	}
	members := make([]scim.Member, n)
	slots := make(chan int)
	done := make(chan error)
	const workers = 64
	for range workers {
		go func() {
			var err error
			for i := range slots {
				res := &scim.Resource{Type: scim.User(), Attrs: map[string]any{"userName": "m" + strconv.Itoa(i)}}
				w, e := b.dir.Create(ctx, directory.SourceID(b.source), res, directory.WriteOptions{})
				if e != nil {
					err = e
					continue
				}
				members[i] = scim.Member{Value: w.ID.String()}
			}
			done <- err
		}()
	}
	for i := range n {
		slots <- i
	}
	close(slots)
	for range workers {
		if err := <-done; err != nil {
			b.t.Fatal(err)
		}
	}
	op := scim.MemberOp{Kind: scim.AddMembers, Members: members}
	if _, err := b.dir.PatchMembers(ctx, directory.SourceID(b.source), id, []scim.MemberOp{op}, directory.WriteOptions{}); err != nil {
		b.t.Fatal(err)
	}
	return group
}

// meter is a response writer that measures a stream instead of keeping it.
type meter struct {
	header http.Header
	start  time.Time
	first  time.Duration
	bytes  int
	most   int
}

func (m *meter) Header() http.Header { return m.header }
func (m *meter) WriteHeader(int)     {}
func (m *meter) Write(p []byte) (int, error) {
	if m.bytes == 0 {
		m.first = time.Since(m.start)
	}
	m.bytes += len(p)
	m.most = max(m.most, len(p))
	return len(p), nil
}

func (b *bridge) getMetered(path string) *meter {
	r := httptest.NewRequestWithContext(b.t.Context(), "GET", "/scim/s/v2"+path, nil)
	r.Header.Set("Authorization", "Bearer "+b.token)
	m := &meter{header: http.Header{}, start: time.Now()}
	b.ServeHTTP(m, r)
	return m
}

func TestALargeGroupIsStreamedWholeAndInPieces(t *testing.T) {
	t.Parallel()
	b := open(t)
	const n = 5000
	group := b.bigGroup(n)
	a := b.do("GET", "/Groups/"+group, "").want(200)
	var whole struct {
		Members []struct{ Value string }
	}
	if err := json.Unmarshal(a.body, &whole); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range whole.Members {
		seen[m.Value] = true
	}
	if len(seen) != n || len(whole.Members) != n {
		t.Errorf("%d members, %d different, want %d", len(whole.Members), len(seen), n)
	}
	if m := b.getMetered("/Groups/" + group); m.most > 8*bigBody {
		t.Errorf("a chunk has %d bytes: the group is not streamed", m.most)
	}
	if m := b.getMetered("/Groups/" + group + "?excludedAttributes=members"); m.bytes > 2000 {
		t.Errorf("without members the group has %d bytes", m.bytes)
	}
	if a := b.do("GET", "/Groups", "").want(200); len(a.at("Resources", 0, "members").([]any)) != n {
		t.Error("a list within the limit shows all members")
	}
}

func TestAGroupAboveTheLimitIsListedWithoutMembers(t *testing.T) {
	t.Parallel()
	b := open(t, func(o *Options) { o.Sources[0].Limits.ListMembers = 2 })
	var ids []string
	for i := range 3 {
		ids = append(ids, b.user("u"+strconv.Itoa(i)))
	}
	b.group("A", ids[:2]...)
	b.group("B", ids...)
	a := b.do("GET", "/Groups?sortBy=displayName", "").want(200)
	if a.at("Resources", 0, "members") == nil || a.at("Resources", 1, "members") != nil {
		t.Error(string(a.body))
	}
}

// BenchmarkGroup100k measures reading a group of 100,000 members: time to the first byte and what is allocated.
func BenchmarkGroup100k(bench *testing.B) {
	b := open(bench)
	group := b.bigGroup(100_000)
	var before, after runtime.MemStats
	var first time.Duration
	runtime.ReadMemStats(&before)
	for bench.Loop() {
		first += b.getMetered("/Groups/" + group).first
	}
	runtime.ReadMemStats(&after)
	bench.ReportMetric(float64(first.Microseconds())/float64(bench.N), "us-to-first-byte")
	bench.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(bench.N)/1e6, "MB-allocated")
}

// BenchmarkRequests compares the ways through the server: each line has the baseline "hello" or "get" in the same run.
func BenchmarkRequests(bench *testing.B) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	b := open(bench)
	id := b.user("kim", map[string]any{"externalId": "e1", "emails": []any{map[string]any{"value": "kim@x.example", "type": "work", "primary": true}}})
	for i := range 1000 {
		b.user("u" + strconv.Itoa(i))
	}
	for name, path := range map[string]string{
		"get": "/Users/" + id, "projected": "/Users/" + id + "?attributes=userName", "userName": "/Users?filter=userName+eq+%22kim%22",
		"externalId": "/Users?filter=externalId+eq+%22e1%22", "email": "/Users?filter=emails.value+eq+%22kim@x.example%22",
		"entra-email": "/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22kim@x.example%22", "list100": "/Users?count=100",
	} {
		bench.Run(name, func(bench *testing.B) {
			bench.ReportAllocs()
			for bench.Loop() {
				b.getMetered(path)
			}
		})
	}
	n := 0
	bench.Run("post", func(bench *testing.B) {
		for bench.Loop() {
			n++
			b.do("POST", "/Users", `{"schemas":["`+coreUser+`"],"userName":"p`+strconv.Itoa(n)+`","name":{"givenName":"K","familyName":"L"},"emails":[{"value":"p@x.example","type":"work"}]}`).want(201)
		}
	})
	bench.Run("patch", func(bench *testing.B) {
		for bench.Loop() {
			n++
			b.patch("/Users/"+id, `{"op":"replace","path":"title","value":"`+strconv.Itoa(n)+`"}`).want(200)
		}
	})
}
