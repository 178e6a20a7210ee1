package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// What a live tenant advertises (SAP community 13899661); used until its own configuration is read.
const (
	bulkOps   = 30
	bulkBytes = 3_072_000
)

// itemTries is how often one Bulk item is sent again whose session timed out meanwhile (script 2452).
const itemTries = 3

// errNoBulk says that the tenant has no Bulk.
var errNoBulk = errors.New("the tenant offers no Bulk")

// bulkState is what is known of the tenant's Bulk.
type bulkState struct {
	asking sync.Mutex // held by the one who reads the configuration

	mu        sync.Mutex
	asked     bool
	off       bool
	noCreates bool // Bulk takes no POST of people
	creates   bool // Bulk has taken one
	ops       int
	bytes     int
}

func newBulkState(off bool) *bulkState { return &bulkState{off: off, ops: bulkOps, bytes: bulkBytes} }

func (b *bulkState) size() (ops, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.off {
		return 1, b.bytes
	}
	return b.ops, b.bytes
}

func (b *bulkState) createSize() int {
	ops, _ := b.size()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noCreates {
		return 1
	}
	return ops
}

func (b *bulkState) set(change func(*bulkState)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

func (b *bulkState) get(what func(*bulkState) bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return what(b)
}

// Discover reads the tenant's ServiceProviderConfig, once, so that Limits are the tenant's own. Without
// it the first Bulk does that. It makes no call where there is no v2 or no Bulk is wanted.
func (t *Tenant) Discover(ctx context.Context) error {
	b := t.bulk
	if !t.hasV2() || t.cfg.NoBulk {
		return nil
	}
	b.asking.Lock()
	defer b.asking.Unlock()
	if b.get(func(b *bulkState) bool { return b.asked }) {
		return nil
	}
	var doc struct {
		Bulk bag[struct {
			Supported text `json:"supported"`
			Ops       text `json:"maxOperations"`
			Bytes     text `json:"maxPayloadSize"`
		}] `json:"bulk"`
	}
	_, err := t.do(ctx, session.Request{
		Op: "read the tenant's limits", Method: http.MethodGet, Path: pathV2 + "/ServiceProviderConfig",
		Decode: func(dec *json.Decoder) error { return dec.Decode(&doc) },
	})
	if err != nil && !isAbsent(err) {
		return classed("read the tenant's limits", err)
	}
	b.set(func(b *bulkState) {
		b.asked = true
		v := doc.Bulk.V
		b.off = b.off || err != nil || !v.Supported.truth(false)
		if n := v.Ops.number(); n > 0 {
			b.ops = n
		}
		if n := v.Bytes.number(); n > 0 {
			b.bytes = n
		}
	})
	return nil
}

// bulkOp is one operation of a Bulk request.
type bulkOp struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Data   any    `json:"data,omitempty"`

	name string // for errors, such as `create user "ANNA"`
}

// bulkAnswer is the answer of a Bulk. An item's status stands in one of two places (script 2452).
type bulkAnswer struct {
	Operations []struct {
		Status   text `json:"status"`
		Response bag[struct {
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
	ops   []bulkOp
	errs  []error // per op; nil is success
	queue []int
	tries []int
}

// runBulk carries the operations out and gives one error per operation. errNoBulk comes before
// anything has been written, and only then.
func (t *Tenant) runBulk(ctx context.Context, op string, ops []bulkOp) ([]error, error) {
	if err := t.Discover(ctx); err != nil {
		return nil, err
	}
	if n, _ := t.bulk.size(); n < 2 {
		return nil, errNoBulk
	}
	r := &bulkRun{t: t, op: op, ops: ops, errs: make([]error, len(ops)), tries: make([]int, len(ops))}
	for i := range ops {
		r.queue = append(r.queue, i)
	}
	sent := false
	for len(r.queue) > 0 {
		err := r.round(ctx)
		if isAbsent(err) && !sent {
			t.bulk.set(func(b *bulkState) { b.off = true })
			return nil, errNoBulk
		}
		sent = true
	}
	return r.errs, nil
}

// round sends the head of the queue. Items that were certainly not processed stay in the queue.
func (r *bulkRun) round(ctx context.Context) error {
	n := r.fit()
	head := r.queue[:n]
	ops := make([]bulkOp, n)
	for i, k := range head {
		ops[i] = r.ops[k]
	}
	// As many errors are allowed as there are operations: one refused item then costs no further
	// request for the rest of its batch (RFC 7644 §3.7).
	body := object{"schemas": []string{urnBulk}, "failOnErrors": n, "Operations": ops}
	var answer bulkAnswer
	_, err := r.t.do(ctx, session.Request{
		Op: r.op, Method: http.MethodPost, Path: pathV2 + "/Bulk", Body: body, Slow: true,
		Decode: func(dec *json.Decoder) error { answer = bulkAnswer{}; return dec.Decode(&answer) },
	})
	if err != nil {
		return r.failed(head, err)
	}
	done := min(len(answer.Operations), n)
	var again []int
	for i, k := range head[:done] {
		item := answer.Operations[i]
		status := item.Status.number()
		if s := item.Response.V.Status.number(); status == 0 {
			status = s
		}
		if r.again(k, status) {
			again = append(again, k)
			continue
		}
		r.errs[k] = itemError(r.ops[k].name, status, string(item.Response.V.ScimType), string(item.Response.V.Detail))
	}
	tail := r.queue[done:]
	if done == 0 {
		for _, k := range head {
			r.errs[k] = &upstream.Error{Class: upstream.Unknown, Op: r.ops[k].name, Cause: "the Bulk answer tells nothing of it"}
		}
		tail = r.queue[n:]
	}
	r.queue = append(again, tail...)
	return nil
}

// again reports whether an item is to be sent once more: its session had timed out, or the tenant
// had no time for it.
func (r *bulkRun) again(k, status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		r.tries[k]++
		return r.tries[k] < itemTries
	}
	return false
}

// failed deals with a Bulk that was refused or lost as a whole.
func (r *bulkRun) failed(head []int, err error) error {
	e, _ := errors.AsType[*upstream.Error](err)
	if e != nil && e.Status == http.StatusRequestEntityTooLarge && len(head) > 1 {
		half := len(head) / 2
		r.t.bulk.set(func(b *bulkState) { b.ops = max(half, 1) })
		return nil
	}
	for _, k := range head {
		r.errs[k] = itemFailure(r.ops[k].name, err)
	}
	r.queue = r.queue[len(head):]
	return err
}

// itemFailure gives every item of a lost Bulk its own error.
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
	for _, k := range r.queue[:min(len(r.queue), max(ops, 1))] {
		raw, err := json.Marshal(r.ops[k])
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

// bulkErrors runs a batch and gives one error per operation in every case but errNoBulk.
func (t *Tenant) bulkErrors(ctx context.Context, op string, ops []bulkOp) ([]error, bool) {
	errs, err := t.runBulk(ctx, op, ops)
	if errors.Is(err, errNoBulk) {
		return nil, false
	}
	if err != nil {
		errs = make([]error, len(ops))
		for i := range ops {
			errs[i] = itemFailure(ops[i].name, err)
		}
	}
	return errs, true
}

func bulkName(verb string, n int) string { return fmt.Sprintf("%s %d people", verb, n) }
