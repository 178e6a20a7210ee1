package sac

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"sacbridge/internal/sac/session"
)

// What a live tenant advertises (SAP community 13899661); used until its own configuration is read.
const (
	bulkOps   = 30
	bulkBytes = 3_072_000
)

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
		Bulk optional[struct {
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
		b.off = b.off || err != nil || !v.Supported.boolean(false)
		if n := v.Ops.number(); n > 0 {
			b.ops = n
		}
		if n := v.Bytes.number(); n > 0 {
			b.bytes = n
		}
	})
	return nil
}
