package bolt_test

import (
	"path/filepath"
	"testing"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/store/storetest"
)

// openDirectory opens the directory of a file for the time of a test.
func openDirectory(t testing.TB, path string, o bolt.Options) (*bolt.DB, directory.Store) {
	t.Helper()
	o.MmapSize = 1 << 30
	db, err := bolt.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := db.Directory()
	if err != nil {
		t.Fatal(err)
	}
	return db, s
}

func TestDirectoryContract(t *testing.T) {
	t.Parallel()
	storetest.Directory(t, func(t testing.TB) (directory.Store, func() directory.Store) {
		path, o := tempFile(t), bolt.Options{NoSync: true}
		db, s := openDirectory(t, path, o)
		return s, func() directory.Store {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db, s = openDirectory(t, path, o)
			return s
		}
	})
}

// tempFile gives a path of its own for each call.
func tempFile(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "bridge.db") // TempDir is another folder with each call
}
