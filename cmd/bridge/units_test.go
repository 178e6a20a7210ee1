package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
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

func TestSocketIsForItsOwnerAloneAndMayHaveALongPath(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]string{"a short path": "s", "a long path": strings.Repeat("long-", 40)} {
		dir := filepath.Join(t.TempDir(), folder)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "state.db.sock")
		l, err := listenSocket(t.Context(), path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 || info.Mode()&fs.ModeSocket == 0 {
			t.Errorf("%s: mode %v, %v; want a socket with 0600", name, info.Mode(), err)
		}
		h := &http.Server{Handler: adminHandler(&adminService{}, serverInfo{PID: 7}), ReadHeaderTimeout: time.Second}
		done := make(chan error, 1)
		go func() { done <- h.Serve(l) }()
		c, ok := dialAdmin(t.Context(), path)
		if !ok {
			t.Fatalf("%s: nobody answers", name)
		}
		if who, err := c.serverInfo(t.Context()); err != nil || who.PID != 7 {
			t.Errorf("%s: got %v, %v, want process 7", name, who, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the socket is left behind: %v", name, err)
		}
		if _, ok := dialAdmin(t.Context(), path); ok {
			t.Errorf("%s: somebody answers at a socket that is gone", name)
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
