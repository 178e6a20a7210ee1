package sacsim

import (
	"encoding/json"
	"net/http"
	"strings"
)

const pathBulk = "/api/v1/scim2/Bulk"

// bulkRequest is as much of a BulkRequest as picking operations out of it takes.
type bulkRequest struct {
	Schemas      json.RawMessage   `json:"schemas,omitempty"`
	FailOnErrors int               `json:"failOnErrors,omitempty"`
	Operations   []json.RawMessage `json:"Operations"`
}

// bulkForbidden answers a Bulk request of which some operations meet a session that timed out
// half-way: they are not run and read 403 (script 2452). Nil means that no operation is concerned.
// With failOnErrors the request ends at the first of them.
func (x *exchange) bulkForbidden() *answer {
	if x.set.forbidden == 0 || x.r.Method != http.MethodPost || strings.TrimSuffix(x.r.URL.Path, "/") != pathBulk {
		return nil
	}
	var request bulkRequest
	if json.Unmarshal(x.body, &request) != nil || x.overBulkLimit(len(request.Operations)) {
		return nil
	}
	hit := x.w.hits(len(request.Operations), x.set.forbidden)
	if len(hit) == 0 {
		return nil
	}
	var kept []json.RawMessage
	last := len(request.Operations)
	for i, op := range request.Operations {
		if hit[i] && request.FailOnErrors > 0 {
			last = i + 1
			break
		}
		if !hit[i] {
			kept = append(kept, op)
		}
	}
	return x.bulkMerged(request, kept, hit, last)
}

// overBulkLimit tells a request that the tenant refuses as a whole.
func (x *exchange) overBulkLimit(operations int) bool {
	most, _ := x.w.svc.NumberSetting("bulkMaxOperations")
	bytes, _ := x.w.svc.NumberSetting("bulkMaxPayloadSize")
	return float64(operations) > most || float64(len(x.body)) > bytes
}

// hits counts the operations of all Bulk requests and gives the positions of those to refuse.
func (w *world) hits(operations, every int) map[int]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	hit := map[int]bool{}
	for i := range operations {
		w.bulked++
		if w.bulked%every == 0 {
			hit[i] = true
		}
	}
	return hit
}

// bulkMerged runs the kept operations and puts the refused ones back in their places, up to last.
func (x *exchange) bulkMerged(request bulkRequest, kept []json.RawMessage, hit map[int]bool, last int) *answer {
	operations := request.Operations
	ran := struct {
		Schemas    []string          `json:"schemas"`
		Operations []json.RawMessage `json:"Operations"`
	}{Schemas: []string{"urn:ietf:params:scim:api:messages:2.0:BulkResponse"}}
	if len(kept) > 0 {
		request.Operations = kept
		body, err := json.Marshal(request)
		if err != nil {
			return textAnswer(http.StatusBadRequest, err.Error())
		}
		part := *x
		part.body = body
		r := part.tenantRequest()
		a := x.run(r)
		x.call = part.call
		if a.status != http.StatusOK || json.Unmarshal(a.body(), &ran) != nil {
			return a
		}
	}
	merged, next := []json.RawMessage{}, 0
	for i := range operations[:last] {
		switch {
		case hit[i]:
			merged = append(merged, forbiddenItem(operations[i]))
		case next < len(ran.Operations):
			merged = append(merged, ran.Operations[next])
			next++
		default: // the tenant stopped at an error before
			ran.Operations = merged
			return jsonAnswer(http.StatusOK, ran)
		}
	}
	ran.Operations = merged
	return jsonAnswer(http.StatusOK, ran)
}

// forbiddenItem is the item of an operation that was not run. Its status stands in both places that
// clients look in.
func forbiddenItem(operation json.RawMessage) json.RawMessage {
	var op struct {
		Method string `json:"method"`
		BulkID string `json:"bulkId"`
	}
	_ = json.Unmarshal(operation, &op) // an operation of another shape has no method to echo
	answer := map[string]any{
		"method": op.Method, "status": "403",
		"response": map[string]string{"status": "403", "detail": "Forbidden: the session timed out."},
	}
	if op.BulkID != "" {
		answer["bulkId"] = op.BulkID
	}
	item, err := json.Marshal(answer)
	if err != nil {
		return json.RawMessage(`{"status":"403"}`)
	}
	return item
}
