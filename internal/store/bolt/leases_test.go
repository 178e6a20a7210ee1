package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/store"
	"sacbridge/internal/upstream"
)

// TestALeaseFileThatCannotBeReadSaysWhatToDo damages a file that two programs share.
func TestALeaseFileThatCannotBeReadSaysWhatToDo(t *testing.T) {
	t.Parallel()
	const tenant = "https://prod.example.test"
	sound := filepath.Join(t.TempDir(), "sound.leases")
	if _, err := LeaseFile(sound, time.Now).Acquire(t.Context(), tenant, "a", time.Minute); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"its end is missing":     string(whole[:3*os.Getpagesize()]),
		"its beginning is wiped": strings.Repeat("\x00", 2*os.Getpagesize()) + string(whole[2*os.Getpagesize():]),
		"its pages are wiped":    string(whole[:2*os.Getpagesize()]) + strings.Repeat("\x00", len(whole)-2*os.Getpagesize()),
		"it is something else":   strings.Repeat("no lease at all\n", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "sacbridge.leases")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			leases := LeaseFile(path, time.Now)
			_, _, lookErr := leases.Holder(t.Context(), tenant)
			_, takeErr := leases.Acquire(t.Context(), tenant, "b", time.Minute)
			rememberErr := store.Facts{Values: FactsFile(path)}.Remember(t.Context(), tenant, upstream.Facts{RolePatch: upstream.Yes})
			for _, err := range []error{lookErr, takeErr, rememberErr} {
				if !errors.Is(err, ErrLeaseFile) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "backup") {
					t.Errorf("got %v, want ErrLeaseFile with the path, and no word of backups", err)
				}
			}
			if err := os.Remove(path); err != nil { // as the error says
				t.Fatal(err)
			}
			if _, err := leases.Acquire(t.Context(), tenant, "b", time.Minute); err != nil {
				t.Errorf("after the cure: %v", err)
			}
		})
	}
}

// TestALeaseFileThatIsNeverReleasedSaysWhatKeepsIt holds the file as a process does that was stopped with it open.
func TestALeaseFileThatIsNeverReleasedSaysWhatKeepsIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sacbridge.leases")
	stopped, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &leaseFile{path: path, timeout: time.Millisecond}
	leases := &leases{write: f.update, read: f.view, now: time.Now}
	_, _, err = leases.Holder(t.Context(), "https://prod.example.test")
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "kill -CONT") {
		t.Errorf("got %v, want ErrInUse with path and cure", err)
	}
	if err := stopped.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := leases.Holder(t.Context(), "https://prod.example.test"); err != nil {
		t.Errorf("once it goes on: %v", err)
	}
}
