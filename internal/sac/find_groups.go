package sac

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// Sizes of team reads. Teams come with their members, so pages are smaller than those of people.
const (
	groupPage  = 100
	groupBatch = 50
)

// FindGroups yields the teams that match q. Names are matched exactly, but a team whose name differs
// by letter case only comes too, under its own name, since SAC takes the two for the same one when
// creating (script 1501). Of several teams of one name one comes, with the others counted as Twins.
func (t *Tenant) FindGroups(ctx context.Context, q upstream.GroupQuery) iter.Seq2[*identity.Group, error] {
	return func(yield func(*identity.Group, error) bool) {
		s := &teamSearch{t: t, q: q, names: newNames(q.Names, exact), found: map[string]*team{}, failed: map[string]error{}}
		if err := s.run(ctx); err != nil {
			yield(nil, classed("read teams", err))
			return
		}
		for _, name := range s.order {
			t.kept.drop(name)
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
	names  *names
	order  []string // of found
	found  map[string]*team
	failed map[string]error
	// settled are teams of an earlier pass, which a later one meets again; they are no twins.
	settled map[string]bool
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

// keep takes a team in. A second one of the same name is a twin from another content namespace.
func (s *teamSearch) keep(tm *team) {
	name := tm.group.Name
	if name == "" || s.settled[name] {
		return
	}
	if old, ok := s.found[name]; ok {
		old.group.Twins++
		return
	}
	s.found[name] = tm
	s.order = append(s.order, name)
}

// asked reports whether a team of a list is one of those asked for, letter case aside.
func (s *teamSearch) asked(name string, folded map[string]bool) bool {
	return s.q.All || s.names.has(name) || folded[identity.Fold(name)]
}

// nextPass makes the teams found so far settled.
func (s *teamSearch) nextPass() {
	s.settled = toSet(s.order)
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
	missing, err := s.getEach(ctx, s.names.order)
	if err != nil || len(missing) == 0 {
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

// getEach reads teams by name through v1 and gives the names that v1 does not know.
func (s *teamSearch) getEach(ctx context.Context, list []string) ([]string, error) {
	got := make([]*team, len(list))
	errs := make([]error, len(list))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.t.workers())
	for i, name := range list {
		g.Go(func() error {
			got[i], errs[i] = s.t.getTeamV1(gctx, name, s.q.Members)
			switch upstream.ClassOf(errs[i]) {
			case "", upstream.Gone, upstream.Refused:
				return nil
			}
			return errs[i]
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var missing []string
	for i, name := range list {
		switch {
		case errs[i] == nil:
			s.keep(got[i])
		case upstream.ClassOf(errs[i]) == upstream.Gone:
			missing = append(missing, name)
		default:
			s.failed[name] = &upstream.UnreadableError{Name: name, Cause: errs[i].Error()}
		}
	}
	return missing, nil
}

// getTeamV1 reads one team by name.
func (t *Tenant) getTeamV1(ctx context.Context, name string, members bool) (*team, error) {
	return t.getTeam(ctx, v1, name, groupPath(v1, name), members)
}

func (t *Tenant) getTeam(ctx context.Context, v version, name, path string, members bool) (*team, error) {
	var tm *team
	_, err := t.http.Do(ctx, session.Request{
		Op: fmt.Sprintf("read team %q", name), Method: http.MethodGet, Path: path, Slow: true,
		Decode: func(dec *json.Decoder) error {
			var err error
			tm, err = t.decodeTeam(dec, v, members)
			return err
		},
	})
	return tm, err
}

// maxSingleTeams is how many teams are read one by one before the first page of the list is tried.
const maxSingleTeams = 2

// namedV1 reads teams where there is no v2: one by one, or from the list when that takes fewer calls.
// The list also shows hidden teams and names that differ by letter case only.
func (s *teamSearch) namedV1(ctx context.Context) error {
	if len(s.names.order) > maxSingleTeams {
		return s.listV1(ctx, s.names.order)
	}
	missing, err := s.getEach(ctx, s.names.order)
	if err != nil || len(missing) == 0 {
		return err
	}
	s.nextPass()
	if err := s.listV1(ctx, missing); err != nil {
		return err
	}
	for _, name := range missing {
		tm, ok := s.found[name]
		switch {
		case !ok:
		case tm.group.Twins > 0:
			s.failed[name] = &upstream.UnreadableError{Name: name, Cause: "several content namespaces have a team of this name, and v1 cannot tell them apart: set api to auto or 2"}
			s.forget(name)
		default:
			tm.group.Hidden = true
		}
	}
	return nil
}

func (s *teamSearch) forget(name string) {
	delete(s.found, name)
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
}

// listV1 pages through the v1 list and keeps the teams named (nil: all).
func (s *teamSearch) listV1(ctx context.Context, list []string) error {
	folded := foldAll(list)
	return s.t.eachTeamPage(ctx, v1, "", s.q.Members, func(rows []*team) error {
		for _, tm := range rows {
			if list == nil || s.asked(tm.group.Name, folded) {
				s.keep(tm)
			}
		}
		return nil
	})
}

// eachTeamPage hands out the pages of a list, or of a v2 search where filter is not empty.
func (t *Tenant) eachTeamPage(ctx context.Context, v version, filter string, members bool, each func([]*team) error) error {
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
			l, err = t.getList(ctx, "list teams", v.root()+"/Groups", start, groupPage, reset, row)
		} else {
			l, err = t.searchList(ctx, "look teams up", v.root()+"/Groups", filter, start, groupPage, reset, row)
		}
		if err != nil {
			return err
		}
		if err := each(rows); err != nil {
			return err
		}
		start += len(rows)
		if len(rows) == 0 || start > l.Total {
			return nil
		}
	}
}

// namedV2 seeks teams by name, many in one call.
func (s *teamSearch) namedV2(ctx context.Context, list []string) error {
	size := groupBatch
	if s.t.cfg.NoLookup {
		size = 1
	}
	folded := foldAll(list)
	for chunk := range slices.Chunk(list, size) {
		err := s.t.eachTeamPage(ctx, v2, anyOf("displayName", chunk), s.q.Members, func(rows []*team) error {
			for _, tm := range rows {
				if s.asked(tm.group.Name, folded) {
					s.keep(tm)
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
	err := s.t.eachTeamPage(ctx, v2, "", s.q.Members, func(rows []*team) error {
		for _, tm := range rows {
			s.keep(tm)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.resolve(ctx)
}

// resolve turns member UUIDs into user IDs: from the book, else by looking the people up, or by
// reading the same teams through v1 where that takes fewer calls.
func (s *teamSearch) resolve(ctx context.Context) error {
	if !s.q.Members {
		return nil
	}
	strange, teams := s.strangers()
	if len(strange) == 0 {
		s.settle()
		return nil
	}
	if s.viaV1(len(strange), len(teams)) {
		if err := s.membersV1(ctx, teams); err != nil {
			return err
		}
		if strange, _ = s.strangers(); len(strange) == 0 {
			s.settle()
			return nil
		}
	}
	if err := s.t.learn(ctx, nil, strange); err != nil {
		return fmt.Errorf("look up team members: %w", err)
	}
	s.settle()
	return nil
}

// strangers gives the UUIDs that the book does not know and the teams that have any.
func (s *teamSearch) strangers() (refs, teams []string) {
	seen := map[string]bool{}
	for _, name := range s.order {
		had := len(refs)
		some := false
		for _, ref := range s.found[name].refs {
			if _, ok := s.t.book.id(ref); ok {
				continue
			}
			some = true
			if !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
		if some || len(refs) > had {
			teams = append(teams, name)
		}
	}
	return refs, teams
}

// viaV1 compares the prices of looking people up and of reading the teams once more by v1.
func (s *teamSearch) viaV1(people, teams int) bool {
	if !s.t.mayV1() || s.t.cfg.NoLookup {
		return false
	}
	lookups := ceil(people, batchSize)
	if total := s.t.people(); total > 0 {
		lookups = min(lookups, ceil(total, pageSize))
	}
	return teams < lookups
}

// membersV1 reads the members of teams through v1. A team that v1 cannot see, or that has a twin,
// keeps its UUIDs.
func (s *teamSearch) membersV1(ctx context.Context, teams []string) error {
	got := make([]*team, len(teams))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.t.workers())
	for i, name := range teams {
		if s.found[name].group.Twins > 0 {
			continue
		}
		g.Go(func() error {
			tm, err := s.t.getTeamV1(gctx, name, true)
			switch upstream.ClassOf(err) {
			case upstream.Gone, upstream.Refused:
				return nil
			}
			got[i] = tm
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, name := range teams {
		if got[i] != nil {
			s.found[name].group.Members = got[i].group.Members
			s.found[name].refs = nil
		}
	}
	return nil
}

// settle replaces the UUIDs that are known by now; one that nobody answers to is no person.
func (s *teamSearch) settle() {
	for _, name := range s.order {
		tm := s.found[name]
		for _, ref := range tm.refs {
			if id, ok := s.t.book.id(ref); ok {
				tm.group.Members = append(tm.group.Members, id)
			}
		}
		tm.refs = nil
	}
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
		if g.Twins > 0 {
			return "", &upstream.Error{Class: upstream.Conflict, Op: op, Cause: "several content namespaces have a team of this name"}
		}
		return g.Ref, nil
	}
	return "", &upstream.Error{Class: upstream.Gone, Op: op}
}
