package sac_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// bulkServer answers Bulk requests from a script, for answers that the simulated tenant does not give.
type bulkServer struct {
	mu     sync.Mutex
	got    [][]string // paths of the operations, per request
	answer func(round int, paths []string) (status int, items []string)
}

func (b *bulkServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/oauth/token":
		reply(w, `{"access_token":"token","token_type":"bearer","expires_in":3600}`)
	case "/api/v1/csrf":
		w.Header().Set("X-Csrf-Token", "csrf")
	case "/api/v1/scim2/ServiceProviderConfig":
		reply(w, `{"bulk":{"supported":true,"maxOperations":"30","maxPayloadSize":3072000}}`)
	case "/api/v1/scim2/Bulk":
		b.bulk(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
		reply(w, "404 Not Found: Requested route does not exist.")
	}
}

func (b *bulkServer) bulk(w http.ResponseWriter, r *http.Request) {
	var body struct{ Operations []struct{ Path string } }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var paths []string
	for _, op := range body.Operations {
		paths = append(paths, strings.TrimPrefix(op.Path, "/Users/"))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, paths)
	status, items := b.answer(len(b.got), paths)
	w.WriteHeader(status)
	reply(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[`+strings.Join(items, ",")+`]}`)
}

// reply writes an answer; a client that has gone does not matter here.
func reply(w http.ResponseWriter, body string) { _, _ = io.WriteString(w, body) }

func deleteAll(t *testing.T, b *bulkServer, refs ...string) []upstream.Outcome {
	t.Helper()
	web := httptest.NewServer(b)
	t.Cleanup(web.Close)
	text := func() (string, error) { return "secret", nil }
	tenant, err := sac.New(sac.Config{
		Name: "dev", URL: web.URL, TokenURL: web.URL + "/oauth/token", Platform: "cf",
		Session: session.Config{ClientID: text, ClientSecret: text, Backoff: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tenant.Close)
	var users []upstream.UserKey
	for _, ref := range refs {
		users = append(users, upstream.UserKey{UserID: strings.ToUpper(ref), Ref: ref})
	}
	return tenant.Writer(always{}).DeleteUsers(t.Context(), users)
}

func classes(outs []upstream.Outcome) []upstream.Class {
	var out []upstream.Class
	for _, o := range outs {
		out = append(out, upstream.ClassOf(o.Err))
	}
	return out
}

func item(status int) string { return `{"status":"` + strconv.Itoa(status) + `"}` }

func inner(status int) string {
	return fmt.Sprintf(`{"response":{"status":%d,"detail":"why"}}`, status)
}

func TestBulkAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(round int, paths []string) (int, []string)
		want   []upstream.Class
		sent   [][]string
	}{
		{
			"a tail that was not processed is sent again",
			func(round int, _ []string) (int, []string) {
				if round == 1 {
					return 200, []string{item(204), inner(400)}
				}
				return 200, []string{item(204), item(204)}
			},
			[]upstream.Class{"", upstream.Refused, "", ""},
			[][]string{{"a", "b", "c", "d"}, {"c", "d"}},
		},
		{
			"an item whose session timed out is sent again",
			func(round int, paths []string) (int, []string) {
				out := slices.Repeat([]string{item(204)}, len(paths))
				if round == 1 {
					out[1] = inner(403)
				}
				return 200, out
			},
			[]upstream.Class{"", "", "", ""},
			[][]string{{"a", "b", "c", "d"}, {"b"}},
		},
		{
			"an item that stays refused for its session is given up",
			func(_ int, paths []string) (int, []string) {
				out := slices.Repeat([]string{item(204)}, len(paths))
				if i := slices.Index(paths, "c"); i >= 0 {
					out[i] = item(403)
				}
				return 200, out
			},
			[]upstream.Class{"", "", upstream.RetryLater, ""},
			[][]string{{"a", "b", "c", "d"}, {"c"}, {"c"}},
		},
		{
			"statuses are classed one by one",
			func(int, []string) (int, []string) {
				return 200, []string{item(404), inner(409), inner(502), `{"response":{"status":"400","scimType":"uniqueness"}}`}
			},
			[]upstream.Class{"", upstream.Conflict, upstream.Unknown, upstream.Conflict},
			[][]string{{"a", "b", "c", "d"}},
		},
		{
			"a lost answer makes every item an unknown outcome",
			func(int, []string) (int, []string) { return 502, nil },
			[]upstream.Class{upstream.Unknown, upstream.Unknown, upstream.Unknown, upstream.Unknown},
			[][]string{{"a", "b", "c", "d"}},
		},
		{
			"an answer without items tells nothing",
			func(int, []string) (int, []string) { return 200, nil },
			[]upstream.Class{upstream.Unknown, upstream.Unknown, upstream.Unknown, upstream.Unknown},
			[][]string{{"a", "b", "c", "d"}},
		},
		{
			"a batch that is too large is halved",
			func(_ int, paths []string) (int, []string) {
				if len(paths) > 2 {
					return 413, nil
				}
				return 200, slices.Repeat([]string{item(204)}, len(paths))
			},
			[]upstream.Class{"", "", "", ""},
			[][]string{{"a", "b", "c", "d"}, {"a", "b"}, {"c", "d"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &bulkServer{answer: tt.answer}
			outs := deleteAll(t, b, "a", "b", "c", "d")
			if diff := cmp.Diff(classes(outs), tt.want); diff != "" {
				t.Errorf("classes (-got +want):\n%s", diff)
			}
			if diff := cmp.Diff(b.got, tt.sent); diff != "" {
				t.Errorf("sent (-got +want):\n%s", diff)
			}
		})
	}
}
