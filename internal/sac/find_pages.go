package sac

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/upstream"
)

// maxPages bounds a list that never ends: far more people than a tenant can hold.
const maxPages = 20_000

// pages reads the whole list; first is its first page where that has been read. No order is promised
// without a sort and rows move while people come and go, so the list is walked a second time where
// fewer people came than the tenant counts: a short reading must never pass for a full one.
func (h *harvest) pages(ctx context.Context, first []person, l list) error {
	met := map[string]bool{}
	for round := range 3 {
		total, err := h.walk(ctx, met, first, l)
		if err != nil {
			return err
		}
		if len(met) >= total {
			return nil
		}
		h.t.log.DebugContext(ctx, "the list of people came short", "round", round, "found", len(met), "total", total)
		first, l = nil, list{}
	}
	return &upstream.Error{
		Class: upstream.RetryLater, Op: "list people",
		Cause: "the list changed faster than it could be read: try again when less is changed in the tenant",
	}
}

// walk reads every page once and gives the number of people that the tenant counts.
func (h *harvest) walk(ctx context.Context, met map[string]bool, first []person, l list) (int, error) {
	if first == nil {
		rows, got, err := h.t.listPeople(ctx, h.v, "", 1)
		if err != nil {
			return 0, err
		}
		first, l = rows, got
	}
	total, size := l.Total, len(first)
	h.t.setPeople(total)
	if err := h.meet(met, first); err != nil {
		return 0, err
	}
	if size == 0 {
		return 0, nil
	}
	if ceil(total, size) > maxPages {
		return 0, &upstream.Error{Class: upstream.Refused, Op: "list people", Cause: fmt.Sprintf("%d pages are too many", ceil(total, size))}
	}
	for start := size + 1; start <= total; start += size * h.t.workers() {
		seen, err := h.window(ctx, met, start, size, total)
		if err != nil {
			return 0, err
		}
		total = seen
	}
	return total, nil
}

// window reads the next pages side by side and gives the total of the last answer.
func (h *harvest) window(ctx context.Context, met map[string]bool, start, size, total int) (int, error) {
	width := min(h.t.workers(), ceil(total-start+1, size))
	found := make([][]person, width)
	lists := make([]list, width)
	g, gctx := errgroup.WithContext(ctx)
	for i := range width {
		g.Go(func() error {
			rows, l, err := h.t.listPeople(gctx, h.v, "", start+i*size)
			found[i], lists[i] = rows, l
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	for _, rows := range found {
		if err := h.meet(met, rows); err != nil {
			return 0, err
		}
	}
	return lists[width-1].Total, nil
}

func (h *harvest) meet(met map[string]bool, rows []person) error {
	for _, p := range rows {
		met[p.user.UserID] = true
	}
	return h.add(rows)
}
