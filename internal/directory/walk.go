package directory

import (
	"bytes"
	"fmt"
)

// walked answers from one index in its order: all records, or those that a filter lets through without
// any condition that an index serves.
func (r *query) walked() (Page, error) {
	last, err := r.tx.Last()
	if err != nil {
		return Page{}, err
	}
	w := &walk{query: r, total: -1, skip: r.Start - 1}
	page := Page{Start: r.Start}
	if r.ByCursor {
		at, err := r.cursor()
		if err != nil {
			return Page{}, err
		}
		w.from, w.skip, page.Start = at.from, 0, at.offset+1
		if at.offset > 0 {
			w.total = at.total
		}
	} else if m, ok := r.d.places.find(r.place(last, w.skip)); ok && w.skip > 0 {
		w.from, w.skip, w.total = m.from, 0, m.total
	}
	if r.Filter == nil {
		n, err := r.tx.Count(r.Kind)
		if err != nil {
			return Page{}, err
		}
		w.total = int(n)
	}
	if err := w.run(&page); err != nil {
		return Page{}, err
	}
	page.Total = w.total
	next := page.Start - 1 + len(page.Found)
	if len(page.Found) < r.Count || len(page.Found) == 0 || next >= w.total {
		return page, nil
	}
	if r.ByCursor {
		page.Next = r.encode(cursor{from: w.end, offset: next, total: w.total})
	} else {
		r.d.places.keep(r.place(last, next), mark{from: w.end, total: w.total})
	}
	return page, nil
}

func (r *query) place(last Seq, offset int) place {
	if r.key == "" {
		r.key = r.plan()
	}
	return place{source: r.source, plan: r.key, seq: last, offset: offset}
}

// walk goes along an index.
type walk struct {
	*query
	from  position // go on after this one; zero is the start
	skip  int      // matches to leave out first
	total int      // all matches; -1 while unknown
	seen  int
	end   position // of the last record of the page
}

// run fills the page, and goes on to the end where the total is not known yet.
func (w *walk) run(page *Page) error {
	if w.total >= 0 && (w.Count == 0 || w.skip >= w.total) {
		return nil
	}
	if w.total < 0 {
		if n, err := w.tx.Count(w.Kind); err != nil {
			return err
		} else if n > int64(w.d.budget) {
			return fmt.Errorf("no index serves the filter, and there are %d records: %w", n, ErrTooMany)
		}
	}
	ix := Index{w.Kind, w.order.field}
	from, to := w.bounds()
	for e, err := range w.tx.Range(ix, from, to, w.order.desc) {
		if err != nil {
			return err
		}
		if w.isBefore(e) {
			continue
		}
		done, err := w.step(page, e)
		if err != nil || done {
			return err
		}
	}
	w.total = max(w.total, w.seen)
	return nil
}

// step takes one record; done where the page is full and the total known.
func (w *walk) step(page *Page, e Entry) (done bool, err error) {
	if w.Filter != nil {
		ok, err := w.passes(e.ID)
		if err != nil || !ok {
			return false, err
		}
	}
	w.seen++
	if w.seen <= w.skip || len(page.Found) >= w.Count {
		return false, nil
	}
	f, err := find(w.tx, w.Kind, e.ID, w.WithGroups)
	if err != nil {
		return false, fmt.Errorf("%s %s is in an index: %w", w.Kind, e.ID, err)
	}
	page.Found = append(page.Found, f)
	w.end = position{key: string(e.Key), id: e.ID}
	return w.total >= 0 && len(page.Found) == w.Count, nil
}

func (w *walk) passes(id ID) (bool, error) {
	_, ok, err := w.judge(id)
	return ok, err
}

// bounds gives the range that begins at the position.
func (w *walk) bounds() (from, to []byte) {
	switch {
	case w.from.id.IsZero():
		return nil, nil
	case w.order.desc:
		return nil, append([]byte(w.from.key), 1)
	}
	return []byte(w.from.key), nil
}

// isBefore reports whether an entry was given already: it is the position, or has its key and an id before.
func (w *walk) isBefore(e Entry) bool {
	if w.from.id.IsZero() || !bytes.Equal(e.Key, []byte(w.from.key)) {
		return false
	}
	c := e.ID.Compare(w.from.id)
	return c == 0 || c < 0 != w.order.desc
}
