package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/directory"
)

// OpenDirectory gives an empty store and a function that closes whatever is open and opens the same store
// again, as another process would. What is open at the end of the test is closed by t.Cleanup.
type OpenDirectory func(t testing.TB) (s directory.Store, reopen func() directory.Store)

const source directory.SourceID = "entra"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Directory runs the contract of directory.Store.
func Directory(t *testing.T, open OpenDirectory) {
	for name, run := range map[string]func(*testing.T, OpenDirectory){
		"a record is created, read, replaced and deleted":        recordLife,
		"a change finds the revision it expects or is refused":   revisions,
		"a refused change leaves nothing behind":                 refusals,
		"names are unique without letter case":                   uniqueNames,
		"of 64 creators of one name exactly one wins":            concurrentName,
		"an externalId is unique only where that is asked for":   externalIDs,
		"a deleted record comes back with its memberships":       restores,
		"a restore is refused when the name is taken again":      takenNames,
		"a deleted group is removed for good in steps":           purges,
		"members come and go in both directions":                 memberships,
		"members are replaced by their difference":               memberSets,
		"a group of 20,000 members is filled and thinned":        largeGroup,
		"unknown members are refused or dropped":                 unknownMembers,
		"an index lists in the order of bytes, both ways":        rangeOrder,
		"a part of an index leaves out what it is told to":       rangeSpans,
		"many are read as one by one":                            batches,
		"one record is read without a snapshot":                  singles,
		"a reader ahead of the feed is told":                     readerAhead,
		"the feed has no gaps and follows the commits":           feedOrder,
		"a record's history is its events, the newest first":     histories,
		"old events are forgotten, and a reader is told":         trims,
		"Wait returns when something happens, or ctx ends":       waits,
		"a snapshot does not change":                             snapshots,
		"a cancelled caller gets its error and changes nothing":  cancels,
		"sources do not see each other":                          isolation,
		"what was acknowledged is there after reopening":         reopening,
		"a closed store refuses":                                 closing,
		"it agrees with a plain map after any series of changes": modelled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open)
		})
	}
}

// newID makes ids that sort as they were made.
func newID(n int) directory.ID {
	id, err := directory.ParseID(fmt.Sprintf("019c0000-0000-7000-8000-%012x", n))
	if err != nil {
		panic(err)
	}
	return id
}

func user(n int, name string) directory.Record {
	return directory.Record{
		Header: directory.Header{
			Kind: directory.User, ID: newID(n), UserName: name, DisplayName: "Display " + name, ExternalID: "x" + name, Active: true,
			Emails: []directory.Email{{Value: name + "@Example.Test", Type: "work", Primary: true}},
		},
		JSON: fmt.Appendf(nil, `{"userName":%q}`, name),
	}
}

func group(n int, name string) directory.Record {
	return directory.Record{
		Header: directory.Header{Kind: directory.Group, ID: newID(n), DisplayName: name},
		JSON:   fmt.Appendf(nil, `{"displayName":%q}`, name),
	}
}

func create(records ...directory.Record) directory.Change {
	c := directory.Change{At: noon, By: "test"}
	for _, r := range records {
		c.Puts = append(c.Puts, directory.Put{Record: r, Expect: directory.NotThere})
	}
	return c
}

func members(op directory.MemberOp, group int, ids ...int) directory.Change {
	m := directory.MemberChange{Group: newID(group), Expect: directory.AnyRevision, Op: op}
	for _, id := range ids {
		m.Members = append(m.Members, directory.Member{ID: newID(id)})
	}
	return directory.Change{At: noon, By: "test", Members: []directory.MemberChange{m}}
}

func remove(kind directory.Kind, id int) directory.Change {
	return directory.Change{At: noon, By: "test", Deletes: []directory.Delete{{Kind: kind, ID: newID(id), Expect: directory.AnyRevision}}}
}

func restore(kind directory.Kind, id int) directory.Change {
	return directory.Change{At: noon, By: "test", Restores: []directory.Restore{{Kind: kind, ID: newID(id)}}}
}

func commit(t testing.TB, s directory.Store, c directory.Change) directory.Committed {
	t.Helper()
	done, err := s.Commit(t.Context(), source, c)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func view(t testing.TB, s directory.Store, fn func(tx directory.ReadTx) error) {
	t.Helper()
	if err := s.View(t.Context(), source, fn); err != nil {
		t.Fatal(err)
	}
}

func headerOf(t testing.TB, s directory.Store, kind directory.Kind, id int) (h directory.Header) {
	t.Helper()
	view(t, s, func(tx directory.ReadTx) (err error) {
		h, err = tx.Header(kind, newID(id))
		return err
	})
	return h
}

func membersOf(t testing.TB, s directory.Store, group int) (ids []directory.ID) {
	t.Helper()
	view(t, s, func(tx directory.ReadTx) error {
		edges, err := tx.Members(newID(group), directory.ID{}, 1<<20)
		for _, e := range edges {
			ids = append(ids, e.Member)
		}
		return err
	})
	return ids
}

func groupsOf(t testing.TB, s directory.Store, member int) (ids []directory.ID) {
	t.Helper()
	view(t, s, func(tx directory.ReadTx) error {
		refs, err := tx.Groups(newID(member), directory.ID{}, 1<<20)
		for _, ref := range refs {
			ids = append(ids, ref.ID)
		}
		return err
	})
	return ids
}

// wantIDs compares a list of ids with numbers.
func wantIDs(t testing.TB, what string, got []directory.ID, want ...int) {
	t.Helper()
	ids := make([]directory.ID, len(want))
	for i, n := range want {
		ids[i] = newID(n)
	}
	if diff := cmp.Diff(got, ids, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-got +want):\n%s", what, diff)
	}
}

// wantRefused compares an error with a sentinel, or with the type of an error.
func wantRefused[E error](t testing.TB, what string, err error) (found E) {
	t.Helper()
	found, ok := errors.AsType[E](err)
	if !ok {
		t.Errorf("%s: got error %v, want %T", what, err, found)
	}
	return found
}

// wantError is wantRefused for tests that look no further.
func wantError[E error](t testing.TB, what string, err error) {
	t.Helper()
	if found, ok := errors.AsType[E](err); !ok {
		t.Errorf("%s: got error %v, want %T", what, err, found)
	}
}

func wantNotFound(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("%s: got error %v, want ErrNotFound", what, err)
	}
}

// wantSound checks the whole store.
func wantSound(t testing.TB, ctx context.Context, s directory.Store) {
	t.Helper()
	report, err := s.Check(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report.Faults, []directory.Fault(nil)); diff != "" {
		t.Errorf("faults (-got +want):\n%s", diff)
	}
}
