package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/directory"
)

func recordLife(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	want := user(1, "Anna")
	done := commit(t, s, create(want))
	want.Revision, want.Created, want.Modified, want.Last = 1, noon, noon, 1
	if diff := cmp.Diff(done.Headers, []directory.Header{want.Header}); diff != "" {
		t.Errorf("answer (-got +want):\n%s", diff)
	}
	replaced := user(1, "Berta")
	c := directory.Change{At: noon, By: "test", Puts: []directory.Put{{Record: replaced, Expect: 1, Changed: []string{"userName"}}}}
	commit(t, s, c)
	replaced.Revision, replaced.Created, replaced.Last = 2, noon, 2
	replaced.Modified = noon.Add(time.Millisecond) // it never stands still
	view(t, s, func(tx directory.ReadTx) error {
		got, err := tx.Get(directory.User, newID(1))
		if diff := cmp.Diff(got, replaced); diff != "" {
			t.Errorf("record (-got +want):\n%s", diff)
		}
		_, oldName := tx.Lookup(directory.Index{Kind: directory.User, Field: directory.ByName}, []byte("anna"))
		wantNotFound(t, "the old name", oldName)
		id, err2 := tx.Lookup(directory.Index{Kind: directory.User, Field: directory.ByName}, []byte("berta"))
		if id != newID(1) {
			t.Errorf("got %s under the new name", id)
		}
		return errors.Join(err, err2)
	})
	commit(t, s, remove(directory.User, 1))
	view(t, s, func(tx directory.ReadTx) error {
		_, err := tx.Get(directory.User, newID(1))
		wantNotFound(t, "the deleted record", err)
		n, err := tx.Count(directory.User)
		if n != 0 {
			t.Errorf("got %d records, want none", n)
		}
		return err
	})
	wantSound(t, t.Context(), s)
}

func revisions(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna"), group(2, "team")))
	put := func(expect int64, r directory.Record) error {
		_, err := s.Commit(t.Context(), source, directory.Change{At: noon, Puts: []directory.Put{{Record: r, Expect: expect}}})
		return err
	}
	if e := wantRefused[*directory.RevisionError](t, "a stale put", put(7, user(1, "anna"))); e != nil && e.Got != 1 {
		t.Errorf("got revision %d, want 1", e.Got)
	}
	wantNotFound(t, "a put on nothing", put(1, user(3, "carl")))
	wantNotFound(t, "any revision of nothing", put(directory.AnyRevision, user(3, "carl")))
	wantError[*directory.ConflictError](t, "a second create", put(directory.NotThere, user(1, "other")))
	if err := put(directory.AnyRevision, user(1, "anna2")); err != nil {
		t.Error(err)
	}
	stale := remove(directory.User, 1)
	stale.Deletes[0].Expect = 1
	_, err := s.Commit(t.Context(), source, stale)
	wantError[*directory.RevisionError](t, "a stale delete", err)
	late := members(directory.AddMembers, 2, 1)
	late.Members[0].Expect = 9
	_, err = s.Commit(t.Context(), source, late)
	wantError[*directory.RevisionError](t, "a stale change of members", err)
	_, err = s.Commit(t.Context(), source, members(directory.AddMembers, 5, 1))
	wantNotFound(t, "members of nothing", err)
}

func refusals(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna")))
	_, err := s.Commit(t.Context(), source, create(user(2, "berta"), user(3, "ANNA")))
	wantError[*directory.ConflictError](t, "the second of two", err)
	view(t, s, func(tx directory.ReadTx) error {
		_, err := tx.Get(directory.User, newID(2))
		wantNotFound(t, "the first of two", err)
		last, err := tx.Last()
		if last != 1 {
			t.Errorf("got event %d, want the first only", last)
		}
		return err
	})
	_, err = s.Commit(t.Context(), source, create(user(4, "same"), user(5, "Same")))
	wantError[*directory.ConflictError](t, "two of one name in one change", err)
	_, err = s.Commit(t.Context(), source, create(user(6, string(make([]byte, directory.MaxName+1)))))
	wantError[*directory.ValueError](t, "a name that is too long", err)
	wantSound(t, t.Context(), s)
}

func uniqueNames(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "Anna"), group(2, "Anna")))
	_, err := s.Commit(t.Context(), source, create(user(3, "aNNA")))
	if e := wantRefused[*directory.ConflictError](t, "a user of one name", err); e != nil && (e.Holder != newID(1) || e.Attr != "userName") {
		t.Errorf("got holder %s of %s", e.Holder, e.Attr)
	}
	_, err = s.Commit(t.Context(), source, create(group(4, "ANNA")))
	wantError[*directory.ConflictError](t, "a group of one name", err)
	own := directory.Change{At: noon, Puts: []directory.Put{{Record: user(1, "ANNA"), Expect: 1}}}
	commit(t, s, own) // its own name in other letters is no conflict (RFC 7644 §3.5.1)
	commit(t, s, remove(directory.User, 1))
	commit(t, s, create(user(5, "anna"))) // the name is free at once (RFC 7644 §3.6)
	wantSound(t, t.Context(), s)
}

func concurrentName(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	const crowd = 64
	errs := make([]error, crowd)
	var all sync.WaitGroup
	for n := range crowd {
		all.Go(func() { _, errs[n] = s.Commit(t.Context(), source, create(user(n+1, "Kim"))) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantError[*directory.ConflictError](t, "a loser", err)
		}
	}
	if won != 1 {
		t.Errorf("got %d winners, want 1", won)
	}
	wantSound(t, t.Context(), s)
}

func externalIDs(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	a, b := user(1, "a"), user(2, "b")
	a.ExternalID, b.ExternalID = "same", "same"
	commit(t, s, create(a, b))
	view(t, s, func(tx directory.ReadTx) error {
		var ids []directory.ID
		ix := directory.Index{Kind: directory.User, Field: directory.ByExternalID}
		for e, err := range tx.Range(ix, directory.Span{From: []byte("same"), To: []byte("same\x01")}) {
			if err != nil {
				return err
			}
			ids = append(ids, e.ID)
		}
		wantIDs(t, "both", ids, 1, 2)
		return nil
	})
	c := user(3, "c")
	c.ExternalID = "same"
	change := create(c)
	change.Puts[0].UniqueExternalID = true
	_, err := s.Commit(t.Context(), source, change)
	if e := wantRefused[*directory.ConflictError](t, "a unique one", err); e != nil && e.Attr != "externalId" {
		t.Errorf("got %s, want externalId", e.Attr)
	}
	c.ExternalID = "Same" // RFC 7643 §3.1: caseExact
	change = create(c)
	change.Puts[0].UniqueExternalID = true
	commit(t, s, change)
}

func restores(t *testing.T, open OpenDirectory) {
	s, reopen := open(t)
	commit(t, s, create(user(1, "anna"), user(2, "berta"), group(3, "team"), group(4, "other"), group(5, "gone")))
	for _, g := range []int{3, 4, 5} {
		commit(t, s, members(directory.AddMembers, g, 1, 2))
	}
	commit(t, s, remove(directory.User, 1))
	wantIDs(t, "members without the deleted", membersOf(t, s, 3), 2)
	if h := headerOf(t, s, directory.Group, 3); h.Members != 1 || h.Revision != 3 {
		t.Errorf("got %d members at revision %d, want 1 at 3", h.Members, h.Revision)
	}
	commit(t, s, remove(directory.Group, 4))
	commit(t, s, remove(directory.Group, 5))
	wantIDs(t, "groups of the other", groupsOf(t, s, 2), 3)
	commit(t, s, directory.Change{At: noon, Purges: []directory.Purge{{Kind: directory.Group, ID: newID(5), Edges: 100}}})
	s = reopen()
	commit(t, s, restore(directory.User, 1))
	wantIDs(t, "groups of the restored", groupsOf(t, s, 1), 3)
	commit(t, s, restore(directory.Group, 4))
	wantIDs(t, "members of the restored group", membersOf(t, s, 4), 1, 2)
	if h := headerOf(t, s, directory.Group, 4); h.Members != 2 {
		t.Errorf("got %d members counted, want 2", h.Members)
	}
	_, err := s.Commit(t.Context(), source, restore(directory.Group, 5))
	wantNotFound(t, "what was removed for good", err)
	_, err = s.Commit(t.Context(), source, restore(directory.User, 1))
	wantNotFound(t, "what is not deleted", err)
	wantSound(t, t.Context(), s)
}

func takenNames(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna"), group(2, "team")))
	commit(t, s, remove(directory.User, 1))
	commit(t, s, remove(directory.Group, 2))
	commit(t, s, create(user(3, "Anna"), group(4, "Team")))
	_, err := s.Commit(t.Context(), source, restore(directory.User, 1))
	if e := wantRefused[*directory.ConflictError](t, "the user", err); e != nil && e.Holder != newID(3) {
		t.Errorf("got holder %s, want the new user", e.Holder)
	}
	_, err = s.Commit(t.Context(), source, restore(directory.Group, 2))
	wantError[*directory.ConflictError](t, "the group", err)
	_, err = s.Commit(t.Context(), source, create(user(1, "new")))
	wantError[*directory.ConflictError](t, "an id that is kept", err)
	commit(t, s, remove(directory.User, 3))
	commit(t, s, restore(directory.User, 1))
	wantSound(t, t.Context(), s)
}

func purges(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(group(1, "team")))
	fill(t, s, 1, 100, 25)
	commit(t, s, remove(directory.Group, 1))
	step := directory.Change{At: noon, Purges: []directory.Purge{{Kind: directory.Group, ID: newID(1), Edges: 10}}}
	steps := 1
	for commit(t, s, step).More {
		steps++
		_, err := s.Commit(t.Context(), source, restore(directory.Group, 1))
		wantNotFound(t, "a group that is being removed", err)
		wantSound(t, t.Context(), s)
	}
	if steps != 3 {
		t.Errorf("got %d steps, want 3", steps)
	}
	wantIDs(t, "groups of a former member", groupsOf(t, s, 100))
	_, err := s.Commit(t.Context(), source, step)
	wantNotFound(t, "one step more", err)
	commit(t, s, create(group(1, "again")))
	wantSound(t, t.Context(), s)
}
