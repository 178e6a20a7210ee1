package commit_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/commit"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// firstGroup separates the numbers of users from those of groups.
const firstGroup = 10

func idOf(n int) (id directory.ID) {
	id[15] = byte(n)
	return id
}

func recordOf(n int, name string) directory.Record {
	r := directory.Record{Header: directory.Header{Kind: kindOf(n), ID: idOf(n), ExternalID: "x" + name}, JSON: []byte(name)}
	if r.Kind == directory.Group {
		r.DisplayName = name
	} else {
		r.UserName = name
	}
	return r
}

func kindOf(n int) directory.Kind {
	if n >= firstGroup {
		return directory.Group
	}
	return directory.User
}

// drawChange draws a change, mostly of one kind, for of others most are refused.
func drawChange(rt *rapid.T) directory.Change {
	c := directory.Change{At: noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "at")) * time.Millisecond), By: "test"}
	parts := []func(*rapid.T, *directory.Change){drawPut, drawPut, drawRestore, drawMembers, drawMembers, drawDelete, drawPurge}
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 4}).Draw(rt, "parts") {
		rapid.SampledFrom(parts).Draw(rt, "part")(rt, &c)
	}
	return c
}

// anybody draws the number of a user or group.
func anybody(rt *rapid.T) int {
	return rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(firstGroup, firstGroup+2)).Draw(rt, "id")
}

func drawPut(rt *rapid.T, c *directory.Change) {
	c.Puts = append(c.Puts, directory.Put{
		Record:           recordOf(anybody(rt), rapid.SampledFrom([]string{"a", "A", "b", "c", "d", "e"}).Draw(rt, "name")),
		Expect:           rapid.SampledFrom([]int64{directory.NotThere, directory.NotThere, directory.AnyRevision, 1, 2}).Draw(rt, "expect"),
		UniqueExternalID: rapid.Bool().Draw(rt, "unique"),
	})
}

func drawRestore(rt *rapid.T, c *directory.Change) {
	n := anybody(rt)
	c.Restores = append(c.Restores, directory.Restore{Kind: kindOf(n), ID: idOf(n)})
}

func drawMembers(rt *rapid.T, c *directory.Change) {
	m := directory.MemberChange{
		Group:   idOf(rapid.IntRange(firstGroup, firstGroup+2).Draw(rt, "group")),
		Expect:  rapid.SampledFrom([]int64{directory.AnyRevision, directory.AnyRevision, 1}).Draw(rt, "expect"),
		Op:      rapid.SampledFrom([]directory.MemberOp{directory.AddMembers, directory.RemoveMembers, directory.SetMembers}).Draw(rt, "op"),
		Unknown: rapid.SampledFrom([]directory.UnknownPolicy{directory.RefuseUnknown, directory.DropUnknown}).Draw(rt, "unknown"),
	}
	for range rapid.IntRange(0, 4).Draw(rt, "members") {
		m.Members = append(m.Members, directory.Member{ID: idOf(anybody(rt))})
	}
	c.Members = append(c.Members, m)
}

func drawDelete(rt *rapid.T, c *directory.Change) {
	n := anybody(rt)
	c.Deletes = append(c.Deletes, directory.Delete{Kind: kindOf(n), ID: idOf(n), Expect: directory.AnyRevision})
}

func drawPurge(rt *rapid.T, c *directory.Change) {
	n := anybody(rt)
	c.Purges = append(c.Purges, directory.Purge{Kind: kindOf(n), ID: idOf(n), Edges: rapid.IntRange(1, 2).Draw(rt, "edges")})
}

// drawMemory draws a source by a series of changes.
func drawMemory(rt *rapid.T) *memory {
	m := newMemory()
	for range rapid.IntRange(0, 30).Draw(rt, "changes") {
		c := drawChange(rt)
		if w, err := commit.Plan(m, &c); err == nil {
			m.write(w)
		}
	}
	m.reads = 0
	return m
}

func TestAPlanIsTrueToWhatIsThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m, c := drawMemory(rt), drawChange(rt)
		before := m.clone()
		w, err := commit.Plan(m, &c)
		if err != nil {
			if _, refused := errors.AsType[*commit.Refusal](err); !refused {
				rt.Fatalf("got %v, want a refusal", err)
			}
			return
		}
		again, err := commit.Plan(m, &c)
		if diff := cmp.Diff(again, w); diff != "" || err != nil {
			rt.Fatalf("a second plan differs, error %v:\n%s", err, diff)
		}
		if diff := cmp.Diff(m.records, before.records) + cmp.Diff(m.members, before.members); diff != "" {
			rt.Fatalf("planning changed something:\n%s", diff)
		}
		trueRecords(rt, before, w)
		trueMembers(rt, before, w)
		trueEvents(rt, before, w)
		m.write(w)
		trueCounts(rt, m)
	})
}

// trueRecords compares what a plan says of records before it.
func trueRecords(rt *rapid.T, before *memory, w *commit.Writes) {
	for _, r := range w.Records {
		h := r.Before
		if h == nil {
			h = &r.After.Header
		}
		old, there := before.records[key{h.Kind, h.ID}]
		if there != (r.Before != nil) || there && !cmp.Equal(*r.Before, old.Header) {
			rt.Fatalf("%s: the plan says it was %+v, there was %+v (%v)", h.ID, r.Before, old.Header, there)
		}
		if r.After == nil || r.Before == nil {
			continue
		}
		if r.After.Revision != old.Revision+1 || !r.After.Modified.After(old.Modified) {
			rt.Fatalf("%s: revision %d at %v after %d at %v", h.ID, r.After.Revision, r.After.Modified, old.Revision, old.Modified)
		}
		same := cmp.Equal(*r.After, old, cmpopts.IgnoreFields(directory.Header{}, "Revision", "Modified", "Last", "Members"))
		if r.Bare && !same {
			rt.Fatalf("%s: the plan says that nothing but the members differs: %+v, %+v", h.ID, r.After, old)
		}
	}
}

// trueMembers wants no membership made twice or ended where there is none, in order.
func trueMembers(rt *rapid.T, before *memory, w *commit.Writes) {
	for i, e := range w.Members {
		if _, there := before.members[pair{e.Group, e.Member}]; there == e.Add {
			rt.Fatalf("member %s of %s: there before %v, added %v", e.Member, e.Group, there, e.Add)
		}
		if i > 0 {
			p := w.Members[i-1]
			if c := p.Group.Compare(e.Group); c > 0 || c == 0 && p.Member.Compare(e.Member) >= 0 {
				rt.Fatalf("%s, %s comes after %s, %s", e.Group, e.Member, p.Group, p.Member)
			}
		}
	}
}

// trueEvents wants numbers without gaps, one event for each record, and its memberships in it.
func trueEvents(rt *rapid.T, before *memory, w *commit.Writes) {
	moved := map[directory.ID]int{}
	for i, e := range w.Events {
		if e.Seq != directory.Seq(len(before.events)+i+1) {
			rt.Fatalf("event %d has number %d after %d", i, e.Seq, len(before.events))
		}
		moved[e.ID] += len(e.Added) + len(e.Removed)
	}
	for _, r := range w.Records {
		h := r.Before
		if r.After != nil {
			h = &r.After.Header
		}
		if !slices.ContainsFunc(w.Events, func(e directory.Event) bool { return e.ID == h.ID }) {
			rt.Fatalf("%s changes without an event", h.ID)
		}
	}
	if want := directory.Seq(len(before.events) + len(w.Events)); len(w.Events) > 0 && w.Answer.Seq != want {
		rt.Fatalf("the answer names event %d, want %d", w.Answer.Seq, want)
	}
}

// trueCounts compares the counted members with those that are there, and wants names to be unique.
func trueCounts(rt *rapid.T, m *memory) {
	names := map[string]directory.ID{}
	for k, r := range m.records {
		n := 0
		for p := range m.members {
			if p[0] == k.id {
				n++
			}
		}
		if k.kind == directory.Group && r.Members != int64(n) {
			rt.Fatalf("group %s counts %d members, there are %d", k.id, r.Members, n)
		}
		for _, e := range r.Entries() {
			if e.Field != directory.ByName {
				continue
			}
			name := fmt.Sprint(k.kind, string(e.Key))
			if other, taken := names[name]; taken {
				rt.Fatalf("%s and %s have the name %q", other, k.id, name)
			}
			names[name] = k.id
		}
	}
}

func TestAFaultOfTheStoreIsNoRefusal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m, c := drawMemory(rt), drawChange(rt)
		if _, err := commit.Plan(m, &c); err != nil {
			return // refused before all its reads
		}
		m.err = errors.New("the disk is gone")
		for n, all := 1, m.reads; n <= all; n++ {
			m.failAt, m.reads = n, 0
			_, err := commit.Plan(m, &c)
			if _, refused := errors.AsType[*commit.Refusal](err); !errors.Is(err, m.err) || refused {
				rt.Fatalf("read %d fails: got %v, want the store's error", m.failAt, err)
			}
		}
	})
}
