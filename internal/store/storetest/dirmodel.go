package storetest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/directory"
)

// model is a directory as plain maps: the oracle.
type model struct {
	alive   map[int]*entity
	deleted map[int]*entity
	edges   map[[2]int]bool // group, member
	events  int
	history map[int][]string // what happened to each
	purging map[int]bool
}

type entity struct {
	kind     directory.Kind
	name     string
	revision uint64
	groups   []int // of a deleted one
}

// The outcomes of a change.
const (
	fine     = "done"
	missing  = "not found"
	stale    = "revision"
	conflict = "conflict"
	unknown  = "unknown members"
	itself   = "value"
)

func outcome(err error) string {
	if err == nil {
		return fine
	}
	if _, ok := errors.AsType[*directory.RevisionError](err); ok {
		return stale
	}
	if _, ok := errors.AsType[*directory.ConflictError](err); ok {
		return conflict
	}
	if _, ok := errors.AsType[*directory.UnknownMembersError](err); ok {
		return unknown
	}
	if _, ok := errors.AsType[*directory.ValueError](err); ok {
		return itself
	}
	if errors.Is(err, directory.ErrNotFound) {
		return missing
	}
	return err.Error()
}

func (w *model) taken(kind directory.Kind, name string, by int) bool {
	for id, b := range w.alive {
		if id != by && b.kind == kind && bytes.Equal(directory.NameKey(b.name), directory.NameKey(name)) {
			return true
		}
	}
	return false
}

// note counts an event, and keeps it for the history.
func (w *model) note(id int, op directory.Op) {
	w.events++
	w.history[id] = append(w.history[id], op.String())
}

func (w *model) create(id int, kind directory.Kind, name string) string {
	if w.alive[id] != nil && w.alive[id].kind == kind || w.deleted[id] != nil && w.deleted[id].kind == kind || w.taken(kind, name, id) {
		return conflict
	}
	w.alive[id] = &entity{kind: kind, name: name, revision: 1}
	w.note(id, directory.Created)
	return fine
}

func (w *model) rename(id int, kind directory.Kind, name string, expect int64) string {
	b := w.alive[id]
	switch {
	case b == nil:
		return missing
	case expect > 0 && uint64(expect) != b.revision:
		return stale
	case w.taken(kind, name, id):
		return conflict
	}
	b.name = name
	b.revision++
	w.note(id, directory.Updated)
	return fine
}

func (w *model) remove(id int) string {
	b := w.alive[id]
	if b == nil {
		return missing
	}
	b.groups = nil
	for e := range maps.Clone(w.edges) {
		if e[1] == id {
			b.groups = append(b.groups, e[0])
			w.drop(e)
		}
	}
	delete(w.alive, id)
	w.deleted[id] = b
	w.note(id, directory.Deleted)
	return fine
}

// drop ends a membership; a living group counts it.
func (w *model) drop(e [2]int) {
	delete(w.edges, e)
	w.bump(e[0])
}

func (w *model) bump(group int) {
	if g := w.alive[group]; g != nil {
		g.revision++
		w.note(group, directory.Updated)
	}
}

func (w *model) restore(id int) string {
	b := w.deleted[id]
	switch {
	case b == nil || w.purging[id]:
		return missing
	case w.taken(b.kind, b.name, id):
		return conflict
	}
	delete(w.deleted, id)
	w.alive[id] = b
	b.revision++
	w.note(id, directory.Restored)
	for _, g := range b.groups {
		if w.alive[g] != nil || w.deleted[g] != nil {
			w.edges[[2]int{g, id}] = true
			w.bump(g)
		}
	}
	return fine
}

func (w *model) members(op directory.MemberOp, group int, ids []int) string {
	if w.alive[group] == nil {
		return missing
	}
	before := w.list(group)
	after := maps.Clone(before)
	switch op {
	case directory.SetMembers:
		after = map[int]bool{}
	case directory.RemoveMembers:
		for _, id := range ids {
			delete(after, id)
		}
		ids = nil
	case directory.AddMembers:
	}
	if slices.Contains(ids, group) {
		return itself
	}
	for _, id := range ids {
		if w.alive[id] == nil && !before[id] {
			return unknown
		}
		after[id] = true
	}
	if maps.Equal(before, after) {
		return fine
	}
	for id := range before {
		delete(w.edges, [2]int{group, id})
	}
	for id := range after {
		w.edges[[2]int{group, id}] = true
	}
	w.bump(group)
	return fine
}

func (w *model) list(group int) map[int]bool {
	ids := map[int]bool{}
	for e := range w.edges {
		if e[0] == group {
			ids[e[1]] = true
		}
	}
	return ids
}

func (w *model) purge(id, edges int) string {
	if w.deleted[id] == nil {
		return missing
	}
	members := slices.Sorted(maps.Keys(w.list(id)))
	for _, m := range members[:min(edges, len(members))] {
		delete(w.edges, [2]int{id, m})
	}
	if len(members) > edges {
		w.purging[id] = true
		return fine
	}
	delete(w.deleted, id)
	delete(w.purging, id)
	w.note(id, directory.Purged)
	return fine
}

// firstGroup separates the ids of users from those of groups.
const firstGroup = 100

func kindOf(id int) directory.Kind {
	if id >= firstGroup {
		return directory.Group
	}
	return directory.User
}

func recordNamed(id int, name string) directory.Record {
	if kindOf(id) == directory.Group {
		return group(id, name)
	}
	return user(id, name)
}

func modelled(t *testing.T, open OpenDirectory) {
	rapid.Check(t, func(rt *rapid.T) {
		s, reopen := open(t)
		w := &model{alive: map[int]*entity{}, deleted: map[int]*entity{}, edges: map[[2]int]bool{}, purging: map[int]bool{}, history: map[int][]string{}}
		ids := rapid.OneOf(rapid.IntRange(1, 6), rapid.IntRange(firstGroup, firstGroup+3))
		names := rapid.SampledFrom([]string{"a", "A", "b", "Ç", "ç", "long name"})
		do := func(c directory.Change, want string) {
			c.At, c.By = noon, "model"
			_, err := s.Commit(t.Context(), source, c)
			if got := outcome(err); got != want {
				rt.Fatalf("%+v: got %s, want %s", c, got, want)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"create": func(rt *rapid.T) {
				id, name := ids.Draw(rt, "id"), names.Draw(rt, "name")
				do(create(recordNamed(id, name)), w.create(id, kindOf(id), name))
			},
			"rename": func(rt *rapid.T) {
				id, name, expect := ids.Draw(rt, "id"), names.Draw(rt, "name"), rapid.SampledFrom([]int64{-1, 1, 2, 3}).Draw(rt, "expect")
				c := create(recordNamed(id, name))
				c.Puts[0].Expect = expect
				do(c, w.rename(id, kindOf(id), name, expect))
			},
			"delete": func(rt *rapid.T) {
				id := ids.Draw(rt, "id")
				do(remove(kindOf(id), id), w.remove(id))
			},
			"restore": func(rt *rapid.T) {
				id := ids.Draw(rt, "id")
				do(restore(kindOf(id), id), w.restore(id))
			},
			"purge": func(rt *rapid.T) {
				id, edges := ids.Draw(rt, "id"), rapid.IntRange(1, 3).Draw(rt, "edges")
				c := directory.Change{Purges: []directory.Purge{{Kind: kindOf(id), ID: newID(id), Edges: edges}}}
				do(c, w.purge(id, edges))
			},
			"members": func(rt *rapid.T) {
				op := rapid.SampledFrom([]directory.MemberOp{directory.AddMembers, directory.RemoveMembers, directory.SetMembers}).Draw(rt, "op")
				group, list := rapid.IntRange(firstGroup, firstGroup+3).Draw(rt, "group"), rapid.SliceOfN(ids, 0, 4).Draw(rt, "members")
				do(members(op, group, list...), w.members(op, group, list))
			},
			"": func(rt *rapid.T) { w.compare(rt, t, s) },
		})
		if rapid.Bool().Draw(rt, "reopen") {
			s = reopen()
			w.compare(rt, t, s)
		}
		wantSound(t, t.Context(), s)
		if err := s.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// contents is everything that can be read of a directory, as text.
type contents struct {
	Records, Names, Edges, Back, Deleted, History []string
	Events                                        int
}

func (w *model) compare(rt *rapid.T, t *testing.T, s directory.Store) {
	want := contents{Events: w.events}
	for _, id := range slices.Sorted(maps.Keys(w.alive)) {
		b := w.alive[id]
		want.Records = append(want.Records, fmt.Sprintf("%d %s r%d m%d", id, b.name, b.revision, len(w.list(id))))
		want.Names = append(want.Names, fmt.Sprintf("%s %s %d", b.kind, directory.NameKey(b.name), id))
	}
	slices.Sort(want.Names)
	for _, e := range slices.SortedFunc(maps.Keys(w.edges), func(a, b [2]int) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
		if w.alive[e[0]] != nil {
			want.Edges = append(want.Edges, fmt.Sprint(e))
		}
	}
	want.Back = slices.Clone(want.Edges)
	for _, id := range slices.Sorted(maps.Keys(w.deleted)) {
		want.Deleted = append(want.Deleted, fmt.Sprintf("%d %s", id, w.deleted[id].name))
	}
	for _, id := range slices.Sorted(maps.Keys(w.history)) {
		want.History = append(want.History, fmt.Sprint(id, w.history[id]))
	}
	if diff := gocmp.Diff(seen(t, s), want, cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("(-got +want):\n%s", diff)
	}
}

// seen reads the contents of a store.
func seen(t *testing.T, s directory.Store) (p contents) {
	numbers := map[directory.ID]int{}
	for id := 1; id < firstGroup+10; id++ {
		numbers[newID(id)] = id
	}
	view(t, s, func(tx directory.ReadTx) error {
		last, err := tx.Last()
		p.Events = int(last) //nolint:gosec // a handful
		for _, kind := range []directory.Kind{directory.User, directory.Group} {
			for r, err := range tx.Scan(kind, directory.ID{}, false) {
				if err != nil {
					return err
				}
				if err := p.add(tx, &r.Header, numbers); err != nil {
					return err
				}
			}
			for e, err := range tx.Range(directory.Index{Kind: kind, Field: directory.ByName}, directory.Span{}) {
				if err != nil {
					return err
				}
				p.Names = append(p.Names, fmt.Sprintf("%s %s %d", kind, e.Key, numbers[e.ID]))
			}
			deleted, err := tx.AllDeleted(kind, directory.ID{}, 100)
			for i := range deleted {
				p.Deleted = append(p.Deleted, fmt.Sprintf("%d %s", numbers[deleted[i].ID], cmp.Or(deleted[i].UserName, deleted[i].DisplayName)))
			}
			if err != nil {
				return err
			}
		}
		return errors.Join(err, p.histories(tx, numbers))
	})
	slices.Sort(p.Names)
	slices.Sort(p.Edges)
	slices.Sort(p.Back)
	return p
}

// histories reads every history in pages of two.
func (p *contents) histories(tx directory.ReadTx, numbers map[directory.ID]int) error {
	for _, id := range slices.Sorted(maps.Values(numbers)) {
		var ops []string
		for before := directory.Seq(0); ; {
			events, err := tx.History(newID(id), before, 2)
			if err != nil {
				return err
			}
			for _, e := range events {
				ops, before = append(ops, e.Op.String()), e.Seq
			}
			if len(events) == 0 {
				break
			}
		}
		if slices.Reverse(ops); len(ops) > 0 {
			p.History = append(p.History, fmt.Sprint(id, ops))
		}
	}
	return nil
}

func (p *contents) add(tx directory.ReadTx, h *directory.Header, numbers map[directory.ID]int) error {
	id := numbers[h.ID]
	p.Records = append(p.Records, fmt.Sprintf("%d %s r%d m%d", id, cmp.Or(h.UserName, h.DisplayName), h.Revision, h.Members))
	edges, err := tx.Members(h.ID, directory.ID{}, 100)
	for _, e := range edges {
		p.Edges = append(p.Edges, fmt.Sprint([2]int{id, numbers[e.Member]}))
	}
	groups, err2 := tx.Groups(h.ID, directory.ID{}, 100)
	for _, g := range groups {
		p.Back = append(p.Back, fmt.Sprint([2]int{numbers[g.ID], id}))
	}
	return errors.Join(err, err2)
}
