//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/bolt"
)

// writers is how many clients, or committers of the store, write side by side.
const writers = 16

// storeBaseline is the bridge's own store in this process, on the disk that the server writes to: what is left of a
// request without HTTP, SCIM and the access log.
type storeBaseline struct {
	b     *testing.B
	store directory.Store
	users []directory.Record
	next  atomic.Int64 // of the users that are deleted
}

const baselineSource = directory.SourceID("s")

func newStoreBaseline(b *testing.B, users int) *storeBaseline {
	b.Helper()
	db, err := bolt.Open(filepath.Join(b.TempDir(), "baseline.db"), bolt.Options{MmapSize: bolt.DirectoryMmapSize})
	if err != nil {
		b.Fatal(err)
	}
	directoryStore, err := db.Directory()
	if err != nil {
		b.Fatal(err)
	}
	s := &storeBaseline{b: b, store: directoryStore}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	for from := 0; from < users; from += bulkSize {
		c := directory.Change{At: time.Now()}
		for n := from; n < min(from+bulkSize, users); n++ {
			record := s.record(fmt.Sprintf("u%d", n))
			s.users, c.Puts = append(s.users, record), append(c.Puts, directory.Put{Record: record})
		}
		s.commit(c)
	}
	return s
}

// record is what the bridge stores of fullUser.
func (s *storeBaseline) record(name string) directory.Record {
	id, err := directory.NewID(time.Now())
	if err != nil {
		s.b.Fatal(err)
	}
	return directory.Record{
		Header: directory.Header{
			Kind: directory.User, ID: id, UserName: name, ExternalID: "x-" + name, DisplayName: "Given " + name + " Family " + name,
			GivenName: "Given " + name, FamilyName: "Family " + name, Active: true, HasActive: true, UserType: "Employee", Department: "Group Controlling",
			Emails: []directory.Email{{Value: name + "@example.com", Type: "work", Primary: true}},
		},
		JSON: []byte(fullUser(name)),
	}
}

func (s *storeBaseline) commit(c directory.Change) {
	if _, err := s.store.Commit(context.Background(), baselineSource, c); err != nil { //nolint:forbidigo // also after the benchmark's context
		s.b.Error(err)
	}
}

// rate is how many changes a second the writers commit.
func (s *storeBaseline) rate(lasting time.Duration, change func(n int) directory.Change) float64 {
	var all sync.WaitGroup
	var count atomic.Int64
	start := time.Now()
	for range writers {
		all.Go(func() {
			for time.Since(start) < lasting {
				s.commit(change(int(count.Add(1))))
			}
		})
	}
	all.Wait()
	return float64(count.Load()) / time.Since(start).Seconds()
}

// replace is the change of one attribute, by PATCH or PUT.
func (s *storeBaseline) replace(n int) directory.Change {
	record := s.users[rand.IntN(len(s.users)/2)] // the others are deleted
	record.DisplayName = fmt.Sprint("D", n)
	return directory.Change{At: time.Now(), Puts: []directory.Put{{Record: record, Expect: directory.AnyRevision, Changed: []string{"displayName"}}}}
}

// remove deletes one user after the other.
func (s *storeBaseline) remove(int) directory.Change {
	record := s.users[len(s.users)-int(s.next.Add(1))]
	return directory.Change{At: time.Now(), Deletes: []directory.Delete{{Kind: directory.User, ID: record.ID, Expect: directory.AnyRevision}}}
}

const membersOfNew = 100

// group creates a group with members.
func (s *storeBaseline) group(int) directory.Change {
	id, err := directory.NewID(time.Now())
	if err != nil {
		s.b.Fatal(err)
	}
	add := directory.MemberChange{Group: id, Expect: directory.AnyRevision, Op: directory.AddMembers}
	from := rand.IntN(len(s.users)/2 - membersOfNew)
	for _, record := range s.users[from : from+membersOfNew] {
		add.Members = append(add.Members, directory.Member{ID: record.ID})
	}
	record := directory.Record{Header: directory.Header{Kind: directory.Group, ID: id, DisplayName: id.String()}, JSON: []byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]}`)}
	return directory.Change{At: time.Now(), Puts: []directory.Put{{Record: record}}, Members: []directory.MemberChange{add}}
}

// plainUpdates gives the median time of a bbolt transaction that puts as much as a create does: the record, five index
// entries, the event and two counters.
func plainUpdates(b *testing.B, dir string, lasting time.Duration) time.Duration {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "plain.db"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	}()
	var times []time.Duration
	for start := time.Now(); time.Since(start) < lasting; {
		begun := time.Now()
		if err := db.Update(func(tx *bbolt.Tx) error { return plainPuts(tx, fmt.Sprint("plain", len(times))) }); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func plainPuts(tx *bbolt.Tx, name string) error {
	id, err := directory.NewID(time.Now())
	if err != nil {
		return err
	}
	for i, value := range [][]byte{[]byte(fullUser(name)), id[:], nil, nil, nil, nil, make([]byte, 60), make([]byte, 8), make([]byte, 8)} {
		bucket, err := tx.CreateBucketIfNotExists(fmt.Appendf(nil, "bucket %d", i))
		if err != nil {
			return err
		}
		key := id[:]
		switch {
		case i > 0 && i < 4:
			key = []byte(name)
		case i > 6:
			key = []byte("count")
		}
		if err := bucket.Put(key, value); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkWritesAgainstTheStore compares what 16 clients get done with what the store's group commit does of the same
// changes, in turns.
func BenchmarkWritesAgainstTheStore(b *testing.B) {
	const users = 40_000 // the second half is deleted
	r, s := newBenchServer(b, users), newStoreBaseline(b, users)
	var made, deleted atomic.Int64
	some := func() string { return "/Users/" + r.ids[rand.IntN(users/2)] }
	put := func(int, int) []byte {
		n := rand.IntN(users / 2)
		return r.request(http.MethodPut, "/Users/"+r.ids[n], fullUser(fmt.Sprintf("u%d", n))[:1]+fmt.Sprintf(`"nickName":"N%d",`, made.Add(1))+fullUser(fmt.Sprintf("u%d", n))[1:])
	}
	patch := func(int, int) []byte {
		return r.request(http.MethodPatch, some(), patchBody(fmt.Sprintf(`{"op":"replace","path":"displayName","value":"D%d"}`, made.Add(1))))
	}
	remove := func(int, int) []byte {
		return r.request(http.MethodDelete, "/Users/"+r.ids[users-int(deleted.Add(1))], "")
	}
	group := func(int, int) []byte {
		from := rand.IntN(users/2 - membersOfNew)
		return r.request(http.MethodPost, "/Groups", groupBody(fmt.Sprint("G", made.Add(1)), r.ids[from:from+membersOfNew]...))
	}
	const short, usual = 200 * time.Millisecond, 500 * time.Millisecond
	kinds := []struct {
		what    string
		lasting time.Duration
		status  int
		request func(connection, n int) []byte
		change  func(n int) directory.Change
	}{
		{"PATCH, of the store's own commits", usual, http.StatusOK, patch, s.replace},
		{"PUT, of the store's own commits", usual, http.StatusOK, put, s.replace},
		{"DELETE, of the store's own commits", short, http.StatusNoContent, remove, s.remove},
		{"POST group of 100, of the store's own commits", usual, http.StatusCreated, group, s.group},
	}
	var things []func() float64
	for _, k := range kinds {
		things = append(things,
			func() float64 {
				v, err := sendLoad(b.Context(), r.p.ready.Listen, writers, k.lasting, k.status, k.request)
				if err != nil {
					b.Fatal(err)
				}
				return v.rate
			},
			func() float64 { return s.rate(k.lasting, k.change) },
		)
	}
	for b.Loop() {
		rates := measureInTurns(b, 5, things...)
		for i, k := range kinds {
			goal(b, k.what, rates[2*i].of(rates[2*i+1]), ">=", .6, "%.0f/s of %.0f/s", rates[2*i].mid(), rates[2*i+1].mid())
		}
	}
}
