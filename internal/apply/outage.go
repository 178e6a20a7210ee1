package apply

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"sacbridge/internal/upstream"
)

// outageCalls is how many calls in a row are given up, each after all of its tries, before the run takes the
// tenant for out of reach: one alone may be about something that the tenant never gets done.
const outageCalls = 3

// outage notices a tenant that has no time for anything. What was given up is then open, as if it had not been
// reached, for a resumed run to do.
type outage struct {
	mu      sync.Mutex
	calls   int   // given up since the last success
	changes []int // that they were about
	reached bool  // a call of this process succeeded
	last    *upstream.Error
	over    bool // the run stops for it
}

// succeeded notes that the tenant has carried something out.
func (o *outage) succeeded() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls, o.changes, o.reached = 0, nil, true
}

// add notes a call that was given up because of err, and gives the changes that are open again where the run is to
// stop for it.
func (o *outage) add(changes []int, err *upstream.Error) (open []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls++
	o.changes = append(o.changes, changes...)
	o.last = err
	if o.calls < outageCalls && !o.over {
		return nil
	}
	o.over = true
	return o.changes
}

// atEnd gives the changes that are open again where no call at all of this process succeeded, and that was about more
// than one of them.
func (o *outage) atEnd() (open []int, last *upstream.Error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reached || o.over || len(o.changes) < 2 {
		return nil, nil
	}
	return o.changes, o.last
}

// saysNoTime gives the failure by which the tenant, or a gateway in front of it, says that it has no time.
func saysNoTime(err error) *upstream.Error {
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok {
		return nil
	}
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return e
	case 0:
		if below, ok := errors.AsType[*upstream.Error](e.Err); ok && below != e {
			return saysNoTime(below)
		}
	}
	return nil
}

// waitedEnough reports whether the tenant throttles: the connector has waited for minutes then, so that another try
// would find the same.
func waitedEnough(err error) bool {
	e := saysNoTime(err)
	return e != nil && e.Code == upstream.CodeThrottled
}

// allWaitedEnough reports whether that holds for all items.
func allWaitedEnough(items []item) bool {
	return !slices.ContainsFunc(items, func(it item) bool { return !waitedEnough(it.err) })
}

// givenUp says how often something was tried in vain.
func givenUp(tries int, err error) error {
	if tries == 1 {
		return fmt.Errorf("given up: %w", err)
	}
	return fmt.Errorf("given up after %d tries: %w", tries, err)
}

// gaveUp is told of a call that was given up, once its changes are marked as failed.
func (r *runner) gaveUp(err error, changes ...int) {
	busy := saysNoTime(err)
	if busy == nil || len(changes) == 0 {
		return
	}
	r.stopForOutage(r.outage.add(changes, busy), busy)
}

// stopForOutage stops the run and opens what was given up.
func (r *runner) stopForOutage(open []int, last *upstream.Error) {
	if len(open) == 0 {
		return
	}
	r.halt(&upstream.Error{
		Class: upstream.RetryLater, Code: upstream.CodeUnavailable, Op: "write to the tenant", Status: last.Status, Detail: last.Detail,
		RetryAfter: last.RetryAfter, Unreachable: true,
		Cause: fmt.Sprintf("nothing could be done any more, and %d changes were given up: it has no time now", len(open)),
	})
	reopened := 0
	r.mu.Lock()
	for _, i := range open {
		if res := &r.results[i]; res.Status == Failed {
			res.Status, res.Cause, res.CauseKey = Pending, "", ""
			delete(r.absent, res.Key)
			reopened++
		}
	}
	r.mu.Unlock()
	r.counter.fail(-reopened)
}
