package directory

import (
	"container/list"
	"sync"
)

// maxPageStarts is how many starts of pages are remembered.
const maxPageStarts = 4096

// pageKey names a page of a query by what comes before it. It is valid only for the state of the source it was made at.
type pageKey struct {
	source SourceID
	query  string // its fingerprint
	seq    Seq
	offset int // of the page in the results
}

// pageStart is where a page begins in the index, and how many results there are in all.
type pageStart struct {
	from  position
	total int
}

// pageCache remembers where pages begin, so that who reads page after page need not count its way from the first. The least recently used ones go first.
type pageCache struct {
	mu    sync.Mutex
	order *list.List
	known map[pageKey]*list.Element
}

type cachedPage struct {
	key   pageKey
	start pageStart
}

func newPageCache() *pageCache {
	return &pageCache{order: list.New(), known: map[pageKey]*list.Element{}}
}

// get gives the start of a page; ok is false where it is not remembered.
func (p *pageCache) get(key pageKey) (start pageStart, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.known[key]
	if !ok {
		return pageStart{}, false
	}
	p.order.MoveToFront(e)
	return e.Value.(cachedPage).start, true
}

// put remembers the start of a page.
func (p *pageCache) put(key pageKey, start pageStart) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.known[key]; ok {
		e.Value = cachedPage{key, start}
		p.order.MoveToFront(e)
		return
	}
	p.known[key] = p.order.PushFront(cachedPage{key, start})
	for p.order.Len() > maxPageStarts {
		last := p.order.Back()
		p.order.Remove(last)
		delete(p.known, last.Value.(cachedPage).key)
	}
}

// position is where a reader goes on: after this key and id of the list that the query walks.
type position struct {
	key string
	id  ID
}
