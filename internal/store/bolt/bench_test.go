package bolt_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/bolt"
)

// childMeasure makes the test binary a child that opens a directory and measures it.
const childMeasure = "SACBRIDGE_TEST_MEASURE"

// putUser commits one user.
func putUser(ctx context.Context, s directory.Store) error {
	id, err := directory.NewID(time.Now())
	if err != nil {
		return err
	}
	_, err = s.Commit(ctx, testSource, directory.Change{At: time.Now(), Puts: []directory.Put{{Record: sample(id)}}})
	return err
}

// BenchmarkCommitOf64WritersAgainstUpdateOfOne compares the rate of durable creates with that of plain
// bbolt transactions which put as much: the record, five index entries, the event and two counters. They take
// turns, so that a busy disk strikes both.
func BenchmarkCommitOf64WritersAgainstUpdateOfOne(b *testing.B) {
	for b.Loop() {
		_, s := openDirectory(b, tempFile(b), bolt.Options{})
		var single, lone, crowd, ratio []float64
		for range 5 {
			single = append(single, updateRate(b, 500*time.Millisecond))
			lone = append(lone, commitRate(b, s, 1, 500*time.Millisecond))
			crowd = append(crowd, commitRate(b, s, 64, 500*time.Millisecond))
			ratio = append(ratio, crowd[len(crowd)-1]/single[len(single)-1])
		}
		b.ReportMetric(median(single), "update/s")
		b.ReportMetric(median(lone), "commit1/s")
		b.ReportMetric(median(crowd), "commit64/s")
		b.ReportMetric(median(ratio), "ratio")
		const wanted = 8
		word := "met"
		if median(ratio) < wanted {
			word = "MISSED"
		}
		_, _ = fmt.Fprintf(os.Stdout, "%-46s %8.2f  (goal >= %d: %s)  %.0f/s of %.0f/s\n",
			"store commits of 64, of bbolt Update by one", median(ratio), wanted, word, median(crowd), median(single))
	}
}

// updateRate is the baseline: one writer, one bbolt transaction for each user.
func updateRate(b *testing.B, lasting time.Duration) float64 {
	b.Helper()
	db, err := bbolt.Open(tempFile(b), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	}()
	n, start := 0, time.Now()
	for ; time.Since(start) < lasting; n++ {
		if err := db.Update(func(tx *bbolt.Tx) error { return plainPuts(tx, n) }); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(start).Seconds()
}

func plainPuts(tx *bbolt.Tx, n int) error {
	id, err := directory.NewID(time.Now())
	if err != nil {
		return err
	}
	record := sample(id)
	for i, value := range [][]byte{record.JSON, id[:], nil, nil, nil, nil, make([]byte, 60), make([]byte, 8), make([]byte, 8)} {
		bucket, err := tx.CreateBucketIfNotExists(fmt.Appendf(nil, "bucket %d", i))
		if err != nil {
			return err
		}
		key := id[:]
		if i > 0 && i < 4 {
			key = []byte(record.UserName)
		} else if i > 6 {
			key = []byte("count")
		}
		if err := bucket.Put(key, value); err != nil {
			return fmt.Errorf("put %d: %w", n, err)
		}
	}
	return nil
}

func commitRate(b *testing.B, s directory.Store, writers int, lasting time.Duration) float64 {
	b.Helper()
	var all sync.WaitGroup
	counts := make([]int, writers)
	start := time.Now()
	for w := range writers {
		all.Go(func() {
			for time.Since(start) < lasting {
				if err := putUser(b.Context(), s); err != nil {
					b.Error(err)
					return
				}
				counts[w]++
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(start).Seconds()
}

// smallTeam creates a second group of ten members of the first.
func smallTeam(b *testing.B, s directory.Store, team directory.ID) (small, spare directory.ID) {
	b.Helper()
	small, err := directory.NewID(time.Now())
	if err != nil {
		b.Fatal(err)
	}
	add := directory.MemberChange{Group: small, Expect: directory.AnyRevision, Op: directory.AddMembers}
	err = s.View(b.Context(), testSource, func(tx directory.ReadTx) error {
		edges, err := tx.Members(team, directory.ID{}, 50_000)
		for _, e := range edges[len(edges)-10:] {
			add.Members = append(add.Members, directory.Member{ID: e.Member})
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	r := directory.Record{Header: directory.Header{Kind: directory.Group, ID: small, DisplayName: "small"}, JSON: []byte("{}")}
	c := directory.Change{At: time.Now(), Puts: []directory.Put{{Record: r}}, Members: []directory.MemberChange{add}}
	if _, err := s.Commit(b.Context(), testSource, c); err != nil {
		b.Fatal(err)
	}
	return small, add.Members[5].ID
}

// fillTeam creates n users, all members of one group.
func fillTeam(b *testing.B, s directory.Store, n int) directory.ID {
	b.Helper()
	team, err := anyGroup(b.Context(), s)
	if err != nil {
		b.Fatal(err)
	}
	for done := 0; done < n; {
		c := directory.Change{At: time.Now()}
		add := directory.MemberChange{Group: team, Expect: directory.AnyRevision, Op: directory.AddMembers}
		for ; done < n && len(c.Puts) < 5000; done++ {
			id, err := directory.NewID(time.Now())
			if err != nil {
				b.Fatal(err)
			}
			c.Puts = append(c.Puts, directory.Put{Record: sample(id)})
			add.Members = append(add.Members, directory.Member{ID: id})
		}
		c.Members = []directory.MemberChange{add}
		if _, err := s.Commit(b.Context(), testSource, c); err != nil {
			b.Fatal(err)
		}
	}
	return team
}

// BenchmarkMemberOf100000AgainstMemberOf10 compares durable removing and adding of one member, in turns, in
// two groups of one directory.
func BenchmarkMemberOf100000AgainstMemberOf10(b *testing.B) {
	_, s := openDirectory(b, tempFile(b), bolt.Options{})
	large := fillTeam(b, s, 100_000)
	small, member := smallTeam(b, s, large)
	for b.Loop() {
		var few, many []time.Duration
		for range 500 {
			few = append(few, toggle(b, s, small, member))
			many = append(many, toggle(b, s, large, member))
		}
		b.ReportMetric(float64(median(few).Microseconds()), "of10-µs")
		b.ReportMetric(float64(median(many).Microseconds()), "of100000-µs")
		b.ReportMetric(float64(median(many))/float64(median(few)), "ratio")
	}
}

func toggle(b *testing.B, s directory.Store, team, member directory.ID) time.Duration {
	b.Helper()
	start := time.Now()
	for _, op := range []directory.MemberOp{directory.RemoveMembers, directory.AddMembers} {
		done, err := s.Commit(b.Context(), testSource, directory.Change{At: start, Members: []directory.MemberChange{
			{Group: team, Expect: directory.AnyRevision, Op: op, Members: []directory.Member{{ID: member}}},
		}})
		if err != nil || done.Seq == 0 {
			b.Fatalf("nothing changed: %v", err)
		}
	}
	return time.Since(start)
}

func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

func serviceOver(s directory.Store) (*directory.Directory, error) {
	return directory.New(directory.Deps{Store: s, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// BenchmarkPageWalkOver100000 walks all pages of 100 by startIndex: everybody exactly once, and the rate of
// the last tenth of the pages against that of the first.
func BenchmarkPageWalkOver100000(b *testing.B) {
	const users, count = 100_000, 100
	_, s := openDirectory(b, tempFile(b), bolt.Options{NoSync: true})
	fillTeam(b, s, users)
	dir, err := serviceOver(s)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		seen := make(map[directory.ID]bool, users)
		var times []time.Duration
		for at := 1; at <= users; at += count {
			start := time.Now()
			page, err := dir.Query(b.Context(), testSource, directory.Query{Kind: directory.User, Start: at, Count: count, WithGroups: true})
			times = append(times, time.Since(start))
			if err != nil || page.Total != users || len(page.Found) != count {
				b.Fatalf("page at %d: %d of %d records, error %v", at, len(page.Found), page.Total, err)
			}
			for i := range page.Found {
				seen[page.Found[i].ID] = true
			}
		}
		if len(seen) != users {
			b.Fatalf("%d users seen, want %d", len(seen), users)
		}
		tenth := len(times) / 10
		first, last := median(times[:tenth]), median(times[len(times)-tenth:])
		b.ReportMetric(float64(first.Microseconds()), "first-µs")
		b.ReportMetric(float64(last.Microseconds()), "last-µs")
		b.ReportMetric(float64(first)/float64(last), "ratio")
	}
}
