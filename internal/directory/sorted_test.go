package directory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// Trial 16: sorting by what no index orders gives the same at every size, whatever page is asked for first, in either
// order, by number or by cursor, and while others write.
func TestSortingHoldsAtEverySize(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{Budget: 100, MaxSort: 7})
	r := rand.New(rand.NewPCG(16, 16))
	var ids []directory.ID
	for n := range 150 {
		title := []string{"", fmt.Sprintf(`,"title":"t%d"`, r.IntN(20)), fmt.Sprintf(`,"title":"T%d"`, r.IntN(20)), `,"title":"` + strings.Repeat("x", 5000) + `"`}[r.IntN(4)]
		ids = append(ids, createUser(t, dir, fmt.Sprintf(`{"userName":"u%d"%s}`, n, title)).ID)
	}
	for _, order := range []string{"ascending", "descending"} {
		by, err := scim.ParseSort(scim.User(), "title", order)
		if err != nil {
			t.Fatal(err)
		}
		want := sortedIDs(t, dir, by)
		for range 60 {
			q := directory.Query{Kind: directory.User, Sort: by, Start: 1 + r.IntN(len(want)+5), Count: r.IntN(40)}
			comparePage(t, dir, q, want)
			if r.IntN(4) == 0 {
				n := r.IntN(len(ids))
				body := fmt.Sprintf(`{"userName":"u%d","title":"t%d"}`, n, r.IntN(20))
				if _, err := dir.Replace(t.Context(), entra, ids[n], resource(t, scim.User(), body), directory.WriteOptions{}); err != nil {
					t.Fatal(err)
				}
				want = sortedIDs(t, dir, by)
			}
		}
		var all []directory.ID
		for q := (directory.Query{Kind: directory.User, Sort: by, Count: 11, ByCursor: true}); ; {
			page, err := dir.Query(t.Context(), entra, q)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page.Found {
				all = append(all, page.Found[i].ID)
			}
			if q.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		if !slices.Equal(all, want) {
			t.Errorf("%s by cursor: got %d in another order than wanted", order, len(all))
		}
	}
}

// sortedIDs reads all users and sorts them here.
func sortedIDs(t *testing.T, dir *directory.Directory, by *scim.Sort) []directory.ID {
	t.Helper()
	page, err := dir.Query(t.Context(), entra, directory.Query{Kind: directory.User, Count: 1000})
	if err != nil {
		t.Fatal(err)
	}
	keys := map[directory.ID]scim.SortKey{}
	var ids []directory.ID
	for i := range page.Found {
		res, err := page.Found[i].Resource()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, page.Found[i].ID)
		keys[page.Found[i].ID] = by.Key(res)
	}
	slices.SortStableFunc(ids, func(a, b directory.ID) int { return by.Compare(keys[a], keys[b]) })
	return ids
}

func comparePage(t *testing.T, dir *directory.Directory, q directory.Query, want []directory.ID) {
	t.Helper()
	page, err := dir.Query(t.Context(), entra, q)
	if err != nil {
		t.Fatal(err)
	}
	rest := want[min(q.Start-1, len(want)):]
	rest = rest[:min(q.Count, len(rest))]
	var got []directory.ID
	for i := range page.Found {
		got = append(got, page.Found[i].ID)
	}
	if page.Total != len(want) || page.Start != q.Start || !slices.Equal(got, rest) {
		t.Errorf("start %d, count %d: got total %d, start %d and %d ids, want %d and %d ids in order", q.Start, q.Count, page.Total, page.Start, len(got), len(want), len(rest))
	}
}

// Trial 16: the refusal of a filter names a cure that fits who wants everything.
func TestAFilterThatReadsTooMuchNamesACure(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{Budget: 5})
	for n := range 8 {
		createUser(t, dir, fmt.Sprintf(`{"userName":"u%d","title":"t"}`, n))
	}
	f, err := scim.ParseFilter(scim.User(), `title eq "t"`, scim.Tolerance{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = dir.Query(t.Context(), entra, directory.Query{Kind: directory.User, Filter: f, Count: 5})
	if err == nil || !strings.Contains(err.Error(), "without a filter") {
		t.Errorf("got %v, want it to name the way to read everything", err)
	}
}
