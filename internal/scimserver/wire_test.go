package scimserver

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkOverTheWire sends requests over loopback and keep-alive and reports each rate as a part of its baseline in the
// same run: reads against a handler that says hello, looked-up ones against reading by id, PATCH against POST.
func BenchmarkOverTheWire(bench *testing.B) {
	b := open(bench, func(o *Options) { o.Observer = nil })
	id := b.user("kim", map[string]any{
		"externalId": "e1", "emails": []any{map[string]any{"value": "kim@x.example", "type": "work", "primary": true}},
		"name": map[string]any{"givenName": "Kim", "familyName": "Lee"}, enterprise: map[string]any{"department": "Sales"},
	})
	for i := range 500 {
		b.user("u" + strconv.Itoa(i))
	}
	s := b.listen()
	hello := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	bench.Cleanup(hello.Close)
	base, n := s.URL+"/scim/s/v2", 0
	get := func(path string) func() { return func() { b.wire("GET", base+path, "", 200) } }
	post := func() {
		n++
		b.wire("POST", base+"/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"p%d","name":{"givenName":"K","familyName":"L"},"emails":[{"value":"p%d@x.example","type":"work"}]}`, coreUser, n, n), 201)
	}
	patch := func() {
		n++
		b.wire("PATCH", base+"/Users/"+id, patchBody(`{"op":"replace","path":"title","value":"`+strconv.Itoa(n)+`"}`), 200)
	}
	for _, c := range []struct {
		name       string
		base, call func()
	}{
		{"get-of-hello", func() { b.wire("GET", hello.URL, "", 200) }, get("/Users/" + id)},
		{"userName-of-get", get("/Users/" + id), get("/Users?filter=userName+eq+%22kim%22")},
		{"externalId-of-get", get("/Users/" + id), get("/Users?filter=externalId+eq+%22e1%22")},
		{"email-of-get", get("/Users/" + id), get("/Users?filter=emails.value+eq+%22kim@x.example%22")},
		{"entra-email-of-get", get("/Users/" + id), get("/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22kim@x.example%22")},
		{"patch-of-post", post, patch},
	} {
		bench.Run(c.name, func(bench *testing.B) {
			var baseline, own time.Duration
			for bench.Loop() {
				baseline += timed(c.base)
				own += timed(c.call)
			}
			bench.ReportMetric(baseline.Seconds()/own.Seconds(), "of-baseline")
		})
	}
}

func timed(call func()) time.Duration {
	start := time.Now()
	for range 20 {
		call()
	}
	return time.Since(start)
}

// wire sends one request and reads the answer.
func (b *bridge) wire(method, url, body string, want int) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	r.Header.Set("Content-Type", contentType)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if err != nil || answer.StatusCode != want {
		b.t.Fatalf("%s %s: %d, %v; want %d", method, url, answer.StatusCode, err, want)
	}
}
