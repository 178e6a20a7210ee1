package directory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// sample is a small directory and everything in it, for the oracle.
type sample struct {
	dir    *directory.Directory
	users  []directory.Found
	groups []directory.Found
	trees  map[directory.Kind][]plain // the same as plain trees
}

// letters starts names with letters that foldings of different kinds treat differently: ß, the dotted and dotless i, the
// Kelvin and the long s, final sigma, full-width, composed and decomposed ones, the iota that is a mark.
var letters = []string{
	"Anna", "berta", "ÇELIK", "Straße", "STRASSE", "\u0130lker", "\u0131lgaz", "\u212aim", "\u017fam",
	"Σίσυφος", "\uff21nna", "\u00c9va", "E\u0301va", "\u1fb3", "\u03b1\u0345", "\ufb01n", "\u01c5",
}

// newSample makes 60 users and 8 groups of every kind that filters tell apart.
func newSample(t testing.TB) *sample {
	t.Helper()
	w := &sample{dir: open(t, directory.Deps{Budget: 1000, MaxSort: 1000})}
	for n := range 60 {
		body := fmt.Sprintf(`{"userName":"%s%d@x.example","externalId":"e%d","displayName":"%s","userType":"%s","title":"t%d","active":%t,
			"name":{"givenName":"G%d","familyName":"F%d"},
			"emails":[{"value":"%s%d@x.example","type":"work","primary":%t},{"value":"m%d@home.example","type":"home"%s}],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D%d"}}`,
			letters[n%len(letters)], n, n%20, []string{"One", "two", "three", letters[n%len(letters)]}[n%4], []string{"", "Staff"}[n%2], n%4, n%5 != 0, n%3, n%7, []string{"M", letters[n%len(letters)]}[n%2], n%30, n%2 == 0, n, []string{"", `,"display":"priv"`}[n%2], n%4)
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
	w.readAll(t)
	return w
}

// readAll reads everything, for the oracle.
func (w *sample) readAll(t testing.TB) {
	t.Helper()
	w.users, w.groups = w.all(t, directory.User), w.all(t, directory.Group)
	w.trees = map[directory.Kind][]plain{}
	for i := range w.users {
		w.trees[directory.User] = append(w.trees[directory.User], plain{w.tree(t, &w.users[i])})
	}
	for i := range w.groups {
		w.trees[directory.Group] = append(w.trees[directory.Group], plain{w.tree(t, &w.groups[i])})
	}
}

func (w *sample) all(t testing.TB, kind directory.Kind) []directory.Found {
	t.Helper()
	page, err := w.dir.Query(t.Context(), entra, directory.Query{Kind: kind, Count: 1000, WithGroups: true})
	if err != nil {
		t.Fatal(err)
	}
	return page.Found
}

// tree gives a record with its memberships as one plain tree.
func (w *sample) tree(t testing.TB, f *directory.Found) *scim.Resource {
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

// anyOf gives one of a list that may be empty.
func anyOf(list []directory.Found, n int) (f directory.Found) {
	if len(list) > 0 {
		f = list[n%len(list)]
	}
	return f
}

// term draws a condition; those that an index serves and those that none does.
func (w *sample) term(rt *rapid.T, kind directory.Kind) string {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(rt, "of") }
	n := rapid.IntRange(0, 62).Draw(rt, "n")
	someone, group := anyOf(w.users, n), anyOf(w.groups, n)
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

func (w *sample) filter(rt *rapid.T, kind directory.Kind, depth int) string {
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

// row is one result of the oracle.
type row struct {
	id  directory.ID
	key scim.SortKey
}

// oracle evaluates and sorts without any index.
func (w *sample) oracle(kind directory.Kind, f *scim.Filter, by *scim.Sort) (rows []row) {
	found := w.users
	if kind == directory.Group {
		found = w.groups
	}
	for i := range found {
		view := w.trees[kind][i]
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
	return rows
}

// differs compares ids with the oracle's: in its order, but for ties of a descending order, which may stand either way.
func differs(got []directory.ID, want []row, by *scim.Sort) string {
	keys, wanted := map[directory.ID]scim.SortKey{}, make([]directory.ID, len(want))
	for i, r := range want {
		keys[r.id], wanted[i] = r.key, r.id
	}
	if by == nil || !by.Descending {
		return cmp.Diff(got, wanted, cmpopts.EquateEmpty())
	}
	for i := 1; i < len(got); i++ {
		if by.Compare(keys[got[i-1]], keys[got[i]]) > 0 {
			return fmt.Sprintf("place %d and the one before are out of order", i+1)
		}
	}
	got = slices.Clone(got)
	slices.SortFunc(got, directory.ID.Compare)
	slices.SortFunc(wanted, directory.ID.Compare)
	return cmp.Diff(got, wanted, cmpopts.EquateEmpty())
}

// randomSample makes a directory by chance: from nobody to 70 people and 8 groups, in which any attribute may be missing
// or repeated, groups within groups, changes that have moved, records that are gone.
func randomSample(t testing.TB, seed uint64) *sample {
	t.Helper()
	w := &sample{dir: open(t, directory.Deps{Budget: 1000, MaxSort: []int{1000, 10}[seed%2]})}
	r := rand.New(rand.NewPCG(seed, 1))
	var ids []directory.ID
	for n := range r.IntN(71) {
		ids = append(ids, createUser(t, w.dir, randomUser(r, n)).ID)
	}
	for n := range r.IntN(9) {
		var members []directory.ID
		for _, id := range ids {
			if r.IntN(4) == 0 {
				members = append(members, id)
			}
		}
		ids = append(ids, createGroup(t, w.dir, fmt.Sprintf("%s %d", []string{"Team", "team", "One"}[r.IntN(3)], n), members...).ID)
	}
	w.readAll(t)
	for i := range w.users {
		id, change := w.users[i].ID, directory.WriteOptions{}
		var err error
		switch r.IntN(5) {
		case 0:
			err = w.dir.Delete(t.Context(), entra, directory.User, id, change)
		case 1:
			var res *scim.Resource
			if res, err = scim.Decode(scim.User(), []byte(randomUser(r, i)), 1<<20, scim.Lenient(), anyValue{}); err == nil {
				_, err = w.dir.Replace(t.Context(), entra, id, res, change)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.readAll(t)
	return w
}

// randomUser makes the body of a user whose name holds n, any other attribute by chance.
func randomUser(r *rand.Rand, n int) string {
	letter := func() string { return letters[r.IntN(len(letters))] }
	parts := []string{fmt.Sprintf(`"userName":"%s%d@x.example"`, letter(), n)}
	for _, part := range []string{
		fmt.Sprintf(`"externalId":"e%d"`, r.IntN(20)), fmt.Sprintf(`"displayName":%q`, []string{"One", "two", "three", letter()}[r.IntN(4)]),
		fmt.Sprintf(`"userType":%q`, []string{"One", ""}[r.IntN(2)]),
		fmt.Sprintf(`"title":"t%d"`, r.IntN(4)), fmt.Sprintf(`"active":%t`, r.IntN(2) == 0), fmt.Sprintf(`"name":{"givenName":"G%d"}`, r.IntN(3)),
		fmt.Sprintf(`"emails":[{"value":"%s%d@x.example","type":"work","primary":%t},{"value":"m%d@home.example","type":"home"%s},{"value":"m%d@x.example"}]`,
			[]string{"M", "m", letter()}[r.IntN(3)], r.IntN(30), r.IntN(2) == 0, n, []string{"", `,"display":"priv"`}[r.IntN(2)], r.IntN(30)),
		fmt.Sprintf(`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D%d"}`, r.IntN(4)),
	} {
		if r.IntN(4) > 0 {
			parts = append(parts, part)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// samples are made when they are first asked for.
type samples [40]func() *sample

func newSamples(t testing.TB) *samples {
	var all samples
	for n := range all {
		all[n] = sync.OnceValue(func() *sample { return randomSample(t, uint64(n)) })
	}
	return &all
}
