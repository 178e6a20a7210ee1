package directory_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

func TestAnyQueryGivesWhatAPlainSearchGives(t *testing.T) {
	t.Parallel()
	all := newSamples(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := all[rapid.IntRange(0, len(all)-1).Draw(rt, "sample")]()
		q := directory.Query{Kind: rapid.SampledFrom([]directory.Kind{directory.User, directory.Group}).Draw(rt, "kind")}
		var err error
		if rapid.Bool().Draw(rt, "filtered") {
			text := w.filter(rt, q.Kind, 2)
			if q.Filter, err = scim.ParseFilter(directory.TypeOf(q.Kind), text, scim.Lenient()); err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
		}
		by := rapid.SampledFrom([]string{"", "id", "displayName", "userName", "meta.lastModified", "title"}).Draw(rt, "by")
		if q.Kind == directory.Group && (by == "userName" || by == "title") {
			by = ""
		}
		if q.Sort, err = scim.ParseSort(directory.TypeOf(q.Kind), by, rapid.SampledFrom([]string{"ascending", "descending"}).Draw(rt, "order")); err != nil {
			rt.Fatal(err)
		}
		want := w.oracle(q.Kind, q.Filter, q.Sort)
		q.Count = rapid.IntRange(1, 70).Draw(rt, "count")
		q.ByCursor = rapid.Bool().Draw(rt, "by cursor")
		got := w.pages(t, rt, q, len(want))
		if diff := differs(got, want, q.Sort); diff != "" {
			rt.Errorf("%v by %q (-got +want):\n%s", q.Filter, by, diff)
		}
	})
}

// pages walks through all pages of a query, by number or by cursor.
func (w *sample) pages(t testing.TB, rt *rapid.T, q directory.Query, total int) (ids []directory.ID) {
	t.Helper()
	for q.Start = 1; ; {
		page, err := w.dir.Query(t.Context(), entra, q)
		if err != nil {
			rt.Fatal(err)
		}
		if page.Total != total || page.Start != len(ids)+1 {
			rt.Fatalf("got total %d and start %d, want %d and %d", page.Total, page.Start, total, len(ids)+1)
		}
		for i := range page.Found {
			ids = append(ids, page.Found[i].ID)
		}
		if q.ByCursor && page.Next == "" || !q.ByCursor && len(page.Found) < q.Count {
			return ids
		}
		q.Cursor, q.Start = page.Next, q.Start+len(page.Found)
	}
}

func TestPagesOutsideTheResults(t *testing.T) {
	t.Parallel()
	w := newSample(t)
	for name, c := range map[string]struct {
		start, count, wantStart, wantFound int
	}{
		"count 0 gives the total alone":       {1, 0, 1, 0},
		"a negative count is 0":               {1, -5, 1, 0},
		"a start below 1 is 1":                {-3, 2, 1, 2},
		"behind the end there is an empty":    {61, 10, 61, 0},
		"far behind the end there is nothing": {1 << 40, 10, 1 << 40, 0},
		"the last page is short":              {56, 10, 56, 5},
	} {
		page, err := w.dir.Query(t.Context(), entra, directory.Query{Kind: directory.User, Start: c.start, Count: c.count})
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != 60 || page.Start != c.wantStart || len(page.Found) != c.wantFound {
			t.Errorf("%s: got total %d, start %d and %d records", name, page.Total, page.Start, len(page.Found))
		}
	}
}

func TestAQueryBeyondItsBudgetIsRefused(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{Budget: 20, MaxSort: 10})
	for n := range 25 {
		createUser(t, dir, fmt.Sprintf(`{"userName":"user%d","title":"t"}`, n))
	}
	for text, refused := range map[string]bool{
		`title eq "t"`:                           true,
		`userName sw "user"`:                     true,
		`userName sw "user1"`:                    false,
		`userName eq "user3" and title eq "t"`:   false,
		`userName eq "user3" or title eq "t"`:    true,
		`userName eq "a" or userName eq "user9"`: false,
	} {
		f, err := scim.ParseFilter(scim.User(), text, scim.Tolerance{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = dir.Query(t.Context(), entra, directory.Query{Kind: directory.User, Filter: f, Count: 5})
		if errors.Is(err, directory.ErrTooMany) != refused {
			t.Errorf("%s: got error %v, want a refusal: %v", text, err, refused)
		}
	}
}

func TestACursorServesItsOwnQueryOnly(t *testing.T) {
	t.Parallel()
	w := newSample(t)
	q := directory.Query{Kind: directory.User, Count: 10, ByCursor: true}
	page, err := w.dir.Query(t.Context(), entra, q)
	if err != nil || page.Next == "" {
		t.Fatalf("got cursor %q and error %v", page.Next, err)
	}
	for name, c := range map[string]directory.Query{
		"another kind":     {Kind: directory.Group, Count: 10, ByCursor: true, Cursor: page.Next},
		"no base64":        {Kind: directory.User, Count: 10, ByCursor: true, Cursor: "?"},
		"half of it":       {Kind: directory.User, Count: 10, ByCursor: true, Cursor: page.Next[:len(page.Next)/2]},
		"something longer": {Kind: directory.User, Count: 10, ByCursor: true, Cursor: strings.Repeat("A", 60)},
	} {
		if _, err := w.dir.Query(t.Context(), entra, c); !errors.Is(err, directory.ErrCursor) {
			t.Errorf("%s: got error %v, want ErrCursor", name, err)
		}
	}
}

func TestAPageByCursorIsNotMovedByChanges(t *testing.T) {
	t.Parallel()
	w := newSample(t)
	q := directory.Query{Kind: directory.User, Count: 20, ByCursor: true}
	first, err := w.dir.Query(t.Context(), entra, q)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if err := w.dir.Delete(t.Context(), entra, directory.User, first.Found[i].ID, directory.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	q.Cursor = first.Next
	second, err := w.dir.Query(t.Context(), entra, q)
	if err != nil || len(second.Found) != 20 || second.Found[0].ID != w.users[20].ID {
		t.Errorf("got %d records and error %v, want the 21st first", len(second.Found), err)
	}
}

func FuzzCursor(f *testing.F) {
	w := newSample(f)
	q := directory.Query{Kind: directory.User, Count: 5, ByCursor: true}
	page, err := w.dir.Query(f.Context(), entra, q)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page.Next)
	f.Add("")
	f.Add(page.Next[:len(page.Next)-3])
	f.Add(page.Next + "AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		asked := q
		asked.Cursor = cursor
		page, err := w.dir.Query(t.Context(), entra, asked)
		if err != nil && !errors.Is(err, directory.ErrCursor) {
			t.Errorf("%q: got %v", cursor, err)
		}
		if err == nil && len(page.Found) > asked.Count {
			t.Errorf("%q: got %d records", cursor, len(page.Found))
		}
	})
}
