package bolt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
	"sacbridge/internal/store/bolt"
)

// BenchmarkMillionUsersAgainst10000 compares reading by id and by userName, and reports disk against raw JSON,
// the time to open, and the anonymous memory of a process that serves.
func BenchmarkMillionUsersAgainst10000(b *testing.B) {
	for b.Loop() {
		small, large := measure(b, 10_000), measure(b, 1_000_000)
		b.ReportMetric(float64(large.Get)/float64(small.Get), "get-ratio")
		b.ReportMetric(float64(large.Eq)/float64(small.Eq), "eq-ratio")
		b.ReportMetric(large.Disk, "disk/json")
		b.ReportMetric(large.Open.Seconds(), "open-s")
		b.ReportMetric(large.Anonymous, "rss-anon-MB")
		b.ReportMetric(float64(large.Get.Nanoseconds()), "get-ns")
		b.ReportMetric(float64(large.Eq.Nanoseconds()), "eq-ns")
	}
}

// measured is what the child found.
type measured struct {
	Open, Get, Eq time.Duration
	Anonymous     float64 // MB
	Disk          float64 // of the raw JSON
}

// measure loads a file and lets a new process measure it.
func measure(b *testing.B, users int) (m measured) {
	b.Helper()
	path := tempFile(b)
	db, s := openDirectory(b, path, bolt.Options{NoSync: true})
	raw := load1kB(b, s, users)
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childMeasure+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err := errors.Join(err, json.Unmarshal(out, &m)); err != nil {
		b.Fatal(err)
	}
	m.Disk = float64(info.Size()) / float64(raw)
	return m
}

// load1kB creates users one by one in the feed, thousands in a transaction, and gives the bytes of their JSON.
func load1kB(b *testing.B, s directory.Store, users int) (raw int64) {
	b.Helper()
	for done := 0; done < users; {
		c := directory.Change{At: time.Now()}
		for ; done < users && len(c.Puts) < 5000; done++ {
			id, err := directory.NewID(time.Now())
			if err != nil {
				b.Fatal(err)
			}
			record := sample(id)
			raw += int64(len(record.JSON))
			c.Puts = append(c.Puts, directory.Put{Record: record})
		}
		if _, err := s.Commit(b.Context(), testSource, c); err != nil {
			b.Fatal(err)
		}
	}
	return raw
}

// measureHere opens the directory at path, reads 30,000 users by id and by name, writes some, and prints what it measured.
func measureHere(ctx context.Context, path string) error {
	var m measured
	start := time.Now()
	db, err := bolt.Open(path, bolt.Options{MmapSize: bolt.DirectoryMmapSize})
	if err != nil {
		return err
	}
	s, err := db.Directory()
	if err != nil {
		return err
	}
	m.Open = time.Since(start)
	dir, err := serviceOver(s)
	if err != nil {
		return err
	}
	if err := measureReads(ctx, s, dir, &m); err != nil {
		return err
	}
	for range 200 {
		if err := putUser(ctx, s); err != nil {
			return err
		}
	}
	if m.Anonymous, err = anonymous(); err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(os.Stdout).Encode(m), db.Close())
}

func measureReads(ctx context.Context, s directory.Store, dir *directory.Directory, m *measured) error {
	var ids []directory.ID
	err := s.View(ctx, testSource, func(tx directory.ReadTx) error {
		for e, err := range tx.Range(directory.Index{Kind: directory.User, Field: directory.ByID}, directory.Span{}) {
			if err != nil {
				return err
			}
			ids = append(ids, e.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	const reads = 30_000
	var gets, eqs []time.Duration
	for n := range 2 * reads { // the first half warms the page cache up
		id := ids[rand.IntN(len(ids))]
		start := time.Now()
		if _, err := dir.Get(ctx, testSource, directory.User, id, true); err != nil {
			return err
		}
		get := time.Since(start)
		f, err := scim.ParseFilter(scim.User(), `userName eq "USER-`+id.String()+`@example.test"`, scim.Tolerance{})
		if err != nil {
			return err
		}
		start = time.Now()
		page, err := dir.Query(ctx, testSource, directory.Query{Kind: directory.User, Filter: f, Count: 10, WithGroups: true})
		if err != nil || len(page.Found) != 1 {
			return fmt.Errorf("%d users of one name: %w", len(page.Found), err)
		}
		if n >= reads {
			gets, eqs = append(gets, get), append(eqs, time.Since(start))
		}
	}
	m.Get, m.Eq = median(gets), median(eqs)
	return nil
}

// anonymous gives the anonymous memory of this process in MB.
func anonymous() (mb float64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "RssAnon: %f kB", &kb); err == nil {
			return kb / 1024, nil
		}
	}
	return 0, errors.New("the system does not tell the anonymous memory")
}
