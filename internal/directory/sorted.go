package directory

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// All records sorted by something that no index orders are found in runs: one goes through all records and keeps the
// ids of the next MaxSort in order, so that memory is bounded and who reads page after page has most of them ready. Runs
// hold for one state of the source; of an outdated one its end still tells where to begin.
type sortedRun struct {
	source SourceID
	query  string // its fingerprint
	seq    Seq
	offset int // of the first in the results
	ids    []ID
	last   match
}

func (s *sortedRun) end() int { return s.offset + len(s.ids) }

const (
	// maxRuns and maxRunIDs bound what is remembered: 16 MiB of ids.
	maxRuns   = 256
	maxRunIDs = 1 << 20
	// maxKeyBytes bounds the texts of one run in work, maxKeptKey that of a run which is remembered.
	maxKeyBytes = 16 << 20
	maxKeptKey  = 4 << 10
	// maxSortsAtOnce is how many queries go through all records at the same time.
	maxSortsAtOnce = 2
)

// runCache remembers runs, the latest first.
type runCache struct {
	mu   sync.Mutex
	runs []*sortedRun
}

// covering gives the run with the result at offset; nil where none is remembered.
func (c *runCache) covering(source SourceID, query string, seq Seq, offset int) *sortedRun {
	return c.best(func(s *sortedRun) (int, bool) {
		return 0, s.source == source && s.query == query && s.seq == seq && s.offset <= offset && offset < s.end()
	})
}

// before gives the run whose end is nearest before offset; of an outdated one it may be off by slack.
func (c *runCache) before(source SourceID, query string, seq Seq, offset, slack int) *sortedRun {
	return c.best(func(s *sortedRun) (int, bool) {
		end := s.end()
		if s.seq != seq {
			end += slack
		}
		return end, s.source == source && s.query == query && end <= offset && s.last.key.Size() <= maxKeptKey
	})
}

// best gives the run that is ranked highest, and puts it first.
func (c *runCache) best(rank func(*sortedRun) (int, bool)) *sortedRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, highest := -1, -1
	for i, s := range c.runs {
		if r, ok := rank(s); ok && r > highest {
			at, highest = i, r
		}
	}
	if at < 0 {
		return nil
	}
	found := c.runs[at]
	c.runs = slices.Insert(slices.Delete(c.runs, at, at+1), 0, found)
	return found
}

// put remembers a run, and forgets those that were not used for longest.
func (c *runCache) put(s *sortedRun) {
	if s.last.key.Size() > maxKeptKey {
		kept := *s
		kept.last = match{}
		s = &kept
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs = slices.Insert(c.runs, 0, s)
	total := 0
	for i, one := range c.runs {
		if total += len(one.ids); i > 0 && (i >= maxRuns || total > maxRunIDs) {
			clear(c.runs[i:])
			c.runs = c.runs[:i]
			return
		}
	}
}

// awaitSort waits until few enough others sort.
func (d *Directory) awaitSort(ctx context.Context) (done func(), err error) {
	select {
	case d.sorts <- struct{}{}:
		return func() { <-d.sorts }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answerByRuns gives a page of all records.
func (r *query) answerByRuns(total int) (Page, error) {
	seq, err := r.tx.Last()
	if err != nil {
		return Page{}, err
	}
	skip := r.Start - 1
	if r.ByCursor {
		at, err := r.cursor()
		if err != nil {
			return Page{}, err
		}
		skip = at.offset
	}
	page := Page{Total: total, Start: skip + 1}
	var ids []ID
	for want := min(r.Count, total-skip); len(ids) < want; {
		at := skip + len(ids)
		run, err := r.runWith(seq, at)
		if err != nil {
			return Page{}, err
		}
		part := run.ids[at-run.offset:]
		ids = append(ids, part[:min(len(part), want-len(ids))]...)
	}
	if page.Found, err = r.find(ids); err != nil {
		return Page{}, err
	}
	if next := skip + len(ids); r.ByCursor && len(ids) > 0 && next < total {
		page.Next = r.encode(cursor{offset: next})
	}
	return page, nil
}

// runWith gives a run with the result at offset.
func (r *query) runWith(seq Seq, offset int) (*sortedRun, error) {
	r.print = r.fingerprint()
	if run := r.d.runs.covering(r.source, r.print, seq, offset); run != nil {
		return run, nil
	}
	var after *match
	if hint := r.d.runs.before(r.source, r.print, seq, offset, r.d.maxSort/4); hint != nil {
		after = &hint.last
	}
	for {
		run, err := r.runAfter(after)
		if err != nil {
			return nil, err
		}
		if run.offset > offset { // many were added since the hint
			after = nil
			continue
		}
		run.source, run.query, run.seq = r.source, r.print, seq
		r.d.runs.put(run)
		if offset < run.end() {
			return run, nil
		}
		if len(run.ids) == 0 {
			return nil, fmt.Errorf("%d of kind %s are counted, %d are there: %w", offset+1, r.Kind, run.offset, ErrNotFound)
		}
		after = &run.last
	}
}

// runAfter goes through all records for those that follow one: nil for the first.
func (r *query) runAfter(after *match) (*sortedRun, error) {
	run, next := &sortedRun{}, &smallest{query: r}
	for record, err := range r.tx.Scan(r.Kind, ID{}, false) {
		if err != nil {
			return nil, err
		}
		v := view{tx: r.tx, header: &record.Header, body: record.JSON}
		m := match{id: record.ID, key: r.order.sort.Key(&v)}
		if v.err != nil {
			return nil, v.err
		}
		if after != nil && r.compare(m, *after) <= 0 {
			run.offset++
			continue
		}
		next.add(m)
	}
	next.shrink(r.d.maxSort)
	run.ids = make([]ID, len(next.list))
	for i := range next.list {
		run.ids[i] = next.list[i].id
	}
	if len(next.list) > 0 {
		run.last = next.list[len(next.list)-1]
	}
	return run, nil
}

// smallest gathers the first matches of many in order: twice as many as are wanted, then it drops the later half.
type smallest struct {
	*query
	list    []match
	bytes   int
	dropped *match // the first that was left out; none behind it is taken
}

func (s *smallest) add(m match) {
	if s.dropped != nil && s.compare(m, *s.dropped) >= 0 {
		return
	}
	m.key = m.key.Clone() // the text may be part of a whole record
	s.list = append(s.list, m)
	if s.bytes += m.key.Size(); len(s.list) >= 2*s.d.maxSort || s.bytes > maxKeyBytes {
		s.shrink(max(min(s.d.maxSort, len(s.list)/2), 1))
	}
}

// shrink sorts, and leaves no more than n.
func (s *smallest) shrink(n int) {
	slices.SortFunc(s.list, s.compare)
	if len(s.list) <= n {
		return
	}
	first := s.list[n]
	s.dropped = &first
	clear(s.list[n:])
	s.list, s.bytes = s.list[:n], 0
	for i := range s.list {
		s.bytes += s.list[i].key.Size()
	}
}
