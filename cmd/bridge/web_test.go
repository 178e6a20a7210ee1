package main

import (
	"net/http"
	"strings"
	"testing"
)

// Trial 18: every answer has a request id, also where no SCIM endpoint is, and what is refused there is logged under it.
func TestTrial18EveryAddressHasARequestID(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, "  metrics: 127.0.0.1:0\n  sources: {s: {}}\n")
	p := ws.serve()
	get := func(method, address, id string) (*http.Response, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if id != "" {
			r.Header.Set("X-Request-Id", id)
		}
		return answerOf(t, r)
	}
	for _, base := range []string{p.ready.BaseURL, "http://" + p.ready.Metrics} {
		for _, path := range []string{"/", "/healthz", "/readyz", "/version", "/metrics", "/scim", "/scim/", "/scim/s", "/scim/nobody/v2/Users", "/scim/v2/Users", "/Users", "/favicon.ico", "/healthz/x", "//scim/s/v2"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead, "BREW"} {
				res, text := get(method, base+path, "")
				id := res.Header.Get("X-Request-Id")
				if id == "" {
					t.Errorf("%s %s: %d without X-Request-Id", method, path, res.StatusCode)
				}
				if res.StatusCode >= 400 && res.StatusCode != 503 && method != http.MethodHead && !contains(text, "(request id "+id+")") {
					t.Errorf("%s %s: the error does not name the id %s: %s", method, path, id, text)
				}
			}
		}
		res, _ := get(http.MethodGet, base+"/wrong", "from-a-proxy.7")
		if got := res.Header.Get("X-Request-Id"); got != "from-a-proxy.7" {
			t.Errorf("the id of a proxy becomes %q", got)
		}
		res, _ = get(http.MethodGet, base+"/wrong", "harm{ful")
		if got := res.Header.Get("X-Request-Id"); got == "harm{ful" || got == "" {
			t.Errorf("a harmful id becomes %q", got)
		}
	}
	res, _ := get(http.MethodGet, p.ready.BaseURL+"/v2/Users", "find-me")
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", res.StatusCode)
	}
	waitUntil(t, "the log has the refused request", func() bool {
		for line := range strings.Lines(p.log.String()) {
			if contains(line, `"request":"find-me"`) && contains(line, `"status":404`) && contains(line, `"kind":"access"`) {
				return true
			}
		}
		return false
	})
}
