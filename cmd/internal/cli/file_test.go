package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	size, err := WriteWhole(path, func(w io.Writer) error { _, err := io.WriteString(w, "first"); return err })
	if err != nil || size != 5 {
		t.Fatalf("got %d bytes, %v, want 5", size, err)
	}
	broken := errors.New("broken")
	if _, err := WriteWhole(path, func(w io.Writer) error { _, err := io.WriteString(w, "sec"); return errors.Join(err, broken) }); !errors.Is(err, broken) {
		t.Errorf("got error %v, want the writer's", err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "first" {
		t.Errorf("after a failure the file holds %q, %v, want what it held before", text, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are there, %v, want the one", len(entries), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
}
