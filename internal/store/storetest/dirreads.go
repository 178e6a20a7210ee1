package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/directory"
)

// rangeSpans compares parts of an index with those of a plain list.
func rangeSpans(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	var keys []string
	for n := range 40 {
		keys = append(keys, fmt.Sprintf("u%02d", 2*n)) // so that bounds stand on keys and between them
		commit(t, s, create(user(n+1, keys[n])))
	}
	bound := rapid.Custom(func(rt *rapid.T) []byte {
		if rapid.Bool().Draw(rt, "open") {
			return nil
		}
		return fmt.Appendf(nil, "u%02d", rapid.IntRange(0, 82).Draw(rt, "bound"))
	})
	rapid.Check(t, func(rt *rapid.T) {
		span := directory.Span{
			From: bound.Draw(rt, "from"), To: bound.Draw(rt, "to"), Desc: rapid.Bool().Draw(rt, "desc"),
			Skip: rapid.IntRange(0, 45).Draw(rt, "skip"), Limit: rapid.IntRange(0, 45).Draw(rt, "limit"),
		}
		var want, got []string
		for _, key := range keys {
			if (span.From == nil || key >= string(span.From)) && (span.To == nil || key < string(span.To)) {
				want = append(want, key)
			}
		}
		if span.Desc {
			slices.Reverse(want)
		}
		want = want[min(span.Skip, len(want)):]
		if span.Limit > 0 {
			want = want[:min(span.Limit, len(want))]
		}
		view(t, s, func(tx directory.ReadTx) error {
			for e, err := range tx.Range(directory.Index{Kind: directory.User, Field: directory.ByName}, span) {
				if err != nil {
					return err
				}
				got = append(got, string(e.Key))
			}
			return nil
		})
		if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
			rt.Errorf("%+v (-got +want):\n%s", span, diff)
		}
	})
}

// batches compares what is read at once with what is read one by one.
func batches(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(group(1, "team"), group(2, "other"), group(3, "gone")))
	fill(t, s, 2, 10, 20)
	commit(t, s, members(directory.AddMembers, 1, 12, 15, 2))
	commit(t, s, members(directory.AddMembers, 3, 12))
	commit(t, s, remove(directory.User, 13))
	commit(t, s, remove(directory.Group, 3))
	number := rapid.IntRange(1, 32)
	rapid.Check(t, func(rt *rapid.T) {
		numbers := rapid.SliceOfN(number, 0, 40).Draw(rt, "ids")
		kind := rapid.SampledFrom([]directory.Kind{directory.User, directory.Group}).Draw(rt, "kind")
		ids := make([]directory.ID, len(numbers))
		for i, n := range numbers {
			ids[i] = newID(n)
		}
		team := newID(rapid.IntRange(1, 4).Draw(rt, "group"))
		view(t, s, func(tx directory.ReadTx) error {
			var records []directory.Record
			var headers []directory.Header
			contains := make([]bool, len(ids))
			for i, id := range ids {
				if r, err := tx.Get(kind, id); err == nil {
					records, headers = append(records, r), append(headers, r.Header)
				}
				edges, err := tx.Members(team, directory.ID{}, 100)
				if err != nil {
					return err
				}
				contains[i] = slices.ContainsFunc(edges, func(e directory.MemberEdge) bool { return e.Member == id })
			}
			gotRecords, err1 := tx.Records(kind, ids)
			gotHeaders, err2 := tx.Headers(kind, ids)
			gotContains, err3 := tx.Contains(team, ids)
			diff := cmp.Diff(gotRecords, records, cmpopts.EquateEmpty()) + cmp.Diff(gotHeaders, headers, cmpopts.EquateEmpty()) + cmp.Diff(gotContains, contains)
			if diff != "" {
				rt.Errorf("(-got +want):\n%s", diff)
			}
			return firstOf(err1, err2, err3)
		})
	})
	view(t, s, func(tx directory.ReadTx) error {
		refs, err := tx.Groups(newID(12), directory.ID{}, 10)
		if diff := cmp.Diff(refs, []directory.GroupRef{{ID: newID(1), Display: "team"}, {ID: newID(2), Display: "other"}}); diff != "" {
			t.Errorf("groups (-got +want):\n%s", diff)
		}
		rest, err2 := tx.Groups(newID(12), newID(1), 1)
		if diff := cmp.Diff(rest, refs[1:]); diff != "" {
			t.Errorf("groups after the first (-got +want):\n%s", diff)
		}
		return firstOf(err, err2)
	})
}

func singles(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "Anna"), user(2, "berta"), group(3, "anna")))
	byName := directory.Index{Kind: directory.User, Field: directory.ByName}
	var want directory.Record
	view(t, s, func(tx directory.ReadTx) (err error) {
		want, err = tx.Get(directory.User, newID(1))
		return err
	})
	got, err := s.Get(t.Context(), source, directory.User, newID(1))
	if diff := cmp.Diff(got, want); diff != "" || err != nil {
		t.Errorf("Get: error %v (-got +want):\n%s", err, diff)
	}
	for ix, key := range map[directory.Index]string{
		byName: "anna",
		{Kind: directory.User, Field: directory.ByExternalID}: "xAnna",
		{Kind: directory.User, Field: directory.ByEmail}:      "anna@example.test",
	} {
		got, err := s.Find(t.Context(), source, ix, []byte(key))
		if diff := cmp.Diff(got, want); diff != "" || err != nil {
			t.Errorf("Find %q: error %v (-got +want):\n%s", key, err, diff)
		}
	}
	_, err = s.Get(t.Context(), source, directory.Group, newID(1))
	wantNotFound(t, "a user as group", err)
	_, err = s.Get(t.Context(), "okta", directory.User, newID(1))
	wantNotFound(t, "another source's user", err)
	_, err = s.Find(t.Context(), source, byName, []byte("ann"))
	wantNotFound(t, "the beginning of a name", err)
	_, err = s.Find(t.Context(), "okta", byName, []byte("anna"))
	wantNotFound(t, "another source's name", err)
	if _, err := s.Commit(t.Context(), "aad", create(user(1, "anna"))); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Sources(t.Context()); !slices.Equal(all, []directory.SourceID{"aad", source}) || err != nil {
		t.Errorf("Sources: got %v, %v, want both that were written to", all, err)
	}
}
