package sac

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// Sizes of team reads. Teams come with their members, so pages are smaller than those of people.
const (
	groupPage  = 100 // with members
	groupBatch = 50
)

// FindGroups yields the teams that match q. Names are matched exactly, but a team whose name differs
// by letter case only comes too, under its own name, since SAC takes the two for the same one when
// creating (script 1501). Of several teams of one name one comes, with the others counted as Namesakes.
func (t *Tenant) FindGroups(ctx context.Context, q upstream.GroupQuery) iter.Seq2[*identity.Group, error] {
	return func(yield func(*identity.Group, error) bool) {
		s := &teamSearch{t: t, q: q, names: newPendingNames(q.Names, exact), found: map[string]*team{}, failed: map[string]error{}}
		if err := s.run(ctx); err != nil {
			yield(nil, classed("read teams", err))
			return
		}
		for _, name := range s.order {
			tm := s.found[name]
			slices.Sort(tm.group.Members)
			if !yield(tm.group, nil) {
				return
			}
		}
		for _, name := range s.names.order {
			if err := s.failed[name]; err != nil && !yield(nil, err) {
				return
			}
		}
	}
}

// teamSearch is one reading of teams.
type teamSearch struct {
	t      *Tenant
	q      upstream.GroupQuery
	names  *pendingNames
	order  []string // of found
	found  map[string]*team
	failed map[string]error
	// earlier are teams of an earlier pass, which a later one meets again; they are no namesakes.
	earlier map[string]*team
}

// run picks the way: v1 tells member user IDs in one call a team, v2 tells UUIDs and the teams that v1
// hides, many in one call.
func (s *teamSearch) run(ctx context.Context) error {
	switch {
	case s.q.All && s.t.hasV2():
		return s.listV2(ctx)
	case s.q.All:
		return s.listV1(ctx, nil)
	case len(s.names.order) == 0:
		return nil
	case !s.t.hasV2():
		return s.namedV1(ctx)
	case s.q.Members && s.q.People && s.t.mayV1():
		return s.sourceTeams(ctx)
	default:
		return s.namedV2(ctx, s.names.order)
	}
}

// add takes a team in. A second one of the same name is from another content namespace.
func (s *teamSearch) add(tm *team) {
	name := tm.group.Name
	if name == "" || s.earlier[name] != nil {
		return
	}
	if old, ok := s.found[name]; ok {
		old.group.Namesakes++
		return
	}
	s.found[name] = tm
	s.order = append(s.order, name)
}

// asked reports whether a team of a list is one of those asked for, letter case aside.
func (s *teamSearch) asked(name string, folded map[string]bool) bool {
	return s.q.All || s.names.has(name) || folded[identity.Fold(name)]
}

// nextPass makes the teams found so far those of an earlier pass.
func (s *teamSearch) nextPass() {
	s.earlier = maps.Clone(s.found)
}

func foldAll(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[identity.Fold(s)] = true
	}
	return out
}

// sourceTeams reads teams whose members are read as users next: v1 tells their user IDs at once. The
// teams that v1 does not find are sought by v2, where hidden ones show (KBA 2857395).
func (s *teamSearch) sourceTeams(ctx context.Context) error {
	missing, listed, err := s.readV1(ctx)
	if err != nil || listed || len(missing) == 0 {
		return err
	}
	s.nextPass()
	if err := s.namedV2(ctx, missing); err != nil {
		return err
	}
	for _, name := range missing {
		if tm, ok := s.found[name]; ok {
			tm.group.Hidden = true
		}
	}
	return nil
}

// eachTeamPage hands out the pages of a list, or of a v2 search where filter is not empty.
func (t *Tenant) eachTeamPage(ctx context.Context, v version, filter string, members bool, each func([]*team, list) error) error {
	size := pageSize
	if members {
		size = groupPage
	}
	for start := 1; ; {
		var rows []*team
		reset := func() { rows = rows[:0] }
		row := func(dec *json.Decoder) error {
			tm, err := t.decodeTeam(dec, v, members)
			rows = append(rows, tm)
			return err
		}
		var l list
		var err error
		if filter == "" {
			l, err = t.getList(ctx, "list teams", v.root()+"/Groups", start, size, reset, row)
		} else {
			l, err = t.searchList(ctx, "look teams up", v.root()+"/Groups", filter, start, size, reset, row)
		}
		if err != nil {
			return err
		}
		if err := each(rows, l); err != nil {
			return err
		}
		start += len(rows)
		if len(rows) == 0 || start > l.Total {
			return nil
		}
	}
}

// namedV2 seeks teams by name, many in one call.
func (s *teamSearch) namedV2(ctx context.Context, named []string) error {
	size := groupBatch
	if s.t.cfg.NoLookup {
		size = 1
	}
	folded := foldAll(named)
	for chunk := range slices.Chunk(named, size) {
		err := s.t.eachTeamPage(ctx, v2, anyOf("displayName", chunk), s.q.Members, func(rows []*team, _ list) error {
			for _, tm := range rows {
				if s.asked(tm.group.Name, folded) {
					s.add(tm)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return s.resolve(ctx)
}

// listV2 reads every team.
func (s *teamSearch) listV2(ctx context.Context) error {
	err := s.t.eachTeamPage(ctx, v2, "", s.q.Members, func(rows []*team, _ list) error {
		for _, tm := range rows {
			s.add(tm)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.resolve(ctx)
}

// teamRef gives the UUID of a team, looking it up where the key has none.
func (t *Tenant) teamRef(ctx context.Context, k upstream.GroupKey) (string, error) {
	if k.Ref != "" {
		return k.Ref, nil
	}
	op := fmt.Sprintf("look team %q up", k.Name)
	for g, err := range t.FindGroups(ctx, upstream.GroupQuery{Names: []string{k.Name}}) {
		if err != nil {
			return "", err
		}
		if g.Name != k.Name {
			continue
		}
		if g.Namesakes > 0 {
			return "", &upstream.Error{Class: upstream.Conflict, Code: upstream.CodeTeamNameTwice, Op: op, Cause: "several content namespaces have a team of this name"}
		}
		return g.Ref, k.Same(g)
	}
	return "", &upstream.Error{Class: upstream.Gone, Code: upstream.CodeGone, Op: op}
}
