package main

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// crowd bounds how many connections are open. Above the bound it closes the connection that has waited longest without a
// whole request: first one that never sent any, then one that rests between two. So clients that open
// connections and say nothing, or say it slowly, push out each other and not those who work. Each has a moment for
// its first request: until then no more connections are accepted.
type crowd struct {
	most int

	mu      sync.Mutex
	open    int
	place   map[net.Conn]*list.Element // of those that wait
	fresh   *list.List                 // never sent a whole request, the oldest first
	idle    *list.List                 // between two requests
	queue   map[net.Conn]*list.List
	changed chan struct{} // room may have been made
	pushed  prometheus.Counter
}

// grace is how long a connection may take for its first request before it can be pushed out.
const grace = 500 * time.Millisecond

// waiting is a connection that waits.
type waiting struct {
	conn  net.Conn
	since time.Time
}

func newCrowd(most int, reg prometheus.Registerer) *crowd {
	c := &crowd{
		most: most, place: map[net.Conn]*list.Element{}, queue: map[net.Conn]*list.List{}, fresh: list.New(), idle: list.New(), changed: make(chan struct{}, 1),
		pushed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sacbridge_connections_closed_total", Help: "Waiting connections closed because there were too many.",
		}),
	}
	reg.MustRegister(c.pushed, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sacbridge_connections", Help: "Open connections.",
	}, func() float64 {
		c.mu.Lock()
		defer c.mu.Unlock()
		return float64(c.open)
	}))
	return c
}

// watch is the http.Server's ConnState. The server accepts nobody else until it returns for a new connection.
func (c *crowd) watch(conn net.Conn, state http.ConnState) {
	c.note(conn, state)
	if state != http.StateNew {
		return
	}
	for {
		out, wait := c.choose(time.Now())
		if out != nil {
			c.pushed.Inc()
			_ = out.Close() // it is gone either way
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

// note keeps the books.
func (c *crowd) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(conn)
	switch state {
	case http.StateNew:
		c.open++
		c.enter(conn, c.fresh)
		return
	case http.StateIdle:
		c.enter(conn, c.idle)
	case http.StateClosed, http.StateHijacked:
		c.open--
	case http.StateActive:
	}
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *crowd) enter(conn net.Conn, queue *list.List) {
	c.place[conn], c.queue[conn] = queue.PushBack(waiting{conn, time.Now()}), queue
}

func (c *crowd) leave(conn net.Conn) {
	if at, ok := c.place[conn]; ok {
		c.queue[conn].Remove(at)
		delete(c.place, conn)
		delete(c.queue, conn)
	}
}

// choose takes the connection that has waited longest, where there are too many. The newest is always fresh: where
// all others are at work it is the newest that goes. wait is how long the chosen one still has.
func (c *crowd) choose(now time.Time) (out net.Conn, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open <= c.most {
		return nil, 0
	}
	front := c.fresh.Front()
	if c.fresh.Len() == 1 && c.idle.Len() > 0 {
		front = c.idle.Front()
	}
	if front == nil {
		return nil, 0
	}
	chosen, _ := front.Value.(waiting)
	if wait = grace - now.Sub(chosen.since); wait > 0 && c.queue[chosen.conn] == c.fresh {
		return nil, wait
	}
	c.leave(chosen.conn)
	if secured, ok := chosen.conn.(*tls.Conn); ok {
		// Its own Close would wait for the client to take a farewell.
		return secured.NetConn(), 0
	}
	return chosen.conn, 0
}
