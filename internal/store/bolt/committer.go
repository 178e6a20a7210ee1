package bolt

import (
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
)

// maxGroup is how many writes share a transaction at most.
const maxGroup = 1000

// write is one caller's part of a transaction.
type write struct {
	do   func(tx *bbolt.Tx) error
	done chan error
}

// refusal is an error of one write that leaves the others of its group alone. The write must have
// changed nothing.
type refusal struct{ err error }

// Error gives the reason.
func (e *refusal) Error() string { return e.err.Error() }

// Unwrap gives the reason.
func (e *refusal) Unwrap() error { return e.err }

// committer puts writes that come at the same time into one transaction, so that they share its fsync.
// It has no timer: a lone write waits for nobody.
type committer struct {
	bolt  *bbolt.DB
	path  string
	queue chan write
	ended sync.WaitGroup

	mu     sync.RWMutex
	closed bool
}

// newCommitter starts a committer; close ends it.
func newCommitter(file *bbolt.DB, path string) *committer {
	c := &committer{bolt: file, path: path, queue: make(chan write, maxGroup)}
	c.ended.Go(c.run)
	return c
}

// do makes a write and returns once it is on disk. A refusal comes back as its reason.
func (c *committer) do(fn func(tx *bbolt.Tx) error) error {
	w := write{do: fn, done: make(chan error, 1)}
	if !c.enqueue(w) {
		return fmt.Errorf("write %s: %w", c.path, ErrClosed)
	}
	err := <-w.done
	if refused, ok := errors.AsType[*refusal](err); ok {
		return refused.err
	}
	if err != nil {
		return explain(c.path, "write", err)
	}
	return nil
}

func (c *committer) enqueue(w write) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return false
	}
	c.queue <- w
	return true
}

// close lets the writes that wait be made and ends the committer; false where that happened before.
func (c *committer) close() bool {
	c.mu.Lock()
	was := c.closed
	if !was {
		c.closed = true
		close(c.queue)
	}
	c.mu.Unlock()
	c.ended.Wait()
	return !was
}

func (c *committer) run() {
	for first := range c.queue {
		c.commit(c.gather(first))
	}
}

// gather takes what waits, without waiting for more.
func (c *committer) gather(first write) []write {
	group := []write{first}
	for len(group) < maxGroup {
		select {
		case w, open := <-c.queue:
			if !open {
				return group
			}
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

// commit makes one transaction of the group and answers everybody.
func (c *committer) commit(group []write) {
	refused := make([]error, len(group))
	err := c.bolt.Update(func(tx *bbolt.Tx) error {
		for n, w := range group {
			err := w.do(tx)
			if _, ok := errors.AsType[*refusal](err); ok {
				refused[n] = err
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	for n, w := range group {
		if err != nil {
			w.done <- err
		} else {
			w.done <- refused[n]
		}
	}
}
