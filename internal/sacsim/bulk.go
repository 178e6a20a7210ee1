package sacsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const pathBulk = "/api/v1/scim2/Bulk"

// bulkRequest is as much of a BulkRequest as picking operations out of it takes.
type bulkRequest struct {
	Schemas      json.RawMessage   `json:"schemas,omitempty"`
	FailOnErrors int               `json:"failOnErrors,omitempty"`
	Operations   []json.RawMessage `json:"Operations"`
}

// isBulk tells whether a request is for the Bulk endpoint.
func isBulk(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.TrimSuffix(r.URL.Path, "/") == pathBulk
}

// bulkWithout answers a Bulk request of which some operations are not run: those that a fault spares, or
// that meet a session that timed out half-way and read 403 (script 2452). Nil means that no operation is
// concerned. With failOnErrors the request ends at the first of them that fails.
func (c *gatewayCall) bulkWithout() *answer {
	var request bulkRequest
	if !isBulk(c.r) || json.Unmarshal(c.body, &request) != nil || c.overBulkLimit(len(request.Operations)) {
		return nil
	}
	status, hit := http.StatusForbidden, map[int]bool(nil)
	switch {
	case c.fault != nil && c.fault.Action == ActItemStatus:
		status, hit = c.fault.status(), c.fault.hits(len(request.Operations))
	case c.set.forbidden > 0:
		hit = c.tenant.hits(len(request.Operations), c.set.forbidden)
	}
	if len(hit) == 0 {
		return nil
	}
	var kept []json.RawMessage
	last := len(request.Operations)
	for i, op := range request.Operations {
		if hit[i] && request.FailOnErrors > 0 && status >= http.StatusBadRequest {
			last = i + 1
			break
		}
		if !hit[i] {
			kept = append(kept, op)
		}
	}
	return c.bulkMerged(request, kept, hit, last, status)
}

// hits are the positions of the operations that a fault is about.
func (f *firedFault) hits(operations int) map[int]bool {
	hit := map[int]bool{}
	for i := range operations {
		if len(f.Items) == 0 || slices.Contains(f.Items, i+1) {
			hit[i] = true
		}
	}
	return hit
}

// withItemStatus replaces the statuses of operations that were run.
func (c *gatewayCall) withItemStatus(a *answer) *answer {
	var ran struct {
		Schemas    []string          `json:"schemas"`
		Operations []json.RawMessage `json:"Operations"`
	}
	if !isBulk(c.r) || json.Unmarshal(a.body(), &ran) != nil {
		return a
	}
	for i := range c.fault.hits(len(ran.Operations)) {
		ran.Operations[i] = itemWithStatus(ran.Operations[i], c.fault.status())
	}
	return jsonAnswer(http.StatusOK, ran)
}

// overBulkLimit tells a request that the tenant refuses as a whole.
func (c *gatewayCall) overBulkLimit(operations int) bool {
	most, _ := c.tenant.svc.NumberSetting("bulkMaxOperations")
	bytes, _ := c.tenant.svc.NumberSetting("bulkMaxPayloadSize")
	return float64(operations) > most || float64(len(c.body)) > bytes
}

// hits counts the operations of all Bulk requests and gives the positions of those to refuse.
func (t *tenant) hits(operations, every int) map[int]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	hit := map[int]bool{}
	for i := range operations {
		t.bulked++
		if t.bulked%every == 0 {
			hit[i] = true
		}
	}
	return hit
}

// bulkMerged runs the kept operations and puts the others back in their places with a status, up to last.
func (c *gatewayCall) bulkMerged(request bulkRequest, kept []json.RawMessage, hit map[int]bool, last, status int) *answer {
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
		part := *c
		part.body = body
		r := part.tenantRequest()
		a := c.run(r)
		c.call = part.call
		if a.status != http.StatusOK || json.Unmarshal(a.body(), &ran) != nil {
			return a
		}
	}
	merged, next := []json.RawMessage{}, 0
	for i := range operations[:last] {
		switch {
		case hit[i]:
			merged = append(merged, itemWithStatus(operations[i], status))
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

// itemWithStatus is the item that answers an operation with a status other than its own. The status stands
// in both places that clients look in.
func itemWithStatus(operation json.RawMessage, code int) json.RawMessage {
	var op struct {
		Method string `json:"method"`
		BulkID string `json:"bulkId"`
	}
	_ = json.Unmarshal(operation, &op) // an operation of another shape has no method to echo
	status, response := strconv.Itoa(code), map[string]string{"status": strconv.Itoa(code)}
	if code >= http.StatusBadRequest {
		response["detail"] = http.StatusText(code)
	}
	if code == http.StatusForbidden {
		response["detail"] = "Forbidden: the session timed out."
	}
	answer := map[string]any{"method": op.Method, "status": status, "response": response}
	if op.BulkID != "" {
		answer["bulkId"] = op.BulkID
	}
	item, err := json.Marshal(answer)
	if err != nil {
		return json.RawMessage(`{"status":"` + status + `"}`)
	}
	return item
}
