package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
	"sacbridge/internal/store/bolt"
)

func TestSocketIsForItsOwnerAloneAndMayHaveALongPath(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]string{"a short path": "s", "a long path": strings.Repeat("long-", 40)} {
		dir := filepath.Join(t.TempDir(), folder)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "state.db.sock")
		l, err := Listen(t.Context(), path)
		if len(path) > maxSocketPath && runtime.GOOS != "linux" {
			if _, rejected := errors.AsType[*RejectedError](err); !rejected || !strings.Contains(err.Error(), "choose a shorter folder for state") {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSocket == 0 || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s: mode %v, %v; want a socket with 0600", name, info.Mode(), err)
		}
		h := &http.Server{Handler: Handler(&Service{}, Server{PID: 7}), ReadHeaderTimeout: time.Second}
		done := make(chan error, 1)
		go func() { done <- h.Serve(l) }()
		c, ok := Dial(t.Context(), path)
		if !ok {
			t.Fatalf("%s: nobody answers", name)
		}
		if who, err := c.Server(t.Context()); err != nil || who.PID != 7 {
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
		if _, ok := Dial(t.Context(), path); ok {
			t.Errorf("%s: somebody answers at a socket that is gone", name)
		}
	}
}

// fakeTokens has one token, or says what is wrong.
type fakeTokens struct{ err error }

func (f fakeTokens) New(_ context.Context, source, name string, ttl time.Duration, now time.Time) (string, Token, error) {
	return "text of " + name, Token{ID: "a1b2", Source: source, Name: name, Created: now, Expires: now.Add(ttl)}, f.err
}

func (f fakeTokens) List(_ context.Context, source string, now time.Time) ([]Token, error) {
	return []Token{{ID: "a1b2", Source: source, Name: "n", Created: now, Valid: true}}, f.err
}

func (f fakeTokens) Revoke(_ context.Context, _, _, id string) (int, error) {
	return strings.Count("a1b2", id), f.err
}

// newService gives a service over a file with two users, of whom one was deleted.
func newService(t *testing.T, tokens Tokens) (s *Service, deleted string) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "state.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store, err := db.Directory()
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	dir, err := directory.New(directory.Deps{Store: store, Now: now, Log: slog.New(slog.DiscardHandler), Retention: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kim", "lee"} {
		res := &scim.Resource{Type: scim.User(), Attrs: map[string]any{"userName": name}}
		w, err := dir.Create(t.Context(), "s", res, directory.WriteOptions{By: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if name == "lee" {
			deleted = w.ID.String()
			if err := dir.Delete(t.Context(), "s", directory.User, w.ID, directory.WriteOptions{By: "test"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return NewService(Deps{Sources: []string{"s"}, Tokens: tokens, Directory: dir, Now: now, Audit: slog.New(slog.DiscardHandler)}), deleted
}

// throughSocket gives a client of the service.
func throughSocket(t *testing.T, s *Service) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sock")
	l, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	h := &http.Server{Handler: Handler(s, Server{PID: 7}), ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- h.Serve(l) }()
	t.Cleanup(func() {
		_ = h.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	c, ok := Dial(t.Context(), path)
	if !ok {
		t.Fatal("nobody answers")
	}
	return c
}

// TestTheSocketAnswersAsTheServiceDoes asks each operation of both.
func TestTheSocketAnswersAsTheServiceDoes(t *testing.T) {
	t.Parallel()
	type question struct {
		name     string
		ask      func(ctx context.Context, ops Operations) (any, error)
		want     any
		rejected string
	}
	s, lee := newService(t, fakeTokens{})
	broken, _ := newService(t, fakeTokens{err: errors.New("the disk is full")})
	full, _ := newService(t, fakeTokens{err: Rejectedf("two are enough")})
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	newToken := func(ctx context.Context, ops Operations) (any, error) {
		return ops.NewToken(ctx, NewTokenRequest{Source: "s", Name: "n", TTL: time.Hour})
	}
	for _, ops := range []struct{ good, broken, full Operations }{{s, broken, full}, {throughSocket(t, s), throughSocket(t, broken), throughSocket(t, full)}} {
		for _, q := range []question{
			{"a token", newToken, "text of n", ""},
			{"a token of an unknown source", func(ctx context.Context, ops Operations) (any, error) {
				return ops.NewToken(ctx, NewTokenRequest{Source: "x", Name: "n"})
			}, "", `there is no source "x"; the configuration names s`},
			{"the tokens", func(ctx context.Context, ops Operations) (any, error) { return ops.Tokens(ctx, "s") }, []Token{{ID: "a1b2", Source: "s", Name: "n", Created: at, Valid: true}}, ""},
			{"the tokens of all sources", func(ctx context.Context, ops Operations) (any, error) { return ops.Tokens(ctx, "") }, []Token{{ID: "a1b2", Name: "n", Created: at, Valid: true}}, ""},
			{"the tokens of an unknown source", func(ctx context.Context, ops Operations) (any, error) { return ops.Tokens(ctx, "x") }, []Token(nil), `no source "x"`},
			{"revoke", func(ctx context.Context, ops Operations) (any, error) {
				return ops.RevokeTokens(ctx, RevokeTokensRequest{Source: "gone", Name: "n", ID: "A1"})
			}, 1, ""},
			{"revoke what is not there", func(ctx context.Context, ops Operations) (any, error) {
				return ops.RevokeTokens(ctx, RevokeTokensRequest{Source: "s", Name: "n", ID: "ff"})
			}, 0, `no such token named "n"`},
			{"the deleted", func(ctx context.Context, ops Operations) (any, error) { return AllDeleted(ctx, ops, "s") }, []Deleted{{ID: lee, Kind: "User", Name: "lee", At: at, By: "test"}}, ""},
			{"the deleted of an unknown source", func(ctx context.Context, ops Operations) (any, error) { return AllDeleted(ctx, ops, "x") }, []Deleted(nil), `no source "x"`},
			{"the deleted after what is no id", func(ctx context.Context, ops Operations) (any, error) {
				return ops.Deleted(ctx, ListDeletedRequest{Source: "s", Kind: "User", After: "?"})
			}, []Deleted(nil), "not an id"},
			{"restore what is no id", func(ctx context.Context, ops Operations) (any, error) {
				return ops.RestoreDeleted(ctx, RestoreRequest{Source: "s", ID: "?"})
			}, Deleted{}, "not an id"},
			{"restore what was not deleted", func(ctx context.Context, ops Operations) (any, error) {
				return ops.RestoreDeleted(ctx, RestoreRequest{Source: "s", ID: "0192f0c1-2d6b-7d7a-9a53-1f4d5c3b2a10"})
			}, Deleted{}, "no deleted record"},
			{"check", func(ctx context.Context, ops Operations) (any, error) {
				report, err := ops.Check(ctx)
				return report.OK() && report.Records > 0, err
			}, true, ""},
			{"backup", func(ctx context.Context, ops Operations) (any, error) {
				var out bytes.Buffer
				err := ops.Backup(ctx, &out)
				return out.Len() > 4096, err
			}, true, ""},
		} {
			got, err := q.ask(t.Context(), ops.good)
			_, rejected := errors.AsType[*RejectedError](err)
			if diff := cmp.Diff(got, q.want); diff != "" || rejected != (q.rejected != "") || err != nil && !strings.Contains(err.Error(), q.rejected) {
				t.Errorf("%T: %s: got error %v, rejected %t; want %q (-got +want):\n%s", ops.good, q.name, err, rejected, q.rejected, diff)
			}
		}
		_, err := newToken(t.Context(), ops.broken)
		if _, rejected := errors.AsType[*RejectedError](err); rejected || err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("%T: got %v, want the disk's error, which is no rejection", ops.broken, err)
		}
		_, err = newToken(t.Context(), ops.full)
		if _, rejected := errors.AsType[*RejectedError](err); !rejected {
			t.Errorf("%T: got %v, want it rejected", ops.full, err)
		}
	}
	done, err := throughSocket(t, s).RestoreDeleted(t.Context(), RestoreRequest{Source: "s", ID: lee})
	if diff := cmp.Diff(done, Deleted{ID: lee, Kind: "User", Name: "lee"}); err != nil || diff != "" {
		t.Errorf("restore: %v (-got +want):\n%s", err, diff)
	}
}

// failingWriter takes a little and then no more.
type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestABackupThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, fakeTokens{})
	for _, ops := range []Operations{s, throughSocket(t, s)} {
		if err := ops.Backup(t.Context(), &failingWriter{left: 100}); err == nil {
			t.Errorf("%T: got no error", ops)
		}
	}
}
