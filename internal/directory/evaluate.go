package directory

import "fmt"

// The sizes of the batches in which records are looked at: small at first, when it is not known yet whether the headers
// suffice.
const (
	firstBatch = 16
	nextBatch  = 256
)

// collect evaluates the filter on what the reads find, each record once.
func (r *query) collect(reads []indexRead) (matches []match, err error) {
	seen := map[ID]bool{}
	var batch []ID
	flush := func() error {
		more, err := r.evaluate(batch)
		matches, batch = append(matches, more...), batch[:0]
		return err
	}
	for _, p := range reads {
		err := p.find(r.tx, func(id ID) error {
			if len(reads) > 1 {
				if seen[id] {
					return nil
				}
				seen[id] = true
			}
			if batch = append(batch, id); len(batch) < r.batchSize() {
				return nil
			}
			return flush()
		})
		if err != nil {
			return nil, err
		}
	}
	return matches, flush()
}

// batchSize is how many records are looked at next: no more than the budget leaves, for perhaps no more are needed.
func (r *query) batchSize() int {
	size := nextBatch
	if r.read == 0 {
		size = firstBatch
	}
	return max(min(size, r.d.budget-r.read), 1)
}

// evaluate evaluates the filter on records, and gives those that match with what they are sorted by.
func (r *query) evaluate(ids []ID) ([]match, error) {
	if r.read += len(ids); r.read > r.d.budget {
		return nil, fmt.Errorf("more than %d records would have to be read: %w", r.d.budget, ErrTooMany)
	}
	views, err := r.views(ids)
	if err != nil {
		return nil, err
	}
	if len(views) != len(ids) {
		return nil, r.missing(len(ids) - len(views))
	}
	matches := make([]match, 0, len(views))
	for i := range views {
		v := &views[i]
		if (r.Filter == nil || r.Filter.Match(v)) && v.err == nil {
			matches = append(matches, r.matchOf(v))
		}
		if v.err != nil {
			return nil, v.err
		}
		if v.whole != nil {
			r.loaded++
		}
	}
	return matches, nil
}

// views gives the records to look at: their headers, or all of them where most needed more than that so far.
func (r *query) views(ids []ID) ([]view, error) {
	if 2*r.loaded > r.read-len(ids) {
		records, err := r.tx.Records(r.Kind, ids)
		views := make([]view, len(records))
		for i := range records {
			views[i] = view{tx: r.tx, header: &records[i].Header, body: records[i].JSON}
		}
		return views, err
	}
	headers, err := r.tx.Headers(r.Kind, ids)
	views := make([]view, len(headers))
	for i := range headers {
		views[i] = view{tx: r.tx, header: &headers[i]}
	}
	return views, err
}

// matchOf gives a match with what it is sorted by.
func (r *query) matchOf(v *view) match {
	m, h := match{id: v.header.ID}, v.header
	switch {
	case r.order.sort != nil:
		m.key = r.order.sort.Key(v).Clone() // the text may be part of a whole record
	case r.order.field == ByName && h.Kind == Group:
		m.by = string(NameKey(h.DisplayName))
	case r.order.field == ByName:
		m.by = string(NameKey(h.UserName))
	case r.order.field == ByModified:
		m.by = string(TimeKey(h.Modified))
	}
	return m
}
