package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/directory"
)

func feedOrder(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	const writers, each = 16, 20
	var all sync.WaitGroup
	seen := make([][]directory.Seq, writers)
	for w := range writers {
		all.Go(func() {
			for n := range each {
				done, err := s.Commit(t.Context(), source, create(user(1+w*each+n, fmt.Sprintf("u%d-%d", w, n))))
				if err != nil {
					t.Error(err)
					return
				}
				seen[w] = append(seen[w], done.Seq)
			}
		})
	}
	all.Wait()
	var events []directory.Event
	view(t, s, func(tx directory.ReadTx) (err error) {
		events, err = tx.Log(0, 1000)
		return err
	})
	if len(events) != writers*each {
		t.Fatalf("got %d events, want %d", len(events), writers*each)
	}
	for n, e := range events {
		if e.Seq != directory.Seq(n+1) {
			t.Fatalf("got event %d in place %d", e.Seq, n+1)
		}
	}
	for w, seqs := range seen {
		for n, seq := range seqs {
			if events[seq-1].ID != newID(1+w*each+n) || n > 0 && seq <= seqs[n-1] {
				t.Errorf("writer %d was told event %d for its write %d", w, seq, n)
			}
		}
	}
}

func histories(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna"), group(2, "team")))
	commit(t, s, members(directory.AddMembers, 2, 1))
	commit(t, s, remove(directory.User, 1))
	commit(t, s, restore(directory.User, 1))
	var got []directory.Event
	view(t, s, func(tx directory.ReadTx) (err error) {
		got, err = tx.History(newID(1), 0, 10)
		return err
	})
	var ops []string
	for _, e := range got {
		ops = append(ops, e.Op.String()+" by "+e.By)
	}
	if diff := cmp.Diff(ops, []string{"restored by test", "deleted by test", "created by test"}); diff != "" {
		t.Errorf("user (-got +want):\n%s", diff)
	}
	view(t, s, func(tx directory.ReadTx) error {
		events, err := tx.History(newID(2), got[0].Seq, 1)
		if len(events) != 1 {
			t.Fatalf("got %d events of the group, want 1", len(events))
		}
		wantIDs(t, "who left the group", events[0].Removed, 1)
		return err
	})
}

func trims(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	for n := range 5 {
		c := create(user(n+1, fmt.Sprint("u", n)))
		c.At = noon.Add(time.Duration(n) * time.Hour)
		commit(t, s, c)
	}
	more, err := s.Trim(t.Context(), source, noon.Add(3*time.Hour), 2)
	if !more || err != nil {
		t.Errorf("got more %v and error %v, want more", more, err)
	}
	if more, err = s.Trim(t.Context(), source, noon.Add(3*time.Hour), 2); more || err != nil {
		t.Errorf("got more %v and error %v, want the end", more, err)
	}
	view(t, s, func(tx directory.ReadTx) error {
		if _, err := tx.Log(2, 10); !errors.Is(err, directory.ErrTrimmed) {
			t.Errorf("got %v, want ErrTrimmed", err)
		}
		events, err := tx.Log(3, 10)
		if len(events) != 2 || events[0].Seq != 4 {
			t.Errorf("got %d events, want 4 and 5", len(events))
		}
		old, err2 := tx.History(newID(1), 0, 10)
		if len(old) != 0 {
			t.Errorf("got %d events of a forgotten time", len(old))
		}
		return firstOf(err, err2)
	})
	if done := commit(t, s, create(user(9, "new"))); done.Seq != 6 {
		t.Errorf("got event %d, want 6", done.Seq)
	}
	wantSound(t, t.Context(), s)
}

func waits(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna")))
	if last, err := s.Wait(t.Context(), source, 0); last != 1 || err != nil {
		t.Errorf("got %d and error %v, want 1 at once", last, err)
	}
	told := make(chan directory.Seq, 1)
	go func() {
		last, err := s.Wait(t.Context(), source, 1)
		if err != nil {
			t.Error(err)
		}
		told <- last
	}()
	commit(t, s, create(user(2, "berta")))
	if last := <-told; last != 2 {
		t.Errorf("got %d, want 2", last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ends := make(chan error, 1)
	go func() {
		_, err := s.Wait(ctx, source, 2)
		ends <- err
	}()
	cancel()
	if err := <-ends; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of ctx", err)
	}
}

func readerAhead(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna")))
	ahead := func(source directory.SourceID, after directory.Seq) {
		t.Helper()
		if _, err := s.Wait(t.Context(), source, after); !errors.Is(err, directory.ErrAhead) {
			t.Errorf("Wait of %s after %d: got %v, want ErrAhead", source, after, err)
		}
		err := s.View(t.Context(), source, func(tx directory.ReadTx) error {
			_, err := tx.Log(after, 10)
			return err
		})
		if !errors.Is(err, directory.ErrAhead) {
			t.Errorf("Log of %s after %d: got %v, want ErrAhead", source, after, err)
		}
	}
	ahead(source, 2)
	ahead("nobody", 1)
	view(t, s, func(tx directory.ReadTx) error {
		events, err := tx.Log(1, 10)
		if len(events) != 0 {
			t.Errorf("after the last: got %d events, want none", len(events))
		}
		return err
	})
}

func snapshots(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna")))
	view(t, s, func(tx directory.ReadTx) error {
		if _, err := tx.Last(); err != nil { // the snapshot is there from the first read on at the latest
			return err
		}
		done := make(chan error)
		go func() {
			_, err := s.Commit(t.Context(), source, create(user(2, "berta")))
			done <- err
		}()
		if err := <-done; err != nil {
			return err
		}
		_, err := tx.Get(directory.User, newID(2))
		wantNotFound(t, "what came later", err)
		n, err := tx.Count(directory.User)
		if n != 1 {
			t.Errorf("got %d users, want 1", n)
		}
		return err
	})
	headerOf(t, s, directory.User, 2)
}

func cancels(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Commit(ctx, source, create(user(1, "anna")))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Commit: got %v", err)
	}
	if err := s.View(ctx, source, func(directory.ReadTx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("View: got %v", err)
	}
	if _, err := s.Get(ctx, source, directory.User, newID(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: got %v", err)
	}
	if _, err := s.Find(ctx, source, directory.Index{Kind: directory.User, Field: directory.ByName}, []byte("anna")); !errors.Is(err, context.Canceled) {
		t.Errorf("Find: got %v", err)
	}
	if _, err := s.Sources(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Sources: got %v", err)
	}
	view(t, s, func(tx directory.ReadTx) error {
		_, err := tx.Get(directory.User, newID(1))
		wantNotFound(t, "the user", err)
		return nil
	})
}

func isolation(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna"), group(2, "team")))
	const other directory.SourceID = "okta"
	if _, err := s.Commit(t.Context(), other, create(user(3, "Anna"), group(4, "Team"))); err != nil {
		t.Fatalf("a name of another source: %v", err)
	}
	_, err := s.Commit(t.Context(), other, remove(directory.User, 1))
	wantNotFound(t, "deleting another's user", err)
	_, err = s.Commit(t.Context(), other, members(directory.AddMembers, 4, 1))
	wantError[*directory.UnknownMembersError](t, "another's user as member", err)
	err = s.View(t.Context(), other, func(tx directory.ReadTx) error {
		_, err := tx.Get(directory.User, newID(1))
		wantNotFound(t, "another's user", err)
		last, err := tx.Last()
		if last != 2 {
			t.Errorf("got event %d, want 2 of its own", last)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), "nobody", func(tx directory.ReadTx) error {
		for r, err := range tx.Scan(directory.User, directory.ID{}, false) {
			t.Errorf("a source without a write has user %s, error %v", r.ID, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantSound(t, t.Context(), s)
}

func reopening(t *testing.T, open OpenDirectory) {
	s, reopen := open(t)
	commit(t, s, create(user(1, "anna"), group(2, "team")))
	commit(t, s, members(directory.AddMembers, 2, 1))
	s = reopen()
	wantIDs(t, "members", membersOf(t, s, 2), 1)
	if done := commit(t, s, create(user(3, "berta"))); done.Seq != 4 {
		t.Errorf("got event %d, want 4", done.Seq)
	}
	wantSound(t, t.Context(), s)
}

func closing(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna")))
	waiting := make(chan error, 1)
	go func() {
		_, err := s.Wait(t.Context(), source, 1)
		waiting <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; err == nil {
		t.Error("Wait went on")
	}
	if _, err := s.Commit(t.Context(), source, create(user(2, "berta"))); err == nil {
		t.Error("Commit went on")
	}
	if err := s.View(t.Context(), source, func(directory.ReadTx) error { return nil }); err == nil {
		t.Error("View went on")
	}
	if _, err := s.Get(t.Context(), source, directory.User, newID(1)); err == nil || errors.Is(err, directory.ErrNotFound) {
		t.Errorf("Get went on: %v", err)
	}
	if _, err := s.Sources(t.Context()); err == nil {
		t.Error("Sources went on")
	}
}
