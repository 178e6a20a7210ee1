package storetest

import (
	"fmt"
	"slices"
	"testing"

	"sacbridge/internal/directory"
)

// fill creates users first … first+n-1 and makes them members of a group.
func fill(t testing.TB, s directory.Store, group, first, n int) {
	t.Helper()
	for start := first; start < first+n; start += 5000 {
		var records []directory.Record
		var ids []int
		for id := start; id < min(start+5000, first+n); id++ {
			records, ids = append(records, user(id, fmt.Sprintf("u%07d", id))), append(ids, id)
		}
		c := create(records...)
		c.Members = members(directory.AddMembers, group, ids...).Members
		commit(t, s, c)
	}
}

func memberships(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna"), user(2, "berta"), group(3, "team"), group(4, "nested")))
	done := commit(t, s, members(directory.AddMembers, 3, 2, 1, 4, 1))
	if h := done.Headers[0]; h.Members != 3 || h.Revision != 2 {
		t.Errorf("got %d members at revision %d, want 3 at 2", h.Members, h.Revision)
	}
	wantIDs(t, "members", membersOf(t, s, 3), 1, 2, 4)
	wantIDs(t, "groups", groupsOf(t, s, 4), 3)
	if done := commit(t, s, members(directory.AddMembers, 3, 1)); done.Seq != 0 || done.Headers[0].Revision != 2 {
		t.Errorf("adding twice: got event %d at revision %d, want none at 2", done.Seq, done.Headers[0].Revision)
	}
	commit(t, s, members(directory.RemoveMembers, 3, 1, 9))
	if done := commit(t, s, members(directory.RemoveMembers, 3, 1)); done.Seq != 0 {
		t.Errorf("removing twice: got event %d, want none", done.Seq)
	}
	wantIDs(t, "members", membersOf(t, s, 3), 2, 4)
	view(t, s, func(tx directory.ReadTx) error {
		edges, err := tx.Members(newID(3), newID(2), 10)
		if len(edges) != 1 || edges[0].Kind != directory.Group || edges[0].Display != "nested" {
			t.Errorf("got %+v, want the nested group", edges)
		}
		is, err2 := tx.Contains(newID(3), []directory.ID{newID(1), newID(2)})
		if !slices.Equal(is, []bool{false, true}) {
			t.Errorf("got %v, want the member who stayed only", is)
		}
		return firstOf(err, err2)
	})
	wantSound(t, t.Context(), s)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func memberSets(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(group(1, "team")))
	fill(t, s, 1, 10, 5)
	commit(t, s, create(user(20, "new")))
	c := members(directory.RemoveMembers, 1, 10)
	c.Members = append(c.Members, members(directory.AddMembers, 1, 20).Members...)
	c.Members = append(c.Members, members(directory.SetMembers, 1, 11, 20, 10).Members...)
	c.Members = append(c.Members, members(directory.RemoveMembers, 1, 10).Members...)
	done := commit(t, s, c)
	wantIDs(t, "members", membersOf(t, s, 1), 11, 20)
	view(t, s, func(tx directory.ReadTx) error {
		events, err := tx.Log(done.Seq-1, 10)
		if len(events) != 1 {
			t.Fatalf("got %d events, want one for all steps", len(events))
		}
		wantIDs(t, "those who came", events[0].Added, 20)
		wantIDs(t, "those who went", events[0].Removed, 10, 12, 13, 14)
		return err
	})
	commit(t, s, members(directory.SetMembers, 1))
	if h := headerOf(t, s, directory.Group, 1); h.Members != 0 {
		t.Errorf("got %d members, want none", h.Members)
	}
	wantSound(t, t.Context(), s)
}

func largeGroup(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	const n = 20_000
	commit(t, s, create(group(1, "team")))
	fill(t, s, 1, 10, n)
	if h := headerOf(t, s, directory.Group, 1); h.Members != n {
		t.Errorf("got %d members, want %d", h.Members, n)
	}
	commit(t, s, members(directory.RemoveMembers, 1, 500))
	found := 0
	for after, more := (directory.ID{}), true; more; {
		view(t, s, func(tx directory.ReadTx) error {
			page, err := tx.Members(newID(1), after, 1000)
			if err != nil {
				return err
			}
			shown := 0
			n, err := tx.EachMember(newID(1), after, 1000, func(member directory.ID, kind directory.Kind, display []byte) error {
				if e := page[shown]; e.Member != member || e.Kind != kind || e.Display != string(display) {
					t.Errorf("EachMember shows %s, Members lists %s", member, e.Member)
				}
				shown++
				return nil
			})
			if n != len(page) || shown != n {
				t.Errorf("EachMember shows %d and counts %d, want %d", shown, n, len(page))
			}
			found, more = found+len(page), len(page) == 1000
			if len(page) > 0 {
				after = page[len(page)-1].Member
			}
			return err
		})
	}
	if found != n-1 {
		t.Errorf("got %d members in pages, want %d", found, n-1)
	}
	wantSound(t, t.Context(), s)
}

func unknownMembers(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	commit(t, s, create(user(1, "anna"), user(2, "berta"), group(3, "team")))
	commit(t, s, remove(directory.User, 2))
	_, err := s.Commit(t.Context(), source, members(directory.AddMembers, 3, 1, 2, 8))
	if e := wantRefused[*directory.UnknownMembersError](t, "unknown members", err); e != nil && len(e.IDs) != 2 {
		t.Errorf("got %v, want the deleted and the invented one", e.IDs)
	}
	wantIDs(t, "members after a refusal", membersOf(t, s, 3))
	c := members(directory.AddMembers, 3, 1, 2, 8)
	c.Members[0].Unknown = directory.DropUnknown
	done := commit(t, s, c)
	wantIDs(t, "dropped", done.Dropped, 2, 8)
	wantIDs(t, "members", membersOf(t, s, 3), 1)
}

func rangeOrder(t *testing.T, open OpenDirectory) {
	s, _ := open(t)
	names := []string{"b", "a", "ab", "é", "z", "a b", "0", "abc"}
	for n, name := range names {
		commit(t, s, create(user(n+1, name)))
	}
	want := slices.Sorted(slices.Values(names))
	ix := directory.Index{Kind: directory.User, Field: directory.ByName}
	list := func(from, to []byte, desc bool) (got []string) {
		view(t, s, func(tx directory.ReadTx) error {
			for e, err := range tx.Range(ix, directory.Span{From: from, To: to, Desc: desc}) {
				if err != nil {
					return err
				}
				got = append(got, string(e.Key))
			}
			return nil
		})
		return got
	}
	if got := list(nil, nil, false); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	slices.Reverse(want)
	if got := list(nil, nil, true); !slices.Equal(got, want) {
		t.Errorf("backwards: got %q, want %q", got, want)
	}
	if got, want := list([]byte("a"), []byte("b"), false), []string{"a", "a b", "ab", "abc"}; !slices.Equal(got, want) {
		t.Errorf("a to b: got %q, want %q", got, want)
	}
	if got, want := list([]byte("ab"), []byte("z"), true), []string{"b", "abc", "ab"}; !slices.Equal(got, want) {
		t.Errorf("z back to ab: got %q, want %q", got, want)
	}
}
