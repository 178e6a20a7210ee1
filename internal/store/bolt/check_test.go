package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
	"sacbridge/internal/store/bolt"
)

// sampleFile gives a closed file with two users, a group that has both, and a deleted user and group.
func sampleFile(t *testing.T) string {
	t.Helper()
	path := tempFile(t)
	db, s := openDirectory(t, path, bolt.Options{NoSync: true})
	var ids []directory.ID
	var c directory.Change
	for n := range 5 {
		id, err := directory.NewID(time.UnixMilli(int64(1000 + n)))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		r := sample(id)
		if n >= 3 {
			r = directory.Record{Header: directory.Header{Kind: directory.Group, ID: id, DisplayName: fmt.Sprint("team ", n)}, JSON: []byte("{}")}
		}
		c.Puts = append(c.Puts, directory.Put{Record: r})
	}
	for _, g := range ids[3:] {
		c.Members = append(c.Members, directory.MemberChange{
			Group: g, Expect: directory.AnyRevision, Op: directory.AddMembers, Members: []directory.Member{{ID: ids[0]}, {ID: ids[1]}},
		})
	}
	c.At = time.Unix(5, 0)
	gone := directory.Change{At: time.Unix(6, 0), Deletes: []directory.Delete{
		{Kind: directory.User, ID: ids[2], Expect: directory.AnyRevision}, {Kind: directory.Group, ID: ids[4], Expect: directory.AnyRevision},
	}}
	for _, one := range []directory.Change{c, gone} {
		if _, err := s.Commit(t.Context(), testSource, one); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// firstKey gives a copy of the first line of a bucket.
func firstKey(tx *bbolt.Tx, bucket string) (key, value []byte) {
	key, value = tx.Bucket([]byte(bucket)).Cursor().First()
	return bytes.Clone(key), bytes.Clone(value)
}

func dropFirst(bucket string) func(tx *bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		key, _ := firstKey(tx, bucket)
		return tx.Bucket([]byte(bucket)).Delete(key)
	}
}

// alter writes the first line of a bucket once more, its key and value changed.
func alter(bucket string, fn func(key, value []byte) ([]byte, []byte)) func(tx *bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		key, value := fn(firstKey(tx, bucket))
		return tx.Bucket([]byte(bucket)).Put(key, value)
	}
}

// otherID gives a key another last byte: another id.
func otherID(key, value []byte) (otherKey, otherValue []byte) {
	key[len(key)-1] ^= 0xff
	return key, value
}

// lastEvent has the first user name another event as its last.
func lastEvent(of func(directory.Seq) directory.Seq) func(tx *bbolt.Tx) error {
	return alter("user", func(k, v []byte) ([]byte, []byte) {
		r, err := store.DecodeRecord(directory.ID(k[4:]), v)
		if err != nil {
			panic(err)
		}
		r.Last = of(r.Last)
		return k, store.EncodeRecord(&r)
	})
}

// unknownPrev has an event name one before it that is not there.
func unknownPrev(k, v []byte) (otherKey, otherValue []byte) {
	e, err := store.DecodeEvent(1, v)
	if err != nil {
		panic(err)
	}
	e.Prev = 1 << 40
	return k, store.EncodeEvent(&e)
}

func purgedUnknown(tx *bbolt.Tx) error {
	key, _ := firstKey(tx, "user")
	return tx.Bucket([]byte("purged")).Put(append(key[:4:4], make([]byte, 16)...), store.SeqKey(1<<40))
}

func TestCheckFindsEveryPlantedFault(t *testing.T) {
	t.Parallel()
	last := func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte("log")).Cursor()
		c.Last() // the bucket that keeps the page
		key, _ := c.Prev()
		return tx.Bucket([]byte("log")).Delete(bytes.Clone(key))
	}
	for name, c := range map[string]struct {
		plant func(tx *bbolt.Tx) error
		want  directory.FaultKind
		where string
	}{
		"a user name that is not listed":     {dropFirst("ix_username"), directory.FaultMissingIndex, "ix_username"},
		"a group name that is not listed":    {dropFirst("ix_gname"), directory.FaultMissingIndex, "ix_gname"},
		"an external id that is not listed":  {dropFirst("ix_extid"), directory.FaultMissingIndex, "ix_extid"},
		"an address that is not listed":      {dropFirst("ix_email"), directory.FaultMissingIndex, "ix_email"},
		"a time that is not listed":          {dropFirst("ix_modified"), directory.FaultMissingIndex, "ix_modified"},
		"a name of nobody":                   {alter("ix_username", otherID), directory.FaultOrphanIndex, "ix_username"},
		"a group name of nobody":             {alter("ix_gname", otherID), directory.FaultOrphanIndex, "ix_gname"},
		"an external id of nobody":           {alter("ix_extid", otherID), directory.FaultOrphanIndex, "ix_extid"},
		"an address of nobody":               {alter("ix_email", otherID), directory.FaultOrphanIndex, "ix_email"},
		"a time of nobody":                   {alter("ix_modified", otherID), directory.FaultOrphanIndex, "ix_modified"},
		"a name that leads to another":       {alter("ix_username", func(k, v []byte) ([]byte, []byte) { v[15] ^= 1; return k, v }), directory.FaultMissingIndex, "ix_username"},
		"a time line that is too short":      {alter("ix_modified", func(k, v []byte) ([]byte, []byte) { return k[:7], v }), directory.FaultUnreadable, "ix_modified"},
		"a member who does not know":         {dropFirst("mg"), directory.FaultLoneEdge, "gm"},
		"a group that does not know":         {dropFirst("gm"), directory.FaultLoneEdge, "mg"},
		"a membership of an unknown id":      {alter("gm", otherID), directory.FaultStrangeEdge, "gm"},
		"a membership in a group of nobody":  {alter("gm", func(k, v []byte) ([]byte, []byte) { k[10] ^= 1; return k, v }), directory.FaultStrangeEdge, "gm"},
		"a membership that cannot be read":   {alter("gm", func(k, _ []byte) ([]byte, []byte) { return k[:10], []byte{1} }), directory.FaultUnreadable, "gm"},
		"a counter that is off":              {alter("count", func(k, v []byte) ([]byte, []byte) { v[7]++; return k, v }), directory.FaultCount, "count"},
		"a missing event":                    {dropFirst("log"), directory.FaultFeedGap, "log"},
		"a missing last event":               {last, directory.FaultFeedGap, "count"},
		"an event outside the history":       {lastEvent(func(directory.Seq) directory.Seq { return 0 }), directory.FaultFeedGap, "log"},
		"an event of another's history":      {lastEvent(func(last directory.Seq) directory.Seq { return last + 1 }), directory.FaultFeedGap, "user"},
		"an event that follows no other":     {alter("log", unknownPrev), directory.FaultFeedGap, "log"},
		"a purged record without events":     {purgedUnknown, directory.FaultFeedGap, "purged"},
		"an event that cannot be read":       {alter("log", func(k, v []byte) ([]byte, []byte) { return k, v[:5] }), directory.FaultUnreadable, "log"},
		"a user that cannot be read":         {alter("user", func(k, _ []byte) ([]byte, []byte) { return k, []byte("?") }), directory.FaultUnreadable, "user"},
		"a user whose JSON is cut":           {alter("user", func(k, v []byte) ([]byte, []byte) { return k, v[:len(v)-1] }), directory.FaultUnreadable, "user"},
		"a group that cannot be read":        {alter("group", func(k, v []byte) ([]byte, []byte) { return k, v[:3] }), directory.FaultUnreadable, "group"},
		"a group in the place of a user":     {func(tx *bbolt.Tx) error { return swap(tx, "user", "group") }, directory.FaultUnreadable, "user"},
		"a deleted record nobody can read":   {alter("deleted", func(k, _ []byte) ([]byte, []byte) { return k, []byte("?") }), directory.FaultUnreadable, "deleted"},
		"a line of a source that is not one": {alter("user", func(k, v []byte) ([]byte, []byte) { k[0] = 9; return k, v }), directory.FaultUnreadable, "user"},
		"a wrong number of members":          {dropBoth, directory.FaultCount, "group"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := sampleFile(t)
			if report := checked(t, path); !report.OK() {
				t.Fatalf("faults before anything was planted: %+v", report.Faults)
			}
			change(t, path, c.plant)
			report := checked(t, path)
			found := false
			for _, f := range report.Faults {
				found = found || f.Kind == c.want && f.Where == c.where && f.Key != "" && f.Detail != ""
			}
			if !found {
				t.Errorf("got %+v, want %s in %s", report.Faults, c.want, c.where)
			}
		})
	}
}

// swap puts the first value of one bucket under the first key of another.
func swap(tx *bbolt.Tx, to, from string) error {
	key, _ := firstKey(tx, to)
	_, value := firstKey(tx, from)
	return tx.Bucket([]byte(to)).Put(key, value)
}

// dropBoth removes the first membership in both directions.
func dropBoth(tx *bbolt.Tx) error {
	key, _ := firstKey(tx, "gm")
	back := append(append(append([]byte(nil), key[:4]...), key[20:]...), key[4:20]...)
	return errors.Join(tx.Bucket([]byte("gm")).Delete(key), tx.Bucket([]byte("mg")).Delete(back))
}

func checked(t *testing.T, path string) directory.Report {
	t.Helper()
	db, s := openDirectory(t, path, bolt.Options{})
	report, err := s.Check(t.Context())
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestABackupUnderLoadRestoresToAConsistentDirectory(t *testing.T) {
	t.Parallel()
	_, s := openDirectory(t, tempFile(t), bolt.Options{NoSync: true})
	team, err := anyGroup(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() { load(ctx, t, s, team) })
	}
	for last := directory.Seq(0); last < 500; {
		if last, err = s.Wait(t.Context(), testSource, last); err != nil {
			t.Fatal(err)
		}
	}
	var before directory.Seq
	var backup bytes.Buffer
	err = errors.Join(
		s.View(t.Context(), testSource, func(tx directory.ReadTx) (err error) { before, err = tx.Last(); return err }),
		s.Backup(t.Context(), &backup),
	)
	stop()
	writers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := tempFile(t)
	report, err := bolt.Restore(t.Context(), elsewhere, &backup)
	if err != nil || !report.OK() || report.Records < 100 {
		t.Fatalf("got %+v and error %v, want a sound directory", report, err)
	}
	_, copied := openDirectory(t, elsewhere, bolt.Options{})
	err = copied.View(t.Context(), testSource, func(tx directory.ReadTx) error {
		last, err := tx.Last()
		if last < before {
			t.Errorf("got event %d, want at least %d", last, before)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// load creates members of the group until ctx ends.
func load(ctx context.Context, t *testing.T, s directory.Store, team directory.ID) {
	for ctx.Err() == nil {
		id, err := directory.NewID(time.Now())
		if err != nil {
			t.Error(err)
			return
		}
		c := directory.Change{At: time.Now(), Puts: []directory.Put{{Record: sample(id)}}, Members: []directory.MemberChange{
			{Group: team, Expect: directory.AnyRevision, Op: directory.AddMembers, Members: []directory.Member{{ID: id}}},
		}}
		if _, err := s.Commit(ctx, testSource, c); err != nil && ctx.Err() == nil {
			t.Error(err)
			return
		}
	}
}

func TestRestoreKeepsWhatIsThereUnlessTheBackupIsSound(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(sampleFile(t))
	if err != nil {
		t.Fatal(err)
	}
	unsound := sampleFile(t)
	change(t, unsound, dropFirst("mg"))
	faulty, err := os.ReadFile(unsound)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		backup []byte
		held   bool
		want   error
	}{
		"a sound backup":           {whole, false, nil},
		"a backup with a fault":    {faulty, false, bolt.ErrBackup},
		"half a backup":            {whole[:5*os.Getpagesize()+100], false, bolt.ErrBackup},
		"a text":                   {[]byte("no backup"), false, bolt.ErrBackup},
		"a file that is in use":    {whole, true, bolt.ErrInUse},
		"a backup with a bad page": {damageRecords(whole), false, bolt.ErrBackup},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := tempFile(t)
			write(t, path, "what was there")
			if c.held {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				openDirectory(t, path, bolt.Options{})
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bolt.Restore(t.Context(), path, bytes.NewReader(c.backup)); !errors.Is(err, c.want) {
				t.Errorf("got error %v, want %v", err, c.want)
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if kept := bytes.Equal(before, after); kept == (c.want == nil) {
				t.Errorf("kept what was there: %v", kept)
			}
			names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
			if diff := cmp.Diff(names, []string{path}); diff != "" || err != nil {
				t.Errorf("files left (-got +want):\n%s, error %v", diff, err)
			}
		})
	}
}

// damageRecords overwrites the kind of all pages with records, in use or free: which is which differs from file to
// file.
func damageRecords(whole []byte) []byte {
	b, size := bytes.Clone(whole), os.Getpagesize()
	for page := 0; page < len(b); page += size {
		if bytes.Contains(b[page:min(page+size, len(b))], []byte("nnnnnnnnnn")) {
			copy(b[page+8:], []byte{0, 0})
		}
	}
	return b
}

func TestABackupStopsWhenItsCallerGoes(t *testing.T) {
	t.Parallel()
	_, s := openDirectory(t, tempFile(t), bolt.Options{NoSync: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of ctx", err)
	}
}
