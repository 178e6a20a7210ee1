package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// getEach reads teams by name through v1 and gives the names that v1 does not know.
func (s *teamSearch) getEach(ctx context.Context, list []string) ([]string, error) {
	got := make([]*team, len(list))
	errs := make([]error, len(list))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.t.workers())
	for i, name := range list {
		if !identity.IsAddressable(name) {
			errs[i] = &upstream.Error{Class: upstream.Gone} // for v1; a list shows it
			continue
		}
		g.Go(func() error {
			got[i], errs[i] = s.t.getTeamV1(gctx, name, s.q.Members)
			if class := upstream.ClassOf(errs[i]); class == upstream.Gone || class == upstream.Refused {
				return nil // told apart below
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
			s.add(got[i])
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
	_, err := t.do(ctx, session.Request{
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
	missing, listed, err := s.readV1(ctx)
	if err != nil || listed || len(missing) == 0 {
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
		case tm.group.Namesakes > 0:
			s.failed[name] = &upstream.UnreadableError{Name: name, Cause: "several content namespaces have a team of this name, and v1 cannot tell them apart: set api to auto or 2"}
			s.forget(name)
		default:
			tm.group.Hidden = true
		}
	}
	return nil
}

// readV1 reads the named teams through v1, by single reads or from the list: the first page of the list
// tells how many there are, and is tried where more than a few teams are wanted. It gives the names
// that v1 does not know; listed says that the whole list was read.
func (s *teamSearch) readV1(ctx context.Context) (missing []string, listed bool, err error) {
	named := s.names.order
	if len(named) <= maxSingleTeams {
		missing, err = s.getEach(ctx, named)
		return missing, false, err
	}
	folded := foldAll(named)
	open := func() []string {
		return slices.DeleteFunc(slices.Clone(named), func(name string) bool { return s.found[name] != nil })
	}
	read := 0
	err = s.t.eachTeamPage(ctx, v1, "", s.q.Members, func(rows []*team, l list) error {
		for _, tm := range rows {
			if s.asked(tm.group.Name, folded) {
				s.add(tm)
			}
		}
		if read += len(rows); read == len(rows) && len(rows) > 0 && ceil(l.Total, len(rows))-1 >= max(len(open()), 1) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		s.nextPass()
		missing, err = s.getEach(ctx, open())
		return missing, false, err
	}
	return open(), err == nil, err
}

func (s *teamSearch) forget(name string) {
	delete(s.found, name)
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
}

// listV1 pages through the v1 list and keeps the teams named (nil: all).
func (s *teamSearch) listV1(ctx context.Context, named []string) error {
	folded := foldAll(named)
	return s.t.eachTeamPage(ctx, v1, "", s.q.Members, func(rows []*team, _ list) error {
		for _, tm := range rows {
			if named == nil || s.asked(tm.group.Name, folded) {
				s.add(tm)
			}
		}
		return nil
	})
}
