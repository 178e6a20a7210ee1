package session

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/upstream"
)

func TestDecodeStartsAgainWhenTheAnswerIsCutShort(t *testing.T) {
	t.Parallel()
	srv, n := onUsers(func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 1 {
			w.Header().Set("Content-Length", "1000")
		}
		_, _ = io.WriteString(w, `[1,2,3`)
		if n > 1 {
			_, _ = io.WriteString(w, `,4]`)
		}
		return true
	})
	var got []int
	r := read(users)
	r.Decode = func(d *json.Decoder) error {
		got = nil
		return d.Decode(&got)
	}
	resp := must(t, open(t, srv, cf), r)
	if diff := cmp.Diff(got, []int{1, 2, 3, 4}); diff != "" || n.Load() != 2 || resp.Body != nil || resp.Elapsed <= 0 {
		t.Errorf("after %d calls (-got +want):\n%s", n.Load(), diff)
	}
}

func TestADecoderThatRefusesTheAnswerIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	srv, n := onUsers(status(200, `{"a":"text"}`))
	s := open(t, srv, cf)
	r := read(users)
	var into struct{ A int }
	r.Decode = func(d *json.Decoder) error { return d.Decode(&into) }
	if e := failed(t, s, r); e.Class != upstream.Refused || n.Load() != 1 {
		t.Errorf("got %v after %d calls", e, n.Load())
	}
}

func TestAnAnswerBeyondTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	srv, n := onUsers(status(200, `"`+strings.Repeat("x", 100)+`"`))
	s := open(t, srv, cf, func(c *Config) { c.MaxBody = 101 })
	if e := failed(t, s, read(users)); e.Class != upstream.Refused || !errors.Is(e, errTooLarge) || n.Load() != 1 {
		t.Errorf("read: got %v after %d calls", e, n.Load())
	}
	if e := failed(t, s, write()); e.Class != upstream.Unknown {
		t.Errorf("write: got %v", e)
	}
	s = open(t, srv, cf, func(c *Config) { c.MaxBody = 102 })
	if got := len(must(t, s, read(users)).Body); got != 102 {
		t.Errorf("got %d bytes", got)
	}
}

func TestAStreamIsReadByTheCaller(t *testing.T) {
	t.Parallel()
	srv, _ := onUsers(status(200, `{"big":1}`))
	r := read(users)
	r.Stream = true
	resp := must(t, open(t, srv, cf), r)
	got, err := io.ReadAll(resp.Stream)
	if err != nil || string(got) != `{"big":1}` || resp.Body != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if err := resp.Stream.Close(); err != nil {
		t.Error(err)
	}
	r.Method = http.MethodPost
	if e := failed(t, open(t, srv, cf), r); e.Class != upstream.Refused {
		t.Errorf("stream of a write: got %v", e)
	}
}

func TestARedirectWithinTheHostIsFollowedForReadsOnly(t *testing.T) {
	t.Parallel()
	srv, n := onUsers(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/new") {
			return false
		}
		http.Redirect(w, r, users+"/new", http.StatusFound)
		return true
	})
	s := open(t, srv, cf)
	if got := must(t, s, read(users)); string(got.Body) != `{"ok":true}` {
		t.Errorf("got %s", got.Body)
	}
	n.Store(0)
	if e := failed(t, s, write()); n.Load() != 2 || srv.count("POST "+users+"/new") != 0 {
		t.Errorf("a write was redirected: %d calls, %v", n.Load(), e)
	}
}
