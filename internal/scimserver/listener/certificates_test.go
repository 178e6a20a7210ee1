package listener

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// loader gives TLS settings named by a number, or fails.
type loader struct {
	calls int
	err   error
}

func (l *loader) load() (*tls.Config, error) {
	l.calls++
	return &tls.Config{ServerName: string(rune('0' + l.calls)), MinVersion: tls.VersionTLS12}, l.err
}

func TestTheCertificateIsReadAgainWhereItsFilesHaveChanged(t *testing.T) {
	t.Parallel()
	file, now, l := filepath.Join(t.TempDir(), "cert.pem"), time.Now(), &loader{}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	c, err := NewCertificates(l.load, []string{file, ""}, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name  string
		do    func()
		after time.Duration
		want  string
		calls int
	}{
		{"nothing has changed", func() {}, time.Minute, "1", 1},
		{"it has changed, but was looked at a moment ago", func() { write("three") }, checkInterval / 2, "1", 1},
		{"it has changed", func() {}, checkInterval, "2", 2},
		{"the new one cannot be used", func() { write("seven7"); l.err = errors.New("no key") }, checkInterval, "2", 3},
		{"it is tried again", func() {}, checkInterval, "2", 4},
		{"it can be used", func() { l.err = nil }, checkInterval, "5", 5},
		{"the file is gone", func() { _ = os.Remove(file); l.err = os.ErrNotExist }, checkInterval, "5", 6},
	} {
		step.do()
		now = now.Add(step.after)
		got, err := c.Config().GetConfigForClient(nil)
		if err != nil || got.ServerName != step.want || l.calls != step.calls {
			t.Errorf("%s: got settings %s after %d loads, %v; want %s after %d", step.name, got.ServerName, l.calls, err, step.want, step.calls)
		}
	}
}

func TestACertificateThatCannotBeReadAtTheStartIsAnError(t *testing.T) {
	t.Parallel()
	l := &loader{err: os.ErrNotExist}
	if _, err := NewCertificates(l.load, nil, slog.New(slog.DiscardHandler), time.Now); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want the error of loading", err)
	}
}
