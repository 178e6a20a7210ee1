package service

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// bulkItem is the outcome of one operation. It names no id and no location; where the status stands
// is a setting, since both places occur (script 2452).
type bulkItem struct {
	Method   string        `json:"method"`
	BulkID   string        `json:"bulkId,omitempty"`
	Status   string        `json:"status,omitempty"`
	Response *bulkResponse `json:"response,omitempty"`
}

type bulkResponse struct {
	Status   string   `json:"status,omitempty"`
	Schemas  []string `json:"schemas,omitempty"`
	ScimType string   `json:"scimType,omitempty"`
	Detail   string   `json:"detail,omitempty"`
}

type bulkDoc struct {
	Schemas    []string   `json:"schemas"`
	Operations []bulkItem `json:"Operations"`
}

// bulk runs the operations one by one through the same handlers as single calls. failOnErrors ends
// the run early, and the answer is then shorter than the request (script 2452).
func (s *Service) bulk(q *request) reply {
	if len(q.raw) > s.settings.number(setBulkBytes) {
		return q.refuse(http.StatusRequestEntityTooLarge, "", "The bulk request is too large.")
	}
	v, _ := q.body.get("Operations")
	ops, isList := v.([]any)
	if !isList || !slices.Contains(q.body.schemas(), urnBulk) {
		return q.invalid()
	}
	if limit := s.settings.number(setBulkMax); len(ops) > limit {
		q.call.violate(fmt.Sprintf("%d Bulk operations, %d are allowed", len(ops), limit))
		return q.refuse(http.StatusRequestEntityTooLarge, "tooMany",
			fmt.Sprintf("The bulk request exceeds %d operations.", limit))
	}
	stop := 0
	if n, has := q.body.get("failOnErrors"); has {
		limit, err := count(n)
		if err != nil {
			return q.invalid()
		}
		stop = limit
	}
	doc := bulkDoc{Schemas: []string{urnBulked}, Operations: []bulkItem{}}
	work := Work{Kind: WorkBulk}
	for failures, i := 0, 0; i < len(ops) && (stop == 0 || failures < stop); i++ {
		item, status, cost := s.bulkOp(q, asObject(ops[i]))
		doc.Operations = append(doc.Operations, item)
		work.Items = append(work.Items, cost)
		if status >= http.StatusBadRequest {
			failures++
		}
	}
	q.call.Work = work
	return ok(doc)
}

func (s *Service) bulkOp(q *request, op object) (bulkItem, int, Work) {
	str := func(key string) string {
		v, _ := op.get(key)
		out, _ := v.(string)
		return out
	}
	method := strings.ToUpper(str("method"))
	inner := &Call{Actor: q.call.Actor}
	sub := &request{call: inner, header: q.header, query: url.Values{}, body: op.object("data")}
	out := s.bulkRoute(sub, method, str("path"))
	q.call.Violations = append(q.call.Violations, inner.Violations...)
	item := bulkItem{Method: method, BulkID: str("bulkId"), Response: &bulkResponse{}}
	if e, isError := out.body.(scimError); isError {
		item.Response.Schemas, item.Response.ScimType, item.Response.Detail = e.Schemas, e.ScimType, e.Detail
	}
	status := strconv.Itoa(out.status)
	if s.settings[setBulkStatus] == "response.status" {
		item.Response.Status = status
	} else {
		item.Status = status
	}
	if item.Response.Status == "" && item.Response.Detail == "" {
		item.Response = nil
	}
	return item, out.status, inner.Work
}

// bulkRoute knows users only: the tenant takes no teams in Bulk (IPS connector).
func (s *Service) bulkRoute(q *request, method, path string) reply {
	path = strings.Trim(path, "/")
	kind, rest, _ := strings.Cut(path, "/")
	id, err := url.PathUnescape(rest)
	if kind != "Users" || err != nil || strings.Contains(rest, "/") {
		return q.invalid()
	}
	q.id = id
	if q.body == nil {
		if method != http.MethodDelete {
			return q.invalid()
		}
		q.body = object{}
	}
	switch {
	case method == http.MethodPost && id == "":
		return s.bulkCreate(q)
	case id == "":
		return q.invalid()
	case method == http.MethodPatch:
		return s.patchUserV2(q)
	case method == http.MethodPut:
		return s.putUserV2(q)
	case method == http.MethodDelete:
		return s.deleteUserV2(q)
	}
	return q.invalid()
}

// bulkCreate is not shown in SAP's samples; IPS offers bulk for users without exception, so it is on
// by default.
func (s *Service) bulkCreate(q *request) reply {
	if !s.settings.on(setBulkCreates) {
		return q.refuse(http.StatusNotImplemented, "", "POST is not supported in bulk requests.")
	}
	raw, err := json.Marshal(q.body)
	if err != nil {
		return q.invalid()
	}
	q.raw = raw
	return s.createUserV2(q)
}
