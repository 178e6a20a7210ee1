package directory_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"sacbridge/internal/directory"
	"sacbridge/internal/identity/scim"
)

// town is a small directory and everything in it, for the oracle.
type town struct {
	dir    *directory.Directory
	users  []directory.Found
	groups []directory.Found
}

// letters starts names with letters that foldings of different kinds treat differently: ß, the dotted and dotless i, the
// Kelvin and the long s, final sigma, full-width, composed and decomposed ones, the iota that is a mark.
var letters = []string{
	"Anna", "berta", "ÇELIK", "Straße", "STRASSE", "\u0130lker", "\u0131lgaz", "\u212aim", "\u017fam",
	"Σίσυφος", "\uff21nna", "\u00c9va", "E\u0301va", "\u1fb3", "\u03b1\u0345", "\ufb01n", "\u01c5",
}

// newTown makes 60 users and 8 groups of every kind that filters tell apart.
func newTown(t testing.TB) *town {
	t.Helper()
	w := &town{dir: open(t, directory.Deps{Budget: 1000, MaxSort: 1000})}
	for n := range 60 {
		body := fmt.Sprintf(`{"userName":"%s%d@x.example","externalId":"e%d","displayName":"%s","title":"t%d","active":%t,
			"name":{"givenName":"G%d","familyName":"F%d"},
			"emails":[{"value":"%s%d@x.example","type":"work","primary":%t},{"value":"m%d@home.example","type":"home"%s}],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D%d"}}`,
			letters[n%len(letters)], n, n%20, []string{"One", "two", "", letters[n%len(letters)]}[n%4], n%4, n%5 != 0, n%3, n%7, []string{"M", letters[n%len(letters)]}[n%2], n%30, n%2 == 0, n, []string{"", `,"display":"priv"`}[n%2], n%4)
		createUser(t, w.dir, body)
	}
	w.users = w.all(t, directory.User)
	for n := range 8 {
		g := createGroup(t, w.dir, fmt.Sprintf("Team %d", n))
		var ops []scim.MemberOp
		for i := n; i < len(w.users); i += n + 2 {
			ops = append(ops, scim.MemberOp{Kind: scim.AddMembers, Members: []scim.Member{{Value: w.users[i].ID.String()}}})
		}
		if _, err := w.dir.PatchMembers(t.Context(), entra, g.ID, ops, directory.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	w.users, w.groups = w.all(t, directory.User), w.all(t, directory.Group)
	return w
}

func (w *town) all(t testing.TB, kind directory.Kind) []directory.Found {
	t.Helper()
	page, err := w.dir.Query(t.Context(), entra, directory.Query{Kind: kind, Count: 1000, WithGroups: true})
	if err != nil {
		t.Fatal(err)
	}
	return page.Found
}

// tree gives a record with its memberships as one plain tree.
func (w *town) tree(t testing.TB, f *directory.Found) *scim.Resource {
	t.Helper()
	res, err := f.Resource()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range f.Groups {
		list, _ := res.Attrs["groups"].([]any)
		res.Attrs["groups"] = append(list, map[string]any{"value": g.ID.String(), "display": g.Display, "type": "direct"})
	}
	edges, err := w.dir.Members(t.Context(), entra, f.ID, directory.ID{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edges {
		res.Members = append(res.Members, scim.Member{Value: e.Member.String(), Type: e.Kind.String(), Display: e.Display})
	}
	return res
}

// plain shows all attributes of a tree, members included, and knows nothing of indexes.
type plain struct{ *scim.Resource }

// Attribute implements scim.View.
func (p plain) Attribute(ref *scim.Ref) any {
	if ref.Whole().Name != "members" {
		return p.Resource.Attribute(ref)
	}
	var list []any
	for _, m := range p.Members {
		one := map[string]any{"value": m.Value, "type": m.Type}
		if m.Display != "" {
			one["display"] = m.Display
		}
		list = append(list, one)
	}
	if list == nil {
		return nil
	}
	return list
}

// term draws a condition; those that an index serves and those that none does.
func (w *town) term(rt *rapid.T, kind directory.Kind) string {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(rt, "of") }
	n := rapid.IntRange(0, 62).Draw(rt, "n")
	someone, group := w.users[n%len(w.users)], w.groups[n%len(w.groups)]
	at := someone.Modified.Add(time.Duration(rapid.IntRange(-1, 1).Draw(rt, "off")) * time.Millisecond).Format("2006-01-02T15:04:05.000Z")
	letter := rapid.SampledFrom(letters).Draw(rt, "letter")
	letter = pick(letter, letter, strings.ToUpper(letter), strings.ToLower(letter), scim.Fold(letter), norm.NFKC.String(letter))
	common := []string{
		fmt.Sprintf(`meta.lastModified %s "%s"`, pick("gt", "ge", "lt", "le", "eq", "ne"), at),
		fmt.Sprintf(`id %s "%s"`, pick("eq", "ne", "sw"), pick(someone.ID.String(), group.ID.String(), "nonsense")),
		fmt.Sprintf(`displayName %s "%s"`, pick("eq", "sw", "co", "ne"), pick("one", "TWO", "team 3", "Team", letter)),
		"externalId pr",
	}
	if kind == directory.Group {
		return pick(append(common,
			fmt.Sprintf(`members eq "%s"`, someone.ID), fmt.Sprintf(`members[value eq "%s"]`, someone.ID), "members pr", `members.display sw "o"`)...)
	}
	return pick(append(common,
		fmt.Sprintf(`userName %s "%s"`, pick("eq", "sw", "co", "gt"), pick("anna3@X.example", "berta", "çelik", "Anna", letter, fmt.Sprintf("%s%d@x.example", letter, n), fmt.Sprintf("Anna%d@x.example", n))),
		fmt.Sprintf(`externalId eq "e%d"`, n%20),
		fmt.Sprintf(`emails.value eq "m%d@X.example"`, n%30),
		fmt.Sprintf(`emails.value %s "%s%d@X.example"`, pick("eq", "sw", "ew"), letter, n%30),
		fmt.Sprintf(`emails[type eq "work" and value eq "m%d@x.example"]`, n%30),
		fmt.Sprintf(`emails[type eq "home"].value eq "m%d@home.example"`, n),
		`emails[primary eq true and type eq "work"]`, `emails.display eq "priv"`, `emails[primary eq false]`,
		fmt.Sprintf(`groups.value eq "%s"`, group.ID), "groups pr",
		fmt.Sprintf(`active eq %t`, n%2 == 0), fmt.Sprintf(`title eq "t%d"`, n%4), fmt.Sprintf(`name.givenName eq "g%d"`, n%3),
		fmt.Sprintf(`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "d%d"`, n%4),
	)...)
}

func (w *town) filter(rt *rapid.T, kind directory.Kind, depth int) string {
	if depth == 0 {
		return w.term(rt, kind)
	}
	switch rapid.IntRange(0, 4).Draw(rt, "shape") {
	case 0:
		return "(" + w.filter(rt, kind, depth-1) + " and " + w.filter(rt, kind, depth-1) + ")"
	case 1:
		return "(" + w.filter(rt, kind, depth-1) + " or " + w.filter(rt, kind, depth-1) + ")"
	case 2:
		return "not (" + w.filter(rt, kind, depth-1) + ")"
	}
	return w.term(rt, kind)
}

// oracle evaluates and sorts without any index.
func (w *town) oracle(t testing.TB, kind directory.Kind, f *scim.Filter, by *scim.Sort) (ids []directory.ID) {
	t.Helper()
	found := w.users
	if kind == directory.Group {
		found = w.groups
	}
	type row struct {
		id  directory.ID
		key scim.SortKey
	}
	var rows []row
	for i := range found {
		view := plain{w.tree(t, &found[i])}
		if f != nil && !f.Match(view) {
			continue
		}
		r := row{id: found[i].ID}
		if by != nil {
			r.key = by.Key(view)
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if by == nil {
			return a.id.Compare(b.id)
		}
		return by.Compare(a.key, b.key)
	})
	for _, r := range rows {
		ids = append(ids, r.id)
	}
	return ids
}

func TestAnyQueryGivesWhatAPlainSearchGives(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	rapid.Check(t, func(rt *rapid.T) {
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
		want := w.oracle(t, q.Kind, q.Filter, q.Sort)
		q.Count = rapid.IntRange(1, 70).Draw(rt, "count")
		q.ByCursor = rapid.Bool().Draw(rt, "by cursor")
		got := w.pages(t, rt, q, len(want))
		if q.Sort != nil && q.Sort.Descending { // ties may stand in either order, but each once
			slices.SortFunc(got, directory.ID.Compare)
			slices.SortFunc(want, directory.ID.Compare)
		}
		if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
			rt.Errorf("%v by %q (-got +want):\n%s", q.Filter, by, diff)
		}
	})
}

// pages walks through all pages of a query, by number or by cursor.
func (w *town) pages(t testing.TB, rt *rapid.T, q directory.Query, total int) (ids []directory.ID) {
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
	w := newTown(t)
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
	by, err := scim.ParseSort(scim.User(), "title", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Query(t.Context(), entra, directory.Query{Kind: directory.User, Sort: by, Count: 5}); !errors.Is(err, directory.ErrTooMany) {
		t.Errorf("sorting 25 by title: got error %v, want ErrTooMany", err)
	}
}

func TestACursorServesItsOwnQueryOnly(t *testing.T) {
	t.Parallel()
	w := newTown(t)
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
	w := newTown(t)
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
	w := newTown(f)
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
