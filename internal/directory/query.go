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
// ErrTooMany where more records would have to be read for a filter than is allowed; ErrCursor where
// q.Cursor is none of this query.
func (d *Directory) Query(ctx context.Context, source SourceID, q Query) (page Page, err error) {
	q.Start, q.Count = max(q.Start, 1), max(q.Count, 0)
	if page, done, err := d.single(ctx, source, q); done {
		return page, err
	}
	run := &query{Query: q, d: d, source: source, order: orderOf(q)}
	if run.order.sort != nil && q.Filter == nil {
		done, err := d.awaitSort(ctx)
		if err != nil {
			return Page{}, err
		}
		defer done()
	}
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
		return r.answerByRuns(int(n))
	}
	return r.answerSorted([]indexRead{{rankNone, between(Index{r.Kind, ByID}, nil, nil)}})
}

// match is a record that the filter let through, with what it is sorted by.
type match struct {
	id  ID
	key scim.SortKey
	by  string
}

// answerSorted finds all matches first, no more than the budget allows, orders them and cuts the page out.
func (r *query) answerSorted(reads []indexRead) (Page, error) {
	matches, err := r.collect(reads)
	if err != nil {
		return Page{}, err
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
