package directory

import (
	"container/list"
	"sync"
)

// maxPlaces is how many readers' places are remembered.
const maxPlaces = 4096

// place names a position in the results of a query: valid only for the state of the source it was made at.
type place struct {
	source SourceID
	plan   string
	seq    Seq
	offset int
}

// mark is where the results go on after a place, and what is known of the whole.
type mark struct {
	from  position
	total int
}

// places remembers where readers of pages stopped, so that the next page need not count its way from the
// start. The least recently used ones go first.
type places struct {
	mu    sync.Mutex
	order *list.List
	known map[place]*list.Element
}

type placed struct {
	at   place
	mark mark
}

func newPlaces() *places { return &places{order: list.New(), known: map[place]*list.Element{}} }

// find gives the mark of a place.
func (p *places) find(at place) (mark, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.known[at]
	if !ok {
		return mark{}, false
	}
	p.order.MoveToFront(e)
	return e.Value.(placed).mark, true
}

// keep remembers the mark of a place.
func (p *places) keep(at place, m mark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.known[at]; ok {
		e.Value = placed{at, m}
		p.order.MoveToFront(e)
		return
	}
	p.known[at] = p.order.PushFront(placed{at, m})
	for p.order.Len() > maxPlaces {
		last := p.order.Back()
		p.order.Remove(last)
		delete(p.known, last.Value.(placed).at)
	}
}

// position is where a reader goes on: after this key and id of the list that the query walks.
type position struct {
	key string
	id  ID
}
