package sacsim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim"
)

func TestControlRefusesInJSON(t *testing.T) {
	t.Parallel()
	c := dial(t, newServer(t, sacsim.Options{}, ""))
	for name, one := range map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"an unknown endpoint":          {http.MethodGet, "/__what", "", http.StatusNotFound, "/__what"},
		"POST where GET is due":        {http.MethodPost, "/__state", "", http.StatusMethodNotAllowed, "GET"},
		"GET where POST is due":        {http.MethodGet, "/__reset", "", http.StatusMethodNotAllowed, "POST"},
		"rules that are no JSON":       {http.MethodPost, "/__faults", "[\n{]", http.StatusBadRequest, "line 2"},
		"no rules at all":              {http.MethodPost, "/__faults", "", http.StatusBadRequest, "unexpected EOF"},
		"a rule with an unknown key":   {http.MethodPost, "/__faults", `[{"action":"429","x":1}]`, http.StatusBadRequest, "fault rule 1"},
		"an unknown key of a reset":    {http.MethodPost, "/__reset", `{"sed":{}}`, http.StatusBadRequest, "sed"},
		"a broken seed":                {http.MethodPost, "/__reset", `{"seed":{"users":[{"id":"A"},{"id":"A"}]}}`, http.StatusBadRequest, "users[1]"},
		"broken rules of a reset":      {http.MethodPost, "/__reset", `{"faults":[{}]}`, http.StatusBadRequest, "action"},
		"an unknown thing to revoke":   {http.MethodPost, "/__revoke", `{"users":true}`, http.StatusBadRequest, "users"},
		"an unknown setting":           {http.MethodPost, "/__settings", `{"statless":true}`, http.StatusBadRequest, "statless"},
		"a setting of the wrong type":  {http.MethodPost, "/__settings", `{"stateless":"yes"}`, http.StatusBadRequest, "stateless"},
		"settings that are a list":     {http.MethodPost, "/__settings", `[]`, http.StatusBadRequest, "line 1"},
		"half a Bulk item to refuse":   {http.MethodPost, "/__settings", `{"bulkItemForbidden":0.5}`, http.StatusBadRequest, "bulkItemForbidden"},
		"a reset of statistics by GET": {http.MethodGet, "/__stats/reset", "", http.StatusMethodNotAllowed, "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.raw(one.method, one.path, one.body)
			wantStatus(t, got, one.status)
			if said, _ := got.json(t)["error"].(string); !strings.Contains(said, one.says) {
				t.Errorf("error = %q, want one with %q", said, one.says)
			}
		})
	}
}

func TestControlIsForLoopbackOnly(t *testing.T) {
	t.Parallel()
	server := newServer(t, sacsim.Options{}, "")
	for addr, want := range map[string]int{
		"127.0.0.1:9": http.StatusOK, "[::1]:9": http.StatusOK, "[::ffff:127.0.0.1]:9": http.StatusOK,
		"192.0.2.1:9": http.StatusForbidden, "[2001:db8::1]:9": http.StatusForbidden, "nonsense": http.StatusForbidden,
	} {
		r := httptest.NewRequest(http.MethodGet, "/__stats", nil)
		r.RemoteAddr = addr
		r.Header.Set("X-Forwarded-For", "127.0.0.1")
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		if rec.Code != want || rec.Header().Get("Content-Type") != "application/json" {
			t.Errorf("from %s: %d %s, want %d", addr, rec.Code, rec.Header().Get("Content-Type"), want)
		}
	}
}

func TestControlStats(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	c.control("/__stats/reset", "")
	wantStatus(t, c.call(http.MethodGet, usersV1+"/", ""), http.StatusOK)
	wantStatus(t, c.call(http.MethodGet, usersV1+"/U1", ""), http.StatusOK)
	wantStatus(t, c.call(http.MethodGet, usersV1+"/U%2F9", ""), http.StatusNotFound)
	wantStatus(t, c.raw(http.MethodGet, usersV1+"/U1", ""), http.StatusUnauthorized)
	wantStatus(t, c.raw(http.MethodGet, "/favicon.ico", ""), http.StatusNotFound)
	created := newUser("NEW1")
	wantStatus(t, c.call(http.MethodPost, usersV1, created), http.StatusCreated)
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/NEW1", "", "x-sap-sac-custom-auth", ""), http.StatusNoContent)
	c.newToken()
	got := c.stats()
	if got.BytesOut == 0 {
		t.Error("no bytes went out")
	}
	got.BytesOut = 0
	want := sacsim.Stats{
		Requests: 8, MaxConcurrency: 1, BytesIn: int64(len(created)),
		ByRoute: map[string]int{
			"GET /api/v1/scim/Users": 1, "GET /api/v1/scim/Users/{id}": 3, "GET (unknown)": 1,
			"POST /api/v1/scim/Users": 1, "DELETE /api/v1/scim/Users/{id}": 1, "POST /oauth/token": 1,
		},
		ByStatus: map[string]int{"200": 3, "201": 1, "204": 1, "401": 1, "404": 2},
		// a page of 4, two reads, a create, a delete and a token, though nothing waited
		ServiceSeconds: 0.1 + 4*0.003 + 2*0.15 + 0.35 + 0.2 + 0.2,
		Violations:     []string{},
		FaultsFired:    []sacsim.Fired{},
	}
	near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	c.control("/__stats/reset", "")
	if got := c.stats().Requests; got != 0 {
		t.Errorf("requests after the reset = %d, want 0", got)
	}
}

func TestControlStatsListsAWriteWithoutTheCustomHeader(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	wantStatus(t, c.raw(http.MethodDelete, usersV1+"/U1", "", "Authorization", "Bearer "+c.token,
		"x-csrf-token", c.csrf), http.StatusNoContent)
	want := []string{"DELETE /api/v1/scim/Users/{id}: write without the header x-sap-sac-custom-auth"}
	if diff := cmp.Diff(want, c.stats().Violations); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestControlResetStartsAnew(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	before := c.raw(http.MethodGet, "/__state", "").body
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
	c.control("/__faults", `[{"match":{"path":"/Users"},"once":true,"action":"429"}]`)
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusTooManyRequests)
	c.control("/__reset", "")
	if diff := cmp.Diff(before, c.raw(http.MethodGet, "/__state", "").body); diff != "" {
		t.Errorf("state after the reset (-first +now):\n%s", diff)
	}
	if got := c.stats().Requests; got != 0 {
		t.Errorf("requests = %d, want 0", got)
	}
	wantStatus(t, c.call(http.MethodGet, "/api/v1/scim/Groups", ""), http.StatusUnauthorized)
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusTooManyRequests) // the rule counts anew
	c.control("/__reset", `{"seed":{"users":[{"id":"ONLY"}]},"faults":[]}`)
	if got := c.raw(http.MethodGet, "/__state", "").body; !strings.Contains(got, "ONLY") || strings.Contains(got, "U2") {
		t.Errorf("state of the new seed = %s", got)
	}
	c.control("/__reset", "{}")
	if diff := cmp.Diff(before, c.raw(http.MethodGet, "/__state", "").body); diff != "" {
		t.Errorf("state of the first seed again (-first +now):\n%s", diff)
	}
}

func TestControlRevoke(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	c.control("/__revoke", `{"csrf":true}`)
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusForbidden)
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusOK)
	c.newSession()
	wantStatus(t, c.call(http.MethodDelete, usersV1+"/U1", ""), http.StatusNoContent)
	c.control("/__revoke", "")
	wantStatus(t, c.call(http.MethodGet, usersV1, ""), http.StatusUnauthorized)
}

func TestControlSettingsReachTenantAndServer(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	c.control("/__settings", `{"bulkItemForbidden":2,"bulkMaxOperations":1}`)
	body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` +
		strings.Repeat(`{"method":"DELETE","path":"/Users/x"},`, 2) + `{"method":"DELETE","path":"/Users/x"}]}`
	wantStatus(t, c.call(http.MethodPost, "/api/v1/scim2/Bulk", body), http.StatusRequestEntityTooLarge)
}
