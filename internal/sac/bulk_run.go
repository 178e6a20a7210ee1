package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// itemTries is how often one Bulk item is sent again whose session timed out meanwhile (script 2452).
const itemTries = 3

// bulkOp is one operation of a Bulk request.
type bulkOp struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Data   any    `json:"data,omitempty"`

	name string // for errors, such as `create user "ANNA"`
}

// bulkItem is an operation on its way. err is nil for success.
type bulkItem struct {
	op    bulkOp
	err   error
	tries int
}

// bulkAnswer is the answer of a Bulk. An item's status stands in one of two places (script 2452).
type bulkAnswer struct {
	Operations []struct {
		Status   text `json:"status"`
		Response optional[struct {
			Status   text `json:"status"`
			ScimType text `json:"scimType"`
			Detail   text `json:"detail"`
		}] `json:"response"`
	} `json:"Operations"`
}

// bulkRun is one batch on its way through as few Bulk requests as it takes.
type bulkRun struct {
	t     *Tenant
	op    string
	queue []*bulkItem
	// readAgain makes operations anew from what is there now, and gives the items that still have to be
	// sent. nil: the operations do not depend on what is there. read is when they were made.
	readAgain func(ctx context.Context, t *Tenant, items []*bulkItem) ([]*bulkItem, error)
	read      upstream.Moment
}

// send carries the operations out; every item then has its error. It is false where the tenant has no
// Bulk, and only where nothing has been written.
func (r *bulkRun) send(ctx context.Context) bool {
	if err := r.t.Discover(ctx); err != nil {
		r.fail(r.queue, err)
		return true
	}
	if n, _ := r.t.bulk.size(); n < 2 {
		return false
	}
	for sent := false; len(r.queue) > 0; sent = true {
		if err := r.round(ctx); isAbsent(err) && !sent {
			r.t.bulk.set(func(b *bulkState) { b.off = true })
			return false
		}
	}
	return true
}

// round sends the head of the queue. Items that were certainly not processed stay in the queue.
func (r *bulkRun) round(ctx context.Context) error {
	head := r.queue[:r.fit()]
	tail := r.queue[len(head):]
	var answer bulkAnswer
	var err error
	if r.readAgain == nil {
		_, err = r.t.do(ctx, r.request(head, &answer))
	} else {
		_, err = r.t.readThenWrite(ctx, r.op, func(t *Tenant) (session.Request, error) {
			if session.Outdated(r.read) {
				var err error
				if head, err = r.readAgain(ctx, t, head); err != nil {
					return session.Request{}, fmt.Errorf("read before the Bulk: %w", err)
				}
			}
			r.read = upstream.Moment{} // serves once
			if len(head) == 0 {
				return session.Request{}, errNothing
			}
			return r.request(head, &answer), nil
		})
	}
	switch {
	case errors.Is(err, errNothing):
		r.queue = tail
		return nil
	case err != nil:
		return r.failed(head, tail, err)
	}
	r.judgeAnswer(head, tail, &answer)
	return nil
}

func (r *bulkRun) request(items []*bulkItem, answer *bulkAnswer) session.Request {
	ops := make([]bulkOp, len(items))
	for i, item := range items {
		ops[i] = item.op
	}
	// As many errors are allowed as there are operations: one refused item then costs no further
	// request for the rest of its batch (RFC 7644 §3.7).
	body := object{"schemas": []string{urnBulk}, "failOnErrors": len(items), "Operations": ops}
	return session.Request{
		Op: r.op, Method: http.MethodPost, Path: pathV2 + "/Bulk", Body: body, Slow: true,
		Decode: func(dec *json.Decoder) error { *answer = bulkAnswer{}; return dec.Decode(answer) },
	}
}

// judgeAnswer judges the items by the answer. Who is to be sent again comes first in the queue.
func (r *bulkRun) judgeAnswer(head, tail []*bulkItem, answer *bulkAnswer) {
	done := min(len(answer.Operations), len(head))
	if done == 0 {
		for _, item := range head {
			item.err = &upstream.Error{Class: upstream.Unknown, Code: upstream.CodeNoAnswer, Op: item.op.name, Cause: "the Bulk answer tells nothing of it"}
		}
		r.queue = tail
		return
	}
	var again []*bulkItem
	for i, item := range head[:done] {
		told := answer.Operations[i]
		status := told.Status.number()
		if s := told.Response.V.Status.number(); status == 0 {
			status = s
		}
		if item.again(status) {
			again = append(again, item)
			continue
		}
		item.err = itemError(item.op.name, status, string(told.Response.V.ScimType), r.t.session.Words(string(told.Response.V.Detail)))
		if item.err == nil && item.op.Method == http.MethodDelete && status != http.StatusNoContent {
			item.err = noAnswer(item.op.name)
		}
	}
	r.queue = slices.Concat(again, head[done:], tail)
}

// again reports whether an item is to be sent once more: its session had timed out, or the tenant
// had no time for it.
func (i *bulkItem) again(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		i.tries++
		return i.tries < itemTries
	}
	return false
}

// failed deals with a Bulk that was refused or lost as a whole.
func (r *bulkRun) failed(head, tail []*bulkItem, err error) error {
	e, _ := errors.AsType[*upstream.Error](err)
	if e != nil && e.Status == http.StatusRequestEntityTooLarge && len(head) > 1 {
		half := len(head) / 2
		r.t.bulk.set(func(b *bulkState) { b.ops = max(half, 1) })
		r.queue = slices.Concat(head, tail)
		return nil
	}
	r.queue = tail
	r.fail(head, err)
	return err
}

// fail gives every item of a lost Bulk its own error.
func (r *bulkRun) fail(items []*bulkItem, err error) {
	for _, item := range items {
		item.err = itemFailure(item.op.name, err)
	}
}

// itemFailure is the failure of a call about many, for one of them.
func itemFailure(op string, err error) error {
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok {
		return &upstream.Error{Class: upstream.Unknown, Op: op, Err: err}
	}
	own := *e
	own.Op = op
	return &own
}

// fit is how many of the queue go into one request by number and by size.
func (r *bulkRun) fit() int {
	ops, limit := r.t.bulk.size()
	size, n := 200, 0 // the frame around the operations
	for _, item := range r.queue[:min(len(r.queue), max(ops, 1))] {
		raw, err := json.Marshal(item.op)
		if err == nil {
			size += len(raw) + 1
		}
		if size > limit && n > 0 {
			break
		}
		n++
	}
	return n
}

// itemError turns an item's status into a classed error; nil for success.
func itemError(op string, status int, scimType, detail string) error {
	e := &upstream.Error{Op: op, Status: status, Detail: detail}
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == 0 || status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
		e.Class = upstream.Unknown
	case status == http.StatusNotFound:
		e.Class = upstream.Gone
	case status == http.StatusConflict || scimType == "uniqueness":
		e.Class = upstream.Conflict
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusTooManyRequests:
		e.Class = upstream.RetryLater
	default:
		e.Class = upstream.Refused
	}
	return e
}

// bulkErrors carries out operations that do not depend on what is there, and gives one error per operation.
// ok is false where the tenant has no Bulk.
func (t *Tenant) bulkErrors(ctx context.Context, op string, ops []bulkOp) (errs []error, ok bool) {
	items := make([]*bulkItem, len(ops))
	for i := range ops {
		items[i] = &bulkItem{op: ops[i]}
	}
	run := bulkRun{t: t, op: op, queue: items}
	if !run.send(ctx) {
		return nil, false
	}
	errs = make([]error, len(items))
	for i, item := range items {
		errs[i] = item.err
	}
	return errs, true
}
