package bolt_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/store/bolt"
)

func TestTrial8ALeaseFileThatCannotBeKeptIsFoundBefore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, made := range []error{
		os.Mkdir(in("folder"), 0o700), os.WriteFile(in("file"), []byte("x"), 0o600), os.Symlink(in("nowhere"), in("link")),
	} {
		if made != nil && runtime.GOOS != "windows" {
			t.Fatal(made)
		}
	}
	for path, words := range map[string]string{
		in("folder"): "it is no file, but a folder", filepath.Join(in("file"), "leases"): in("file"), in("link"): "it is a link to what does not exist",
		os.DevNull: "it is no file, but something else",
	} {
		if err := bolt.LeaseFileWritable(path); runtime.GOOS != "windows" && (err == nil || !strings.Contains(err.Error(), words)) {
			t.Errorf("%s: %v, want %q", path, err, words)
		}
	}
	path := filepath.Join(dir, "made", "leases")
	for range 2 {
		if err := bolt.LeaseFileWritable(path); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	l, err := bolt.LeaseFile(path, time.Now).Acquire(t.Context(), "https://t.example", "me", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := bolt.LeaseFileWritable(path); err != nil {
		t.Errorf("with a lease in it: %v", err)
	}
	if err := bolt.LeaseFile(path, time.Now).Check(t.Context(), l); err != nil {
		t.Errorf("the lease is gone: %v", err)
	}
}
