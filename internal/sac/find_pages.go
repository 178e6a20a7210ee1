package sac

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/upstream"
)

// maxPages bounds a list that never ends: far more people than a tenant can hold.
const maxPages = 20_000

// readAll reads the whole list; first is its first page where that has been read. No order is promised
// without a sort and rows move while people come and go, so the list is walked a second time where
// fewer people came than the tenant counts: a short reading must never pass for a full one.
func (q *userQuery) readAll(ctx context.Context, first []person, l list) error {
	met := map[string]bool{}
	for round := range 3 {
		total, err := q.readPages(ctx, met, first, l)
		if err != nil {
			return err
		}
		if len(met) >= total {
			return nil
		}
		q.t.log.DebugContext(ctx, "the list of people came short", "round", round, "found", len(met), "total", total)
		first, l = nil, list{}
	}
	return &upstream.Error{
		Class: upstream.RetryLater, Code: upstream.CodeListMoved, Op: "list people",
		Cause: "the list changed faster than it could be read: try again when less is changed in the tenant",
	}
}

// readPages reads every page once and gives the number of people that the tenant counts.
func (q *userQuery) readPages(ctx context.Context, met map[string]bool, first []person, l list) (int, error) {
	if first == nil {
		rows, got, err := q.t.listPeople(ctx, q.v, "", 1)
		if err != nil {
			return 0, err
		}
		first, l = rows, got
	}
	total, size := l.Total, len(first)
	q.t.setPeople(total)
	if err := q.addPage(met, first); err != nil {
		return 0, err
	}
	if size == 0 {
		return 0, nil
	}
	if ceil(total, size) > maxPages {
		return 0, &upstream.Error{Class: upstream.Refused, Code: upstream.CodeTooMany, Op: "list people", Cause: fmt.Sprintf("%d pages are too many", ceil(total, size))}
	}
	for start := size + 1; start <= total; start += size * q.t.workers() {
		seen, err := q.readSideBySide(ctx, met, start, size, total)
		if err != nil {
			return 0, err
		}
		total = seen
	}
	return total, nil
}

// readSideBySide reads the next pages side by side and gives the total of the last answer.
func (q *userQuery) readSideBySide(ctx context.Context, met map[string]bool, start, size, total int) (int, error) {
	width := min(q.t.workers(), ceil(total-start+1, size))
	found := make([][]person, width)
	lists := make([]list, width)
	g, gctx := errgroup.WithContext(ctx)
	for i := range width {
		g.Go(func() error {
			rows, l, err := q.t.listPeople(gctx, q.v, "", start+i*size)
			found[i], lists[i] = rows, l
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	for _, rows := range found {
		if err := q.addPage(met, rows); err != nil {
			return 0, err
		}
	}
	return lists[width-1].Total, nil
}

func (q *userQuery) addPage(met map[string]bool, rows []person) error {
	for _, p := range rows {
		met[p.user.UserID] = true
	}
	return q.add(rows)
}
