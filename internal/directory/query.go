package directory

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"sacbridge/internal/scim"
)

// Query answers a page of records. Indexes find the candidates where the filter has a condition that one
// serves, in every branch of an or; the filter is evaluated on headers where they suffice. Totals are exact.
// ErrTooMany where more records would have to be read or sorted than is allowed; ErrCursor where
// q.Cursor is none of this query.
func (d *Directory) Query(ctx context.Context, source SourceID, q Query) (page Page, err error) {
	q.Start, q.Count = max(q.Start, 1), max(q.Count, 0)
	if page, done, err := d.single(ctx, source, q); done {
		return page, err
	}
	run := &query{Query: q, d: d, source: source, order: orderOf(q)}
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		run.tx = tx
		page, err = run.answer()
		return err
	})
	return page, err
}

// single answers a query for one unique value, which is what providers ask before each write, by one read without a
// snapshot. done is false for any other query.
func (d *Directory) single(ctx context.Context, source SourceID, q Query) (page Page, done bool, err error) {
	if q.Filter == nil || q.WithGroups || q.Cursor != "" {
		return page, false, nil
	}
	bounds, exact := q.Filter.Bounds()
	if !exact || len(bounds) != 1 || bounds[0].Op != scim.OpEq || bounds[0].Ref.Name != ByName.Attr(q.Kind) {
		return page, false, nil
	}
	record, err := d.store.Find(ctx, source, Index{q.Kind, ByName}, []byte(bounds[0].Value.Folded))
	page.Start = q.Start
	if err == nil {
		page.Total = 1
	}
	if err == nil && q.Start == 1 && q.Count > 0 {
		page.Found = []Found{{Record: record}}
	}
	return page, true, ignoreNotFound(err)
}

// The sizes of the batches in which records are looked at: small at first, when it is not known yet whether the headers
// suffice.
const (
	firstBatch = 16
	nextBatch  = 256
)

// query is a Query in work on one snapshot.
type query struct {
	Query
	d      *Directory
	source SourceID
	tx     ReadTx
	order  order
	read   int    // records that the filter was evaluated on so far
	loaded int    // those of them whose header did not suffice
	print  string // fingerprint, once it was needed
}

// order says how results are ordered: by an index, or by the client's attribute where no index has it.
type order struct {
	field Field
	desc  bool
	sort  *scim.Sort // nil where an index orders
}

func orderOf(q Query) order {
	if q.Sort == nil {
		return order{field: ByID}
	}
	o := order{desc: q.Sort.Descending}
	switch q.Sort.Ref.Name {
	case "id":
		o.field = ByID
	case ByName.Attr(q.Kind):
		o.field = ByName
	case "meta.lastModified":
		o.field = ByModified
	default:
		o.sort = q.Sort
	}
	return o
}

// fingerprint is the same text for two queries that differ in their page only.
func (r *query) fingerprint() string {
	filter, sort := "", ""
	if r.Filter != nil {
		filter = r.Filter.String()
	}
	if r.Sort != nil {
		sort = r.Sort.Ref.Name
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%t\x00%s\x00%s", r.Kind, r.order.desc, sort, filter))
	return string(sum[:12])
}

func (r *query) answer() (Page, error) {
	if r.Filter != nil {
		if reads, ok := indexReads(r.Kind, r.Filter); ok {
			return r.answerSorted(reads)
		}
	}
	if r.order.sort == nil {
		return r.answerInOrder()
	}
	n, err := r.tx.Count(r.Kind)
	if err != nil {
		return Page{}, err
	}
	if n > int64(r.d.maxSort) && r.Filter == nil {
		return Page{}, fmt.Errorf("sort %d records by %s: %w", n, r.order.sort.Ref.Name, ErrTooMany)
	}
	return r.answerSorted([]indexRead{{rankNone, between(Index{r.Kind, ByID}, nil, nil)}})
}

// match is a record that the filter let through, with what it is sorted by.
type match struct {
	id  ID
	key scim.SortKey
	by  string
}

// answerSorted finds all matches first, orders them and cuts the page out.
func (r *query) answerSorted(reads []indexRead) (Page, error) {
	matches, err := r.collect(reads)
	if err != nil {
		return Page{}, err
	}
	if r.order.sort != nil && len(matches) > r.d.maxSort {
		return Page{}, fmt.Errorf("sort %d records by %s: %w", len(matches), r.order.sort.Ref.Name, ErrTooMany)
	}
	slices.SortFunc(matches, r.compare)
	page := Page{Total: len(matches), Start: r.Start}
	skip := r.Start - 1
	if r.ByCursor {
		at, err := r.cursor()
		if err != nil {
			return Page{}, err
		}
		skip, page.Start = at.offset, at.offset+1
	}
	skip = min(skip, len(matches))
	rest := matches[skip:]
	shown := rest[:min(r.Count, len(rest))]
	ids := make([]ID, len(shown))
	for i := range shown {
		ids[i] = shown[i].id
	}
	if page.Found, err = r.find(ids); err != nil {
		return Page{}, err
	}
	if r.ByCursor && r.Count > 0 && len(rest) > r.Count {
		page.Next = r.encode(cursor{offset: skip + r.Count})
	}
	return page, nil
}

// find reads the records of a page.
func (r *query) find(ids []ID) ([]Found, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := r.tx.Records(r.Kind, ids)
	if err != nil {
		return nil, err
	}
	if len(records) != len(ids) {
		return nil, r.missing(len(ids) - len(records))
	}
	found := make([]Found, len(records))
	for i := range records {
		found[i].Record = records[i]
		if r.WithGroups {
			if found[i].Groups, err = groupRefs(r.tx, ids[i], ID{}, 0); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// missing is the error of records that an index has and nothing else.
func (r *query) missing(n int) error {
	return fmt.Errorf("%d of kind %s that an index lists: %w", n, r.Kind, ErrNotFound)
}

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
		m.key = r.order.sort.Key(v)
	case r.order.field == ByName && h.Kind == Group:
		m.by = string(NameKey(h.DisplayName))
	case r.order.field == ByName:
		m.by = string(NameKey(h.UserName))
	case r.order.field == ByModified:
		m.by = string(TimeKey(h.Modified))
	}
	return m
}

// compare orders matches; ids decide between equals, in the direction of an index that has them.
func (r *query) compare(a, b match) int {
	if r.order.sort != nil {
		if c := r.order.sort.Compare(a.key, b.key); c != 0 {
			return c
		}
		return a.id.Compare(b.id)
	}
	c := slices.Compare([]byte(a.by), []byte(b.by))
	if c == 0 {
		c = a.id.Compare(b.id)
	}
	if r.order.desc {
		return -c
	}
	return c
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
