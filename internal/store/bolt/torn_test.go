package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/bolt"
)

// image gives the bytes of a directory's file with n users, and the ids that were acknowledged.
func image(t *testing.T, n int) (whole []byte, acknowledged []string) {
	t.Helper()
	path := tempFile(t)
	db, s := openDirectory(t, path, bolt.Options{})
	if _, err := anyGroup(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for range n {
		id, err := directory.NewID(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Commit(t.Context(), testSource, directory.Change{At: time.Now(), Puts: []directory.Put{{Record: sample(id)}}}); err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, "u "+id.String())
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole, acknowledged
}

// A power loss can leave any part of what a commit was about to write: pages that no record points to yet, and
// half of the page that would have made them count.
func TestATornCommitLeavesTheOneBefore(t *testing.T) {
	t.Parallel()
	whole, acknowledged := image(t, 50)
	page := os.Getpagesize()
	for name, tear := range map[string]func(b []byte) []byte{
		"garbage behind the end":      func(b []byte) []byte { return append(b, strings.Repeat("torn", page/4)...) },
		"half a page behind the end":  func(b []byte) []byte { return append(b, make([]byte, page/2)...) },
		"the older meta page is torn": func(b []byte) []byte { return tearMeta(b, page, false) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := tempFile(t)
			if err := os.WriteFile(path, tear(append([]byte(nil), whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			verify(t, path, acknowledged)
		})
	}
	t.Run("the younger meta page is torn: only the last commit, whose fsync had not returned, is missing", func(t *testing.T) {
		t.Parallel()
		path := tempFile(t)
		if err := os.WriteFile(path, tearMeta(append([]byte(nil), whole...), page, true), 0o600); err != nil {
			t.Fatal(err)
		}
		verify(t, path, acknowledged[:len(acknowledged)-1])
	})
}

// tearMeta overwrites the second half of a meta record: of the younger or the older of the two.
func tearMeta(b []byte, page int, younger bool) []byte {
	first, second := txid(b), txid(b[page:])
	at := 0
	if (second > first) == younger {
		at = page
	}
	copy(b[at+48:], strings.Repeat("\xff", 32))
	return b
}

// txid reads the transaction number of a meta page of bbolt.
func txid(page []byte) uint64 {
	var id uint64
	for i := range 8 {
		id |= uint64(page[64+i]) << (8 * i)
	}
	return id
}

func TestAFileCutShortIsRefusedAndStaysAsItIs(t *testing.T) {
	t.Parallel()
	whole, _ := image(t, 400) // grows past its first allocation
	used := len(whole)
	for name, length := range map[string]int{"by most of it": 5 * os.Getpagesize(), "by its last pages": usedBytes(t, whole) - 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := tempFile(t)
			if err := os.WriteFile(path, whole[:min(length, used)], 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := bolt.Open(path, bolt.Options{})
			if err == nil {
				t.Fatal(errors.Join(errors.New("it was opened"), db.Close()))
			}
			if !errors.Is(err, bolt.ErrCutShort) || !strings.Contains(err.Error(), filepath.Base(path)) {
				t.Errorf("got %v, want ErrCutShort and the path", err)
			}
		})
	}
}

// usedBytes gives how much of a file its pages take.
func usedBytes(t *testing.T, whole []byte) int {
	t.Helper()
	path := tempFile(t)
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	size := 0
	err = db.View(func(tx *bbolt.Tx) error {
		size = int(tx.Size())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// Whichever page a bad disk tears, opening says so, or the check does, or it was free.
func TestATornPageIsAnErrorAndNeverACrash(t *testing.T) {
	t.Parallel()
	whole, acknowledged := image(t, 40)
	page := os.Getpagesize()
	used := usedBytes(t, whole)
	refused, found, free := 0, 0, 0
	for at := 2 * page; at < used; at += page {
		fill, half := []string{"\x00", "\xff", "\x5a"}[at/page%3], at/page%2*page/2
		torn := append([]byte(nil), whole[:used]...)
		copy(torn[at+half:at+page], strings.Repeat(fill, page-half))
		path := tempFile(t)
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := bolt.Open(path, bolt.Options{NoSync: true})
		if err != nil {
			if !errors.Is(err, bolt.ErrDamaged) {
				t.Fatalf("page %d: got %v, want ErrDamaged", at/page, err)
			}
			refused++
			continue
		}
		report, err := db.Check(t.Context())
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatalf("page %d: %v", at/page, err)
		}
		if report.OK() {
			verify(t, path, acknowledged)
			free++
		} else {
			found++
		}
	}
	if refused == 0 || found == 0 || free == 0 {
		t.Errorf("got %d refused, %d found by the check, %d free; want some of each", refused, found, free)
	}
	t.Logf("%d pages: %d refused, %d found by the check, %d free", used/page, refused, found, free)
}
