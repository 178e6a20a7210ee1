package directory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
	"sacbridge/internal/store/bolt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const entra directory.SourceID = "entra"

// open gives a directory over a bbolt file, with a clock that moves on a second with each look.
func open(t testing.TB, d directory.Deps) *directory.Directory {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "bridge.db"), bolt.Options{NoSync: true, MmapSize: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if d.Store, err = db.Directory(); err != nil {
		t.Fatal(err)
	}
	var ticks atomic.Int64
	if d.Now == nil {
		d.Now = func() time.Time { return time.Unix(1_750_000_000+ticks.Add(1), 0) }
	}
	d.Log = slog.New(slog.DiscardHandler)
	dir, err := directory.New(d)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// resource decodes a body as a client sends it.
func resource(t testing.TB, rt *scim.ResourceType, body string) *scim.Resource {
	t.Helper()
	res, err := scim.Decode(rt, []byte(body), 1<<20, scim.Lenient(), anyValue{})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return res
}

func createUser(t testing.TB, dir *directory.Directory, body string) directory.Written {
	t.Helper()
	w, err := dir.Create(t.Context(), entra, resource(t, scim.User(), body), directory.WriteOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func createGroup(t testing.TB, dir *directory.Directory, name string, members ...directory.ID) directory.Written {
	t.Helper()
	res := &scim.Resource{Type: scim.Group(), Attrs: map[string]any{"displayName": name}, HasMembers: true}
	for _, id := range members {
		res.Members = append(res.Members, scim.Member{Value: id.String()})
	}
	w, err := dir.Create(t.Context(), entra, res, directory.WriteOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// anyValue is a scim.Validator for bodies that these tests wrote.
type anyValue struct{}

func (anyValue) Value(*scim.Attribute, any) bool  { return true }
func (anyValue) Whole(*scim.Attribute, any) bool  { return true }
func (anyValue) Extension(*scim.Schema, any) bool { return true }

// patched makes an Edit of a PATCH body.
func patched(t testing.TB, rt *scim.ResourceType, operations string) directory.Edit {
	t.Helper()
	p, err := scim.DecodePatch(rt, []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`+operations+`}`), 1<<20, scim.Lenient(), anyValue{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Apply
}

func TestAUserIsKeptAsSentWithoutPasswordAndWhatTheServerSays(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	w := createUser(t, dir, `{"userName":"Kim","password":"s3cret","id":"mine","meta":{"version":"x"},"groups":[{"value":"g"}],
		"emails":[{"value":"Kim@B.example","type":"work","primary":true}],"urn:example:custom:1.0:User":{"badge":7}}`)
	f, err := dir.Get(t.Context(), entra, directory.User, w.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(f.JSON, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "schemas")
	want := map[string]any{
		"userName": "Kim", "emails": []any{map[string]any{"value": "Kim@B.example", "type": "work", "primary": true}},
		"urn:example:custom:1.0:User": map[string]any{"badge": 7.0},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if bytes.Contains(f.JSON, []byte("s3cret")) || f.Revision != 1 || !f.Active {
		t.Errorf("got revision %d, active %v, JSON %s", f.Revision, f.Active, f.JSON)
	}
}

func TestAReplaceThatChangesNothingMakesNoRevision(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	body := `{"userName":"kim","title":"Chief"}`
	w := createUser(t, dir, body)
	again, err := dir.Replace(t.Context(), entra, w.ID, resource(t, scim.User(), body), directory.WriteOptions{})
	if err != nil || again.Changed || again.Revision != 1 {
		t.Errorf("got revision %d, changed %v, error %v", again.Revision, again.Changed, err)
	}
	other, err := dir.Replace(t.Context(), entra, w.ID, resource(t, scim.User(), `{"userName":"KIM","nickName":"k"}`), directory.WriteOptions{By: "me"})
	if err != nil || !other.Changed || other.Revision != 2 || !other.Modified.After(w.Modified) || !other.Created.Equal(w.Created) {
		t.Fatalf("got %+v and error %v", other.Header, err)
	}
	events, err := dir.History(t.Context(), entra, w.ID, 0, 1)
	if err != nil || len(events) != 1 {
		t.Fatalf("got %d events and error %v", len(events), err)
	}
	if diff := cmp.Diff(events[0].Changed, []string{"nickName", "title", "userName"}); diff != "" || events[0].By != "me" {
		t.Errorf("by %s (-got +want):\n%s", events[0].By, diff)
	}
}

func TestIfMatchIsComparedWithTheRecordOfTheMoment(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	w := createUser(t, dir, `{"userName":"kim"}`)
	g := createGroup(t, dir, "team", w.ID)
	edit := patched(t, scim.User(), `[{"op":"replace","path":"title","value":"x"}]`)
	ops := []scim.MemberOp{{Kind: scim.ClearMembers}}
	for name, write := range map[string]func(ifMatch string) error{
		"replace": func(ifMatch string) error {
			_, err := dir.Replace(t.Context(), entra, w.ID, resource(t, scim.User(), `{"userName":"kim"}`), directory.WriteOptions{IfMatch: ifMatch})
			return err
		},
		"patch": func(ifMatch string) error {
			_, err := dir.Patch(t.Context(), entra, directory.User, w.ID, edit, directory.WriteOptions{IfMatch: ifMatch})
			return err
		},
		"members": func(ifMatch string) error {
			_, err := dir.PatchMembers(t.Context(), entra, g.ID, ops, directory.WriteOptions{IfMatch: ifMatch})
			return err
		},
		"delete": func(ifMatch string) error {
			return dir.Delete(t.Context(), entra, directory.User, w.ID, directory.WriteOptions{IfMatch: ifMatch})
		},
	} {
		if _, stale := errors.AsType[*directory.RevisionError](write(`W/"99"`)); !stale {
			t.Errorf("%s with a stale tag was not refused", name)
		}
	}
	if _, err := dir.Patch(t.Context(), entra, directory.User, w.ID, edit, directory.WriteOptions{IfMatch: `W/"7", W/"1"`}); err != nil {
		t.Errorf("one of two tags: %v", err)
	}
	if err := dir.Delete(t.Context(), entra, directory.User, w.ID, directory.WriteOptions{IfMatch: "*"}); err != nil {
		t.Errorf("any tag: %v", err)
	}
}

func TestManyPatchesOfOneRecordLoseNothing(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	w := createUser(t, dir, `{"userName":"kim"}`)
	const writers = 32
	var all sync.WaitGroup
	for n := range writers {
		edit := patched(t, scim.User(), fmt.Sprintf(`[{"op":"add","path":"emails","value":[{"value":"a%d@b.example"}]}]`, n))
		all.Go(func() {
			if _, err := dir.Patch(t.Context(), entra, directory.User, w.ID, edit, directory.WriteOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f, err := dir.Get(t.Context(), entra, directory.User, w.ID, false)
	if err != nil || len(f.Emails) != writers || f.Revision != writers+1 {
		t.Errorf("got %d addresses at revision %d, error %v, want %d", len(f.Emails), f.Revision, err, writers)
	}
}

func TestMembersFollowPatchesAndDeletions(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	var ids []directory.ID
	for n := range 4 {
		ids = append(ids, createUser(t, dir, fmt.Sprintf(`{"userName":"u%d","displayName":"User %d"}`, n, n)).ID)
	}
	g := createGroup(t, dir, "team", ids[0])
	edit := patched(t, scim.Group(), fmt.Sprintf(`[{"op":"replace","path":"displayName","value":"Team"},
		{"op":"add","path":"members","value":[{"value":%q},{"value":%q}]},{"op":"remove","path":"members[value eq \"%s\"]"}]`, ids[1], ids[2], ids[0]))
	w, err := dir.Patch(t.Context(), entra, directory.Group, g.ID, edit, directory.WriteOptions{})
	if err != nil || w.DisplayName != "Team" || w.Members != 2 || w.Revision != 2 {
		t.Fatalf("got %+v and error %v", w.Header, err)
	}
	where := patched(t, scim.Group(), `[{"op":"remove","path":"members[display eq \"User 2\"]"}]`)
	if w, err = dir.Patch(t.Context(), entra, directory.Group, g.ID, where, directory.WriteOptions{}); err != nil || w.Members != 1 {
		t.Errorf("a filter: got %d members and error %v, want 1", w.Members, err)
	}
	f, err := dir.Get(t.Context(), entra, directory.User, ids[1], true)
	if diff := cmp.Diff(f.Groups, []directory.GroupRef{{ID: g.ID, Display: "Team"}}); diff != "" || err != nil {
		t.Errorf("groups of a member (-got +want), error %v:\n%s", err, diff)
	}
	if err := dir.Delete(t.Context(), entra, directory.Group, g.ID, directory.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if f, err = dir.Get(t.Context(), entra, directory.User, ids[1], true); len(f.Groups) != 0 || err != nil {
		t.Errorf("got groups %v and error %v after the group was deleted", f.Groups, err)
	}
	if _, err := dir.Restore(t.Context(), entra, directory.Group, g.ID, directory.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	edges, err := dir.Members(t.Context(), entra, g.ID, directory.ID{}, 10)
	if err != nil || len(edges) != 1 || edges[0].Member != ids[1] {
		t.Errorf("got members %v and error %v after the restore", edges, err)
	}
	put := &scim.Resource{Type: scim.Group(), Attrs: map[string]any{"displayName": "Team"}}
	if w, err = dir.Replace(t.Context(), entra, g.ID, put, directory.WriteOptions{KeepMembers: true}); err != nil || w.Members != 1 {
		t.Errorf("a PUT that keeps members: got %d and error %v", w.Members, err)
	}
	if w, err = dir.Replace(t.Context(), entra, g.ID, put, directory.WriteOptions{}); err != nil || w.Members != 0 {
		t.Errorf("a PUT without members: got %d and error %v", w.Members, err)
	}
}

func TestUnknownMembersAreRefusedOrDroppedAsTheCallerSays(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	kim := createUser(t, dir, `{"userName":"kim"}`).ID
	g := createGroup(t, dir, "team").ID
	stranger := strings.Replace(kim.String(), "-7", "-8", 1)
	ops := []scim.MemberOp{{Kind: scim.AddMembers, Members: []scim.Member{{Value: kim.String()}, {Value: stranger}, {Value: "nobody"}}}}
	_, err := dir.PatchMembers(t.Context(), entra, g, ops, directory.WriteOptions{})
	if e, ok := errors.AsType[*directory.UnknownMembersError](err); !ok || len(e.IDs) == 0 {
		t.Errorf("got %v, want a refusal", err)
	}
	w, err := dir.PatchMembers(t.Context(), entra, g, ops, directory.WriteOptions{Unknown: directory.DropUnknown})
	if err != nil || w.Members != 1 {
		t.Errorf("got %d members and error %v, want 1", w.Members, err)
	}
	slices.Sort(w.Dropped)
	if diff := cmp.Diff(w.Dropped, []string{stranger, "nobody"}); diff != "" {
		t.Errorf("dropped (-got +want):\n%s", diff)
	}
	gone := []scim.MemberOp{{Kind: scim.RemoveMembers, Members: []scim.Member{{Value: "nobody"}, {Value: kim.String()}}}}
	if w, err = dir.PatchMembers(t.Context(), entra, g, gone, directory.WriteOptions{}); err != nil || w.Members != 0 {
		t.Errorf("removing a stranger: got %d members and error %v", w.Members, err)
	}
}

func TestWhatCannotBeKeptIsRefusedWithTheAttribute(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	for name, c := range map[string]struct {
		attrs map[string]any
		want  string
	}{
		"no name":                     {map[string]any{}, "a name is required"},
		"a name of 2,000 bytes":       {map[string]any{"userName": strings.Repeat("n", 2000)}, "userName"},
		"a zero in the external id":   {map[string]any{"userName": "a", "externalId": "x\x00y"}, "externalId"},
		"an address of 2,000 bytes":   {map[string]any{"userName": "a", "emails": []any{map[string]any{"value": strings.Repeat("n", 2000)}}}, "emails.value"},
		"a zero in front of the name": {map[string]any{"userName": "\x00a"}, "userName"},
		"an empty name":               {map[string]any{"userName": ""}, "a name is required"},
	} {
		_, err := dir.Create(t.Context(), entra, &scim.Resource{Type: scim.User(), Attrs: c.attrs}, directory.WriteOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.want)
		}
	}
}

func TestExpireRemovesWhatIsOlderThanTheRetentionTime(t *testing.T) {
	t.Parallel()
	var hours atomic.Int64
	dir := open(t, directory.Deps{Retention: 48 * time.Hour, Now: func() time.Time { return time.Unix(1_750_000_000, 0).Add(time.Duration(hours.Load()) * time.Hour) }})
	old, young := createUser(t, dir, `{"userName":"old"}`).ID, createUser(t, dir, `{"userName":"young"}`).ID
	g := createGroup(t, dir, "team", old, young).ID
	for kind, id := range map[directory.Kind]directory.ID{directory.User: old, directory.Group: g} {
		if err := dir.Delete(t.Context(), entra, kind, id, directory.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	hours.Store(40)
	if err := dir.Delete(t.Context(), entra, directory.User, young, directory.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	hours.Store(60)
	if err := dir.Expire(t.Context(), entra); err != nil {
		t.Fatal(err)
	}
	users, err := dir.Deleted(t.Context(), entra, directory.User, directory.ID{}, 10)
	groups, err2 := dir.Deleted(t.Context(), entra, directory.Group, directory.ID{}, 10)
	if len(users) != 1 || users[0].ID != young || len(groups) != 0 || errors.Join(err, err2) != nil {
		t.Errorf("got %d users and %d groups, errors %v %v; want the young one", len(users), len(groups), err, err2)
	}
	if _, err := dir.Feed(t.Context(), entra, 0, 10); !errors.Is(err, directory.ErrTrimmed) {
		t.Errorf("got %v, want ErrTrimmed", err)
	}
	if _, err := dir.Restore(t.Context(), entra, directory.User, young, directory.WriteOptions{}); err != nil {
		t.Error(err)
	}
	report, err := dir.Check(t.Context())
	if err != nil || !report.OK() {
		t.Errorf("got %+v and error %v", report, err)
	}
}
