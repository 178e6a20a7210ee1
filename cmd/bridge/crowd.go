package main

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// crowd bounds how many connections are open. Above the bound it closes the connection that has waited longest without a
// whole request: first one that never sent any, then one that rests between two. So clients that open
// connections and say nothing, or say it slowly, push out each other and not those who work.
type crowd struct {
	most int

	mu     sync.Mutex
	open   int
	place  map[net.Conn]*list.Element // of those that wait
	fresh  *list.List                 // never sent a whole request, the oldest first
	idle   *list.List                 // between two requests
	queue  map[net.Conn]*list.List
	pushed prometheus.Counter
}

func newCrowd(most int, reg prometheus.Registerer) *crowd {
	c := &crowd{
		most: most, place: map[net.Conn]*list.Element{}, queue: map[net.Conn]*list.List{}, fresh: list.New(), idle: list.New(),
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

// watch is the http.Server's ConnState.
func (c *crowd) watch(conn net.Conn, state http.ConnState) {
	if out := c.note(conn, state); out != nil {
		c.pushed.Inc()
		_ = out.Close() // it is gone either way
	}
}

// note keeps the books, and gives the connection that has to go.
func (c *crowd) note(conn net.Conn, state http.ConnState) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(conn)
	switch state {
	case http.StateNew:
		c.open++
		c.enter(conn, c.fresh)
		if c.open > c.most {
			return c.choose()
		}
	case http.StateIdle:
		c.enter(conn, c.idle)
	case http.StateClosed, http.StateHijacked:
		c.open--
	case http.StateActive:
	}
	return nil
}

func (c *crowd) enter(conn net.Conn, queue *list.List) {
	c.place[conn], c.queue[conn] = queue.PushBack(conn), queue
}

func (c *crowd) leave(conn net.Conn) {
	if at, ok := c.place[conn]; ok {
		c.queue[conn].Remove(at)
		delete(c.place, conn)
		delete(c.queue, conn)
	}
}

// choose takes the one that has waited longest. The newest is always fresh, so there is one; where all others
// are at work it is the newest that goes.
func (c *crowd) choose() net.Conn {
	front := c.fresh.Front()
	if c.fresh.Len() == 1 && c.idle.Len() > 0 {
		front = c.idle.Front()
	}
	conn, ok := front.Value.(net.Conn)
	if !ok {
		return nil
	}
	c.leave(conn)
	if secured, ok := conn.(*tls.Conn); ok {
		// Its own Close would wait for the client to take a farewell.
		return secured.NetConn()
	}
	return conn
}
