package directory_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/bolt"
)

func TestTheFeedTellsWhatHappenedAndToWhom(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	kim := createUser(t, dir, `{"userName":"kim"}`).ID
	team := createGroup(t, dir, "team", kim).ID
	if err := dir.Delete(t.Context(), entra, directory.User, kim, directory.WriteOptions{By: "test"}); err != nil {
		t.Fatal(err)
	}
	last, err := dir.Wait(t.Context(), entra, 3)
	events, err2 := dir.Feed(t.Context(), entra, 0, 10)
	if err := errors.Join(err, err2); err != nil || last != 4 || len(events) != 4 {
		t.Fatalf("got %d events up to %d, error %v, want 4", len(events), last, err)
	}
	type line struct {
		Op             directory.Op
		ID             directory.ID
		Revision       uint64
		Added, Removed []directory.ID
	}
	var got []line
	for _, e := range events {
		got = append(got, line{e.Op, e.ID, e.Revision, e.Added, e.Removed})
	}
	want := []line{
		{directory.Created, kim, 1, nil, nil},
		{directory.Created, team, 1, []directory.ID{kim}, nil},
		{directory.Updated, team, 2, nil, []directory.ID{kim}},
		{directory.Deleted, kim, 1, nil, nil},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dir.Wait(ctx, entra, last); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of ctx", err)
	}
}

func TestAnotherSourceSeesNothing(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	kim := createUser(t, dir, `{"userName":"kim"}`).ID
	team := createGroup(t, dir, "team", kim).ID
	const okta directory.SourceID = "okta"
	o := directory.WriteOptions{}
	_, get := dir.Get(t.Context(), okta, directory.User, kim, true)
	_, patch := dir.Patch(t.Context(), okta, directory.User, kim, nil, o)
	_, members := dir.PatchMembers(t.Context(), okta, team, nil, o)
	for name, err := range map[string]error{
		"get": get, "patch": patch, "members": members, "delete": dir.Delete(t.Context(), okta, directory.User, kim, o),
	} {
		if !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", name, err)
		}
	}
	edges, err := dir.Members(t.Context(), okta, team, directory.ID{}, 10)
	n, err2 := dir.Count(t.Context(), okta, directory.User)
	last, err3 := dir.Last(t.Context(), okta)
	if err := errors.Join(err, err2, err3); err != nil || len(edges) > 0 || n != 0 || last != 0 {
		t.Errorf("got members %v, %d users, event %d, error %v", edges, n, last, err)
	}
	edges, err = dir.Members(t.Context(), entra, team, directory.ID{}, 10)
	if err != nil || len(edges) != 1 || edges[0].Member != kim {
		t.Errorf("got members %v and error %v in its own source", edges, err)
	}
}

func TestABackupHoldsTheDirectory(t *testing.T) {
	t.Parallel()
	dir := open(t, directory.Deps{})
	createUser(t, dir, `{"userName":"kim"}`)
	var copied bytes.Buffer
	if err := dir.Backup(t.Context(), &copied); err != nil {
		t.Fatal(err)
	}
	report, err := bolt.Restore(t.Context(), filepath.Join(t.TempDir(), "copy.db"), &copied)
	if err != nil || report.Records != 1 || report.Events != 1 {
		t.Errorf("got %+v and error %v, want one record and one event", report, err)
	}
}
