package bolt

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"go.etcd.io/bbolt"
)

// maxGroup is how many writes share a transaction at most.
const maxGroup = 1000

// write is one caller's part of a transaction.
type write struct {
	do     func(tx *bbolt.Tx) error
	err    error     // what became of it
	leader chan bool // true: commit the next group, yourself in it; false: done, see err
}

// refusal is an error of one write that leaves the others of its group alone. The write must have
// changed nothing.
type refusal struct{ err error }

// refuse marks an error as the fault of one write alone.
func refuse(err error) error { return &refusal{err} }

// Error gives the reason.
func (e *refusal) Error() string { return e.err.Error() }

// Unwrap gives the reason.
func (e *refusal) Unwrap() error { return e.err }

// committer puts writes that come at the same time into one transaction, so that they share its fsync. It has
// neither timer nor goroutine: a lone writer commits at once itself, and whoever comes while a commit is being made
// waits for the next, which the first of them makes for all.
type committer struct {
	bolt *bbolt.DB
	disk *disk

	mu      sync.Mutex
	waiting []*write
	busy    bool // somebody is making a commit, or was told to
	closed  bool
	idle    sync.Cond // on mu: busy has ended
}

func newCommitter(file *bbolt.DB, on *disk) *committer {
	c := &committer{bolt: file, disk: on}
	c.idle.L = &c.mu
	return c
}

// do makes a write and returns once it is on disk. A refusal comes back as its reason.
func (c *committer) do(fn func(tx *bbolt.Tx) error) error {
	w := &write{do: fn, leader: make(chan bool, 1)}
	leader, open := c.join(w)
	if !open {
		return fmt.Errorf("write %s: %w", c.disk.path, ErrClosed)
	}
	if leader || <-w.leader {
		c.commitAsLeader()
	}
	if refused, ok := errors.AsType[*refusal](w.err); ok {
		return refused.err
	}
	return w.err
}

// join queues a write. leader says that nobody else commits it, so that the caller has to.
func (c *committer) join(w *write) (leader, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false, false
	}
	c.waiting = append(c.waiting, w)
	leader = !c.busy
	c.busy = true
	return leader, true
}

// commitAsLeader commits what waits, the caller's own write first, and makes the first of those who came meanwhile the next leader.
func (c *committer) commitAsLeader() {
	c.mu.Lock()
	group := c.waiting[:min(len(c.waiting), maxGroup)]
	c.waiting = c.waiting[len(group):]
	c.mu.Unlock()
	c.commit(group)
	c.mu.Lock()
	if len(c.waiting) > 0 {
		c.waiting[0].leader <- true
	} else {
		c.busy, c.waiting = false, nil
		c.idle.Broadcast()
	}
	c.mu.Unlock()
	for _, w := range group[1:] {
		w.leader <- false
	}
}

// close lets the writes that wait be made and refuses new ones; false where that happened before.
func (c *committer) close() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.closed
	c.closed = true
	for c.busy {
		c.idle.Wait()
	}
	return !was
}

// commit makes one transaction of the group, unless the disk refused one a moment ago.
func (c *committer) commit(group []*write) {
	err := c.disk.held()
	if err == nil {
		if err = c.transact(group); err != nil || wroteAny(group) {
			err = c.disk.wrote(err)
		}
	}
	if err == nil {
		return
	}
	for _, w := range group {
		w.err = err
	}
}

// wroteAny says that a group had more than refusals.
func wroteAny(group []*write) bool {
	return slices.ContainsFunc(group, func(w *write) bool { return w.err == nil })
}

// transact keeps the refusals with their writes; any other error, and a panic, undoes the whole group.
func (c *committer) transact(group []*write) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("panic in a write: %v\n%s", caught, debug.Stack())
		}
	}()
	return c.bolt.Update(func(tx *bbolt.Tx) error {
		for _, w := range group {
			w.err = w.do(tx)
			if _, refused := errors.AsType[*refusal](w.err); !refused && w.err != nil {
				return w.err
			}
		}
		return nil
	})
}
