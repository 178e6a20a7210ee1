package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/scimserver"
)

func TestProfilesOfTheConfigurationAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	var profiles strings.Builder
	for i, p := range scimserver.Profiles() {
		_, _ = fmt.Fprintf(&profiles, "    s%d: {profile: %s}\n", i, p)
	}
	ws := newWorkspace(t, "  sources:\n"+profiles.String())
	a := newApp()
	a.Config = ws.config
	s, err := a.settings()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.checkSources(); err != nil {
		t.Error(err)
	}
	got, want := scimLimits(&s.bridge.Sources["s0"].Limits), scimserver.DefaultLimits()
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("default limits differ from the server's (-got +want):\n%s", diff)
	}
}

func TestConnectionErrorsAreLoggedWithoutAddresses(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"IPv4":          "http: TLS handshake error from 192.0.2.7:51234: tls: bad certificate\n",
		"IPv6":          "http: TLS handshake error from [2001:db8::7]:51234: EOF\n",
		"a panic":       "http: panic serving 192.0.2.7:51234: boom\ngoroutine 1 [running]:\nsecret\n",
		"IPv6 and zone": "http: TLS handshake error from [fe80::7%eth0]:51234: EOF\n",
	} {
		var out bytes.Buffer
		h := &httpErrors{log: slog.New(slog.NewJSONHandler(&out, nil))}
		if _, err := h.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{"192.0.2.7", "2001:db8", "fe80", "51234", "secret"} {
			if contains(out.String(), address) {
				t.Errorf("%s: the log shows %s: %s", name, address, out.String())
			}
		}
		if !contains(out.String(), "a client") {
			t.Errorf("%s: the log does not say that it was a client: %s", name, out.String())
		}
	}
}

// TestCheckFindsWhatIsWrong takes single lines out of the file behind the bridge's back.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, "")
	token := ws.token()
	p := ws.serve()
	c := newClient(p.ready.Sources["s"], token, 1)
	id, _ := c.want(t, http.StatusCreated, http.MethodPost, "/Users", userBody("kim"))["id"].(string)
	c.want(t, http.StatusCreated, http.MethodPost, "/Groups", groupBody("All", id))
	ws.must("check")
	ws.must("backup", ws.path("good.db"))
	for bucket, fault := range map[string]string{
		"ix_username": "missing-index", "ix_email": "missing-index", "ix_gname": "missing-index", "ix_modified": "missing-index",
		"gm": "lone-edge", "mg": "lone-edge", "user": "orphan-index", "log": "feed-gap", "count": "count",
	} {
		file := ws.path(bucket + ".db")
		ws.must("restore", ws.path("good.db"), "--to", file)
		removeLast(t, file, bucket)
		out, code := ws.run("check", file)
		if code != cli.ExitDifferent || !contains(out, fault) {
			t.Errorf("a line of %s is gone: exit code %d, want %d and %s: %s", bucket, code, cli.ExitDifferent, fault, out)
		}
		if _, code := ws.run("restore", file, "--to", ws.path("never.db")); code != cli.ExitUsage {
			t.Errorf("a backup without a line of %s is restored with %d, want %d", bucket, code, cli.ExitUsage)
		}
	}
}

func removeLast(t *testing.T, file, bucket string) {
	t.Helper()
	db, err := bbolt.Open(file, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucket)).Cursor()
		// The count's last line is the note of the last event; its first is the number of users.
		if bucket == "count" {
			c.First()
		} else if _, value := c.Last(); value == nil {
			c.Prev() // what was last is the bucket that keeps the page
		}
		return c.Delete()
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func FuzzLifetime(f *testing.F) {
	for _, seed := range []string{"90d", "12h", "0d", "-1h", "36501d", "1h30m", "", "d", "9999999999999999999d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var l lifetime
		if err := l.Set(text); err != nil {
			return
		}
		if l <= 0 {
			t.Errorf("%q is taken as %v", text, time.Duration(l))
		}
		var again lifetime
		if err := again.Set(l.String()); err != nil || again != l {
			t.Errorf("%q is shown as %q, which reads as %v, %v", text, l.String(), time.Duration(again), err)
		}
	})
}

// Trial 17: slashes in front of the path.
func TestDoubledSlashesReachTheServer(t *testing.T) {
	t.Parallel()
	h := router(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.URL.Path)
	}), &health{}, nil, nil)
	for path, want := range map[string]string{
		"/scim/s/v2/Users": "/scim/s/v2/Users", "//scim/s/v2/Users": "/scim/s/v2/Users", "///scim//s/v2//Users": "/scim//s/v2//Users",
		"//scim/s/v2%2FUsers": "/scim/s/v2/Users", "/scim/s/v2/%55sers": "/scim/s/v2/Users",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://scim.example.com"+path, nil))
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s: %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
}
