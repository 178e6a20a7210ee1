package listener

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// ConnLimiter bounds how many connections are open. Above the bound it closes the connection that has waited longest
// without a whole request: first one that never sent any, then one that is idle between two. So clients that open
// connections and say nothing, or say it slowly, push out each other and not those that work. Each has a moment for
// its first request: until then no more connections are accepted. It is safe for concurrent use.
type ConnLimiter struct {
	limit int

	mu      sync.Mutex
	open    int
	closed  uint64
	waiting map[net.Conn]waiting
	fresh   *list.List    // of connections that never sent a whole request, the oldest first
	idle    *list.List    // of those between two requests
	changed chan struct{} // a connection may have become free or closed
}

// firstRequestTime is how long a connection may take for its first request before it can be pushed out.
const firstRequestTime = 500 * time.Millisecond

// waiting says where a connection waits, and since when.
type waiting struct {
	queue   *list.List
	element *list.Element
	since   time.Time
}

// NewConnLimiter gives a limiter that allows limit open connections.
func NewConnLimiter(limit int) *ConnLimiter {
	return &ConnLimiter{limit: limit, waiting: map[net.Conn]waiting{}, fresh: list.New(), idle: list.New(), changed: make(chan struct{}, 1)}
}

// Open counts the open connections.
func (c *ConnLimiter) Open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// Closed counts the connections that were closed because there were too many.
func (c *ConnLimiter) Closed() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// ConnState is the http.Server's ConnState. The server accepts no other connection until it returns for a new one.
func (c *ConnLimiter) ConnState(conn net.Conn, state http.ConnState) {
	c.track(conn, state)
	if state != http.StateNew {
		return
	}
	for {
		victim, wait := c.choose(time.Now())
		if victim != nil {
			_ = victim.Close() // it is gone either way
			return
		}
		if wait <= 0 {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.changed:
			timer.Stop()
		}
	}
}

// track keeps the count and the queues.
func (c *ConnLimiter) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dequeue(conn)
	switch state {
	case http.StateNew:
		c.open++
		c.enqueue(conn, c.fresh)
		return
	case http.StateIdle:
		c.enqueue(conn, c.idle)
	case http.StateClosed, http.StateHijacked:
		c.open--
	case http.StateActive:
	}
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *ConnLimiter) enqueue(conn net.Conn, queue *list.List) {
	c.waiting[conn] = waiting{queue: queue, element: queue.PushBack(conn), since: time.Now()}
}

func (c *ConnLimiter) dequeue(conn net.Conn) {
	if w, ok := c.waiting[conn]; ok {
		w.queue.Remove(w.element)
		delete(c.waiting, conn)
	}
}

// choose takes the connection that has waited longest, where there are too many. The newest is always fresh: where
// all others are at work it is the newest that goes. wait is how long the chosen one still has.
func (c *ConnLimiter) choose(now time.Time) (victim net.Conn, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open <= c.limit {
		return nil, 0
	}
	front := c.fresh.Front()
	if c.fresh.Len() == 1 && c.idle.Len() > 0 {
		front = c.idle.Front()
	}
	if front == nil {
		return nil, 0
	}
	chosen, _ := front.Value.(net.Conn)
	w := c.waiting[chosen]
	if wait = firstRequestTime - now.Sub(w.since); wait > 0 && w.queue == c.fresh {
		return nil, wait
	}
	c.dequeue(chosen)
	c.closed++
	if secured, ok := chosen.(*tls.Conn); ok {
		// Its own Close would wait for the client to answer the end of the session.
		return secured.NetConn(), 0
	}
	return chosen, 0
}
