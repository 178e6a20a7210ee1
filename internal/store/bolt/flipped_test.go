package bolt_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"sacbridge/internal/store/bolt"
)

// backupOf gives the backup of a file.
func backupOf(t *testing.T, path string) []byte {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := errors.Join(db.Backup(t.Context(), &out), db.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Trial 13: 200 single bits, anywhere in the file; 100 more at its end, where the checksum is.
func TestAnyFlippedBitOfABackupIsFound(t *testing.T) {
	t.Parallel()
	backup := backupOf(t, sampleFile(t))
	r := rand.New(rand.NewPCG(13, 13))
	folder := t.TempDir()
	for n := range 300 {
		bit := r.IntN(8 * len(backup))
		if n >= 200 {
			bit = 8*len(backup) - 1 - r.IntN(8*64)
		}
		flipped := bytes.Clone(backup)
		flipped[bit/8] ^= 1 << (bit % 8)
		if _, err := bolt.Restore(t.Context(), filepath.Join(folder, "restored.db"), bytes.NewReader(flipped)); err == nil {
			t.Errorf("bit %d of %d: restored", bit, 8*len(backup))
		}
		path := filepath.Join(folder, "checked.db")
		if err := os.WriteFile(path, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		if db, err := bolt.Open(path, bolt.Options{NoSync: true}); err == nil {
			t.Errorf("bit %d of %d: opened", bit, 8*len(backup))
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Trial 13: bytes that are missing, more or exchanged at the end of a backup.
func TestABackupWhoseEndIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	backup := backupOf(t, sampleFile(t))
	path := filepath.Join(t.TempDir(), "restored.db")
	for _, n := range []int{1, 8, 63, 65, 1000, len(backup) / 2} {
		if _, err := bolt.Restore(t.Context(), path, bytes.NewReader(backup[:len(backup)-n])); !errors.Is(err, bolt.ErrBackup) {
			t.Errorf("without its last %d bytes: %v", n, err)
		}
	}
	if _, err := bolt.Restore(t.Context(), path, bytes.NewReader(append(bytes.Clone(backup), '\n'))); !errors.Is(err, bolt.ErrBackup) {
		t.Errorf("with a line end behind it: %v", err)
	}
	blank := append(bytes.Clone(backup[:len(backup)-64]), make([]byte, 64)...)
	if _, err := bolt.Restore(t.Context(), path, bytes.NewReader(blank)); !errors.Is(err, bolt.ErrBackup) {
		t.Errorf("with zeros in place of the checksum: %v", err)
	}
}

// Trial 13: a backup may be used as it is, in place of a state, and a state has no checksum that could be outdated.
func TestABackupInUseIsNoLongerCompared(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "copied.db")
	if err := os.WriteFile(path, backupOf(t, sampleFile(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		db, err := bolt.Open(path, bolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Tokens().Put(t.Context(), "k", "v"), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	again := backupOf(t, path)
	restored := filepath.Join(t.TempDir(), "restored.db")
	if report, err := bolt.Restore(t.Context(), restored, bytes.NewReader(again)); err != nil || report.Records == 0 {
		t.Errorf("got %+v, %v", report, err)
	}
	info, err := os.Stat(restored)
	if err != nil || info.Size()%1024 != 0 {
		t.Errorf("a restored state has %d bytes, its checksum is still there; %v", info.Size(), err)
	}
}

// Trial 13: what earlier versions wrote, and a copy of a state that nobody used, have no checksum.
func TestABackupWithoutAChecksumIsRestored(t *testing.T) {
	t.Parallel()
	file, err := bbolt.Open(sampleFile(t), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	err = file.View(func(tx *bbolt.Tx) error { _, err := tx.WriteTo(&plain); return err })
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	if report, err := bolt.Restore(t.Context(), filepath.Join(t.TempDir(), "r.db"), &plain); err != nil || report.Records == 0 {
		t.Errorf("got %+v, %v", report, err)
	}
}
