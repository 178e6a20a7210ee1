package directory

import (
	"bytes"
	"fmt"
)

// answerInOrder answers from one index in its order: all records, or those that a filter lets through without
// any condition that an index serves.
func (r *query) answerInOrder() (Page, error) {
	last, err := r.tx.Last()
	if err != nil {
		return Page{}, err
	}
	w := &indexWalk{query: r, total: -1, skip: r.Start - 1}
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
	} else if m, ok := r.d.pages.get(r.pageKey(last, w.skip)); ok && w.skip > 0 {
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
		r.d.pages.put(r.pageKey(last, next), pageStart{from: w.end, total: w.total})
	}
	return page, nil
}

func (r *query) pageKey(last Seq, offset int) pageKey {
	if r.print == "" {
		r.print = r.fingerprint()
	}
	return pageKey{source: r.source, query: r.print, seq: last, offset: offset}
}

// indexWalk goes along an index.
type indexWalk struct {
	*query
	from  position // go on after this one; zero is the start
	skip  int      // matches to leave out first
	total int      // all matches; -1 while unknown
	seen  int
	end   position // of the last record of the page
}

// run fills the page, and goes on to the end where the total is not known yet.
func (w *indexWalk) run(page *Page) error {
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
	span, size := w.span(), w.batchSize()
	batch := make([]position, 0, size)
	for e, err := range w.tx.Range(Index{w.Kind, w.order.field}, span) {
		if err != nil {
			return err
		}
		if w.isBefore(e) {
			continue
		}
		if batch = append(batch, position{key: string(e.Key), id: e.ID}); len(batch) < size {
			continue
		}
		if done, err := w.addBatch(page, batch); err != nil || done {
			return err
		}
		batch, size = batch[:0], w.batchSize()
	}
	if _, err := w.addBatch(page, batch); err != nil {
		return err
	}
	w.total = max(w.total, w.seen)
	return nil
}

// batchSize is how many entries are looked at next: what the page has room for, and where the filter has its say some
// more.
func (w *indexWalk) batchSize() int {
	if w.Filter == nil {
		return min(max(w.Count, 1), 4*nextBatch)
	}
	return w.query.batchSize()
}

// addBatch looks at the next entries; done where the page is full and the total known.
func (w *indexWalk) addBatch(page *Page, batch []position) (done bool, err error) {
	if w.Filter != nil {
		if batch, err = w.filtered(batch); err != nil {
			return false, err
		}
	}
	first := min(max(w.skip-w.seen, 0), len(batch))
	shown := batch[first:min(first+w.Count-len(page.Found), len(batch))]
	w.seen += len(batch)
	ids := make([]ID, len(shown))
	for i := range shown {
		ids[i], w.end = shown[i].id, shown[i]
	}
	found, err := w.find(ids)
	if err != nil {
		return false, err
	}
	page.Found = append(page.Found, found...)
	return w.total >= 0 && len(page.Found) == w.Count, nil
}

// filtered leaves those entries whose records the filter lets through.
func (w *indexWalk) filtered(batch []position) ([]position, error) {
	ids := make([]ID, len(batch))
	for i := range batch {
		ids[i] = batch[i].id
	}
	matches, err := w.evaluate(ids)
	if err != nil {
		return nil, err
	}
	passing := batch[:0]
	for i := range batch {
		if len(matches) > 0 && matches[0].id == batch[i].id {
			passing, matches = append(passing, batch[i]), matches[1:]
		}
	}
	return passing, nil
}

// span gives the part of the index that begins at the position. Without a filter the store leaves out what the page
// does not want.
func (w *indexWalk) span() Span {
	s := Span{Desc: w.order.desc}
	s.From, s.To = w.bounds()
	if w.Filter == nil && w.from.id.IsZero() {
		s.Skip, s.Limit = w.skip, w.Count
		w.skip = 0
	}
	return s
}

// bounds gives the range that begins at the position.
func (w *indexWalk) bounds() (from, to []byte) {
	switch {
	case w.from.id.IsZero():
		return nil, nil
	case w.order.desc:
		return nil, append([]byte(w.from.key), 1)
	}
	return []byte(w.from.key), nil
}

// isBefore reports whether an entry was given already: it is the position, or has its key and an id before.
func (w *indexWalk) isBefore(e Entry) bool {
	if w.from.id.IsZero() || !bytes.Equal(e.Key, []byte(w.from.key)) {
		return false
	}
	c := e.ID.Compare(w.from.id)
	return c == 0 || c < 0 != w.order.desc
}
