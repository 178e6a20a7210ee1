package scimserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// bulkWorkers is how many creates of a request run at once; they share the store's commits.
const bulkWorkers = 32

// bulkRun carries the operations of one request out.
type bulkRun struct {
	x            *exchange
	steps        []*bulkStep
	byID         map[string]*bulkStep // creates by their bulkId
	ids          map[string]string    // resource ids by bulkId, of creates that succeeded
	incomplete   []*bulkStep          // creates of a cycle that lack references still
	failOnErrors int                  // 0 for no limit
	failed       int
}

func newBulkRun(x *exchange, in bulkRequest) *bulkRun {
	b := &bulkRun{x: x, byID: map[string]*bulkStep{}, ids: map[string]string{}, failOnErrors: in.FailOnErrors}
	for _, op := range in.Operations {
		s := x.prepare(op)
		b.steps = append(b.steps, s)
		if s.BulkID == "" || s.change.method != http.MethodPost {
			continue
		}
		if b.byID[s.BulkID] != nil {
			s.fault = scim.NewInvalidSyntax("bulkId", "the bulkId is there twice")
			continue
		}
		b.byID[s.BulkID] = s
	}
	for _, s := range b.steps {
		for _, ref := range s.refs {
			if b.byID[ref] == nil && s.fault == nil {
				s.fault = scim.NewInvalidValue("bulkId", "no operation of this request creates %s%s", bulkPrefix, shorten(ref))
			}
		}
	}
	return b
}

// run carries every operation out once those that it refers to are, in the order of the request otherwise. Creates that
// refer to each other in a cycle are made without the references, which are added as soon as they can be.
func (b *bulkRun) run(ctx context.Context) {
	for !b.stopped() {
		if !b.pass(ctx) && !b.breakCycle(ctx) {
			return
		}
	}
}

// pass goes through the operations in order and runs what can run. Once an operation has run that an earlier one may
// have waited for, the pass ends, so that the earlier one is next. Operations on one resource keep their order. It
// reports whether anything ran.
func (b *bulkRun) pass(ctx context.Context) bool {
	ran, blocked, waiting := false, map[string]bool{}, false
	for i := 0; i < len(b.steps) && !b.stopped(); i++ {
		s := b.steps[i]
		if s.done {
			continue
		}
		if n := b.runTogether(ctx, i); n > 0 {
			ran, i = true, i+n-1
		} else if target := s.target(); !blocked[target] && b.ready(s) {
			b.runOne(ctx, s, nil)
			ran = true
		} else {
			waiting = true
			blocked[target] = target != ""
			continue
		}
		if waiting {
			return true
		}
	}
	return ran
}

// target is the resource that a step changes; empty for a create.
func (s *bulkStep) target() string {
	if s.change.method == http.MethodPost || s.change.kind == nil {
		return ""
	}
	return s.change.kind.Endpoint + "/" + strings.ToLower(s.change.id)
}

func (b *bulkRun) stopped() bool { return b.failOnErrors > 0 && b.failed >= b.failOnErrors }

// results lists the results of what was run, in the order of the request.
func (b *bulkRun) results() []*bulkResult {
	out := make([]*bulkResult, 0, len(b.steps))
	for _, s := range b.steps {
		if s.result != nil {
			out = append(out, s.result)
		}
	}
	return out
}

// nothingStored gives the error of a store that takes no writes, where no operation has changed anything: the request as a
// whole can then come again.
func (b *bulkRun) nothingStored() error {
	var first error
	for _, s := range b.steps {
		if s.done && s.fault == nil {
			return nil
		}
		if _, unwritable := errors.AsType[*directory.UnwritableError](s.fault); unwritable && first == nil {
			first = s.fault
		}
	}
	return first
}

// ready says whether everything a step refers to has been decided. A step on a resource of a cycle waits until the
// resource is complete.
func (b *bulkRun) ready(s *bulkStep) bool {
	for _, ref := range s.refs {
		if other := b.byID[ref]; other != nil && !other.done {
			return false
		}
	}
	if name, ok := strings.CutPrefix(s.change.id, bulkPrefix); ok {
		for _, open := range b.incomplete {
			if open.BulkID == name {
				return false
			}
		}
	}
	return true
}

// runTogether runs creates that stand in a row, refer to nothing and have names of their own side by side, and says
// how many. With failOnErrors everything runs in turn, since the count decides what is run at all.
func (b *bulkRun) runTogether(ctx context.Context, from int) int {
	if b.failOnErrors > 0 {
		return 0
	}
	names := map[string]bool{}
	row := b.steps[from:]
	for i, s := range row {
		name := s.name()
		if s.done || s.fault != nil || s.change.method != http.MethodPost || len(s.refs) > 0 || name == "" || names[name] {
			row = row[:i]
			break
		}
		names[name] = true
	}
	if len(row) < 2 {
		return 0
	}
	outs, errs := make([]result, len(row)), make([]error, len(row))
	slots := make(chan struct{}, bulkWorkers)
	var wg sync.WaitGroup
	for i, s := range row {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			outs[i], errs[i] = b.change(ctx, s)
		})
	}
	wg.Wait()
	for i, s := range row {
		b.recordOutcome(ctx, s, outs[i], errs[i])
	}
	return len(row)
}

// name is what a create has to have alone: type and folded name.
func (s *bulkStep) name() string {
	var in struct{ UserName, DisplayName string }
	if s.change.kind == nil || json.Unmarshal(s.Data, &in) != nil {
		return ""
	}
	if s.change.kind == scim.Group() {
		return "g " + scim.Fold(in.DisplayName)
	}
	return "u " + scim.Fold(in.UserName)
}

// runOne runs one step; the references of drop are left out.
func (b *bulkRun) runOne(ctx context.Context, s *bulkStep, drop map[string]bool) {
	if s.fault == nil {
		s.fault = b.resolve(s, drop)
	}
	if s.fault != nil {
		b.recordOutcome(ctx, s, result{}, s.fault)
		return
	}
	out, err := b.change(ctx, s)
	b.recordOutcome(ctx, s, out, err)
	b.completeCycles(ctx)
}

// change carries one operation out; a panic in it is that operation's own fault.
func (b *bulkRun) change(ctx context.Context, s *bulkStep) (out result, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = asError(caught)
		}
	}()
	if err := ctx.Err(); err != nil {
		return result{}, err
	}
	return b.x.source.service.change(ctx, s.change)
}

func (b *bulkRun) recordOutcome(ctx context.Context, s *bulkStep, out result, err error) {
	b.x.finishStep(ctx, s, out, err)
	if err != nil {
		b.failed++
		return
	}
	if s.change.method == http.MethodPost && s.BulkID != "" {
		b.ids[s.BulkID] = s.id.String()
	}
}

// resolve puts ids in place of a step's references, so that none lands in the store as text.
func (b *bulkRun) resolve(s *bulkStep, drop map[string]bool) error {
	for _, ref := range s.refs {
		if _, ok := b.ids[ref]; !ok && !drop[ref] {
			return scim.NewInvalidValue("bulkId", "the operation %s%s failed", bulkPrefix, shorten(ref))
		}
	}
	if name, ok := strings.CutPrefix(s.change.id, bulkPrefix); ok {
		s.change.id = b.ids[name]
	}
	if len(s.refs) == 0 || len(s.Data) == 0 {
		return nil
	}
	body, err := replaceRefs(s.Data, b.ids, drop)
	if err != nil {
		return scim.NewInvalidSyntax("data", "data is broken")
	}
	s.change.body = body
	return nil
}

// breakCycle creates the first resource that waits for others which wait for it; false where nothing waits. What waits
// without being a create cannot be helped (RFC 7644 §3.7.1: 409).
func (b *bulkRun) breakCycle(ctx context.Context) bool {
	waiting := false
	for _, s := range b.steps {
		if s.done {
			continue
		}
		waiting = true
		if s.change.method != http.MethodPost {
			continue
		}
		drop := map[string]bool{}
		for _, ref := range s.refs {
			if _, ok := b.ids[ref]; !ok {
				drop[ref] = true
			}
		}
		b.incomplete = append(b.incomplete, s)
		b.runOne(ctx, s, drop)
		return true
	}
	for _, s := range b.steps {
		if !s.done {
			b.recordOutcome(ctx, s, result{}, fail(http.StatusConflict, "", "the operation depends on itself through other operations"))
		}
	}
	return waiting
}

// completeCycles adds the references of a cycle to resources whose partners exist now: the resource is replaced by its whole
// data, which it was made of a moment ago.
func (b *bulkRun) completeCycles(ctx context.Context) {
	still := b.incomplete[:0]
	for _, s := range b.incomplete {
		switch waiting, lost := b.missing(s); {
		case s.result == nil, s.fault != nil:
		case lost:
			b.recordOutcome(ctx, s, result{}, fail(http.StatusConflict, "", "created, but what it refers to could not be created"))
		case waiting:
			still = append(still, s)
		default:
			b.addReferences(ctx, s)
		}
	}
	b.incomplete = still
}

func (b *bulkRun) missing(s *bulkStep) (waiting, lost bool) {
	for _, ref := range s.refs {
		if _, ok := b.ids[ref]; ok {
			continue
		}
		lost = lost || b.byID[ref].done
		waiting = true
	}
	return waiting, lost
}

func (b *bulkRun) addReferences(ctx context.Context, s *bulkStep) {
	whole := bulkStep{bulkOperation: s.bulkOperation, change: s.change, refs: s.refs}
	whole.change.method, whole.change.id, whole.change.ifMatch = http.MethodPut, s.id.String(), directory.ETag(1)
	err := b.resolve(&whole, nil)
	var out result
	if err == nil {
		out, err = b.change(ctx, &whole)
	}
	out.status = http.StatusCreated
	b.recordOutcome(ctx, s, out, err)
}
