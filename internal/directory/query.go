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
	run := &query{Query: q, d: d, source: source, order: orderOf(q)}
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		run.tx = tx
		page, err = run.answer()
		return err
	})
	return page, err
}

// query is a Query in work on one snapshot.
type query struct {
	Query
	d      *Directory
	source SourceID
	tx     ReadTx
	order  order
	read   int    // records read so far to be judged
	key    string // plan, once it was needed
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
	case ByName.attr(q.Kind):
		o.field = ByName
	case "meta.lastModified":
		o.field = ByModified
	default:
		o.sort = q.Sort
	}
	return o
}

// plan is the same text for two queries that differ in their page only.
func (r *query) plan() string {
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
		if probes, ok := probesOf(r.Kind, r.Filter); ok {
			return r.gathered(probes)
		}
	}
	if r.order.sort == nil {
		return r.walked()
	}
	n, err := r.tx.Count(r.Kind)
	if err != nil {
		return Page{}, err
	}
	if n > int64(r.d.maxSort) && r.Filter == nil {
		return Page{}, fmt.Errorf("sort %d records by %s: %w", n, r.order.sort.Ref.Name, ErrTooMany)
	}
	return r.gathered([]probe{{rankNone, between(Index{r.Kind, ByID}, nil, nil)}})
}

// match is a record that the filter let through, with what it is sorted by.
type match struct {
	id  ID
	key scim.SortKey
	by  string
}

// gathered finds all matches first, orders them and cuts the page out.
func (r *query) gathered(probes []probe) (Page, error) {
	matches, err := r.gather(probes)
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
	for _, m := range rest[:min(r.Count, len(rest))] {
		f, err := find(r.tx, r.Kind, m.id, r.WithGroups)
		if err != nil {
			return Page{}, err
		}
		page.Found = append(page.Found, f)
	}
	if r.ByCursor && r.Count > 0 && len(rest) > r.Count {
		page.Next = r.encode(cursor{offset: skip + r.Count})
	}
	return page, nil
}

// gather evaluates the filter on what the probes find, each record once.
func (r *query) gather(probes []probe) (matches []match, err error) {
	seen := map[ID]bool{}
	for _, p := range probes {
		err := p.find(r.tx, func(id ID) error {
			if len(probes) > 1 && seen[id] {
				return nil
			}
			if len(probes) > 1 {
				seen[id] = true
			}
			m, ok, err := r.judge(id)
			if ok {
				matches = append(matches, m)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return matches, nil
}

// judge evaluates the filter on one record and takes what it is sorted by.
func (r *query) judge(id ID) (m match, ok bool, err error) {
	if err := r.spend(); err != nil {
		return m, false, err
	}
	h, err := r.tx.Header(r.Kind, id)
	if err != nil {
		return m, false, fmt.Errorf("%s %s is in an index: %w", r.Kind, id, err)
	}
	v := r.view(&h)
	if r.Filter != nil && !r.Filter.Match(v) || v.err != nil {
		return m, false, v.err
	}
	m.id = id
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
	return m, true, v.err
}

func (r *query) view(h *Header) *view {
	return &view{tx: r.tx, header: h, load: func() ([]byte, error) {
		record, err := r.tx.Get(h.Kind, h.ID)
		return record.JSON, err
	}}
}

// spend counts a record that is read to be judged.
func (r *query) spend() error {
	if r.read++; r.read > r.d.budget {
		return fmt.Errorf("more than %d records would have to be read: %w", r.d.budget, ErrTooMany)
	}
	return nil
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
