package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
)

func TestMigrationsRunInOrderAfterOneBackup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.db")
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	mark := func(text string) func(tx *bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			b := tx.Bucket(bucketMeta)
			return b.Put([]byte("trail"), append(append([]byte(nil), b.Get([]byte("trail"))...), text...))
		}
	}
	broken := errors.New("no such luck")
	steps := []migration{
		{0, "too old", mark("0")},
		{1, "first", mark("1")},
		{2, "second", mark("2")},
		{3, "broken", func(tx *bbolt.Tx) error { return errors.Join(mark("3")(tx), broken) }},
	}
	if err := migrate(db.bolt, path, 1, steps); !errors.Is(err, broken) || !strings.Contains(err.Error(), "schema 3 (broken)") {
		t.Errorf("got %v, want the broken step", err)
	}
	if got := metaOf(t, db, "trail") + " at " + metaOf(t, db, "schema"); got != "12 at 3" {
		t.Errorf("got steps %s, want 12 at 3", got)
	}
	backup, err := Open(path+".schema1.bak", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := metaOf(t, backup, "trail") + " at " + metaOf(t, backup, "schema"); got != " at 1" {
		t.Errorf("got a backup with steps %s, want none at 1", got)
	}
	if err := backup.Close(); err != nil {
		t.Fatal(err)
	}
	if err := migrate(db.bolt, filepath.Join(t.TempDir(), "no", "where"), 3, steps); err == nil || errors.Is(err, broken) {
		t.Errorf("got %v, want no step without a backup", err)
	}
}

func metaOf(t *testing.T, db *DB, key string) (value string) {
	t.Helper()
	err := db.view(func(tx *bbolt.Tx) error {
		value = string(tx.Bucket(bucketMeta).Get([]byte(key)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestIndexesAreMadeAnewWhenFoldingChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.db")
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Directory()
	if err != nil {
		t.Fatal(err)
	}
	id, err := directory.NewID(time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	h := directory.Header{Kind: directory.User, ID: id, UserName: "Anna", ExternalID: "x", Emails: []directory.Email{{Value: "A@b"}}}
	if _, err := s.Commit(t.Context(), "s", directory.Change{At: time.Unix(1, 0), Puts: []directory.Put{{Record: directory.Record{Header: h, JSON: []byte("{}")}}}}); err != nil {
		t.Fatal(err)
	}
	err = db.bolt.Update(func(tx *bbolt.Tx) error { // as an older version would have left it
		b := tx.Bucket(bucketUserName)
		key, value := b.Cursor().First()
		value = append([]byte(nil), value...)
		return errors.Join(b.Delete(key), b.Put([]byte("\x00\x00\x00\x01Anna"), value), tx.Bucket(bucketMeta).Put(keyFold, []byte("old")))
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = db.Directory(); err != nil {
		t.Fatal(err)
	}
	report, err := s.Check(t.Context())
	if err != nil || !report.OK() || report.Records != 1 {
		t.Errorf("got %+v and error %v, want a sound directory of one", report, err)
	}
	if got := metaOf(t, db, "fold"); got != directory.FoldVersion {
		t.Errorf("got folding %q", got)
	}
	if _, err := os.Stat(path + ".fold.bak"); err != nil {
		t.Errorf("no backup: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
