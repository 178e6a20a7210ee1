package scimserver

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

const (
	bulkURN         = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkResponseURN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// bulkRequest is the body of POST /Bulk (RFC 7644 §3.7). encoding/json finds its names in any letter case.
type bulkRequest struct {
	Schemas      []string        `json:"schemas"`
	FailOnErrors int             `json:"failOnErrors"`
	Operations   []bulkOperation `json:"Operations"`
}

type bulkOperation struct {
	Method  string          `json:"method"`
	Path    string          `json:"path"`
	BulkID  string          `json:"bulkId"`
	Version string          `json:"version"`
	Data    json.RawMessage `json:"data"`
}

// bulkResult is the answer to one operation. The status is a string (RFC 7644 §3.7.3).
type bulkResult struct {
	Method   string          `json:"method"`
	BulkID   string          `json:"bulkId,omitempty"`
	Version  string          `json:"version,omitempty"`
	Location string          `json:"location,omitempty"`
	Status   string          `json:"status"`
	Response json.RawMessage `json:"response,omitempty"`
}

// bulk serves POST /Bulk. Each operation is atomic, the whole is not, as the RFC has it.
func (x *exchange) bulk() error {
	limits := x.source.conf.Limits
	body, err := x.readBody(limits.BulkBody)
	if err != nil {
		return err
	}
	in, err := decodeBulk(body, limits.BulkOperations, x.source.switches.Tolerance)
	if err != nil {
		return err
	}
	b := newBulkRun(x, in)
	b.run(x.r.Context())
	if err := b.nothingStored(); err != nil {
		return err
	}
	out := struct {
		Schemas    []string      `json:"schemas"`
		Operations []*bulkResult `json:"Operations"`
	}{[]string{bulkResponseURN}, b.results()}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return x.send(http.StatusOK, text)
}

// decodeBulk reads a Bulk body. It is a function of its own so that it can be fuzzed.
func decodeBulk(body []byte, most int, tol scim.Tolerance) (bulkRequest, error) {
	var in bulkRequest
	if err := decodeWhole(body, &in); err != nil {
		return in, scim.NewInvalidSyntax("", "the body is not a bulk request: %s", jsonFault(err))
	}
	if !tol.SchemasOptional && !hasFold(in.Schemas, bulkURN) {
		return in, scim.NewInvalidSyntax("schemas", "schemas must hold %s", bulkURN)
	}
	if in.Operations == nil {
		return in, scim.NewInvalidSyntax("Operations", "Operations is missing")
	}
	if len(in.Operations) == 0 && !tol.EmptyOperations {
		return in, scim.NewInvalidSyntax("Operations", "Operations is empty, at least one operation is expected")
	}
	if len(in.Operations) > most {
		return in, fail(http.StatusRequestEntityTooLarge, "", "a bulk request may have "+strconv.Itoa(most)+" operations, this one has "+strconv.Itoa(len(in.Operations)))
	}
	return in, nil
}

// bulkStep is one operation on its way.
type bulkStep struct {
	bulkOperation
	change change
	refs   []string // bulkIds that data or path mention
	fault  error    // known before anything ran
	done   bool
	id     directory.ID // of the resource, once done without error
	result *bulkResult
}

// prepare takes one operation apart.
func (x *exchange) prepare(op bulkOperation) *bulkStep {
	s := &bulkStep{bulkOperation: op}
	method := strings.ToUpper(op.Method)
	if x.source.switches.JSONText {
		op.Data = withoutQuotes(op.Data)
		s.Data = op.Data
	}
	s.change = change{method: method, body: op.Data, ifMatch: op.Version, by: x.by.name}
	r := routeOfBulk(strings.TrimPrefix(op.Path, x.source.root))
	s.change.kind, s.change.id = r.kind, r.id
	switch {
	case method != http.MethodPost && method != http.MethodPut && method != http.MethodPatch && method != http.MethodDelete:
		s.fault = scim.NewInvalidSyntax("method", "an operation's method is POST, PUT, PATCH or DELETE")
	case method == http.MethodPost && r.endpoint != atType, method != http.MethodPost && r.endpoint != atResource:
		s.fault = scim.NewInvalidPath("path", "the path does not fit the method")
	case method != http.MethodDelete && len(op.Data) == 0:
		s.fault = scim.NewInvalidSyntax("data", "data is missing")
	case int64(len(op.Data)) > x.source.service.limit(r.kind):
		s.fault = scim.NewTooLarge(int(x.source.service.limit(r.kind)))
	}
	if s.fault == nil {
		s.refs = bulkRefs(op.Data)
		if name, ok := strings.CutPrefix(r.id, bulkPrefix); ok {
			s.refs = append(s.refs, name)
		}
	}
	return s
}

// withoutQuotes gives the object that stands as JSON in a string, else data as it is.
func withoutQuotes(data json.RawMessage) json.RawMessage {
	var text string
	if len(data) == 0 || data[0] != '"' || json.Unmarshal(data, &text) != nil || !json.Valid([]byte(text)) {
		return data
	}
	return json.RawMessage(text)
}

// finishStep keeps what became of an operation.
func (x *exchange) finishStep(ctx context.Context, s *bulkStep, out result, err error) {
	s.done = true
	s.result = &bulkResult{Method: strings.ToUpper(s.Method), BulkID: s.BulkID}
	if s.change.kind != nil && s.change.method != http.MethodPost {
		s.result.Location = x.source.root + s.change.kind.Endpoint + "/" + s.change.id
	}
	if err != nil {
		p := asProblem(err)
		if ctx.Err() == nil {
			x.logFailure(p)
		}
		s.fault, s.result.Status, s.result.Response = err, strconv.Itoa(p.status), p.body(x.id)
		return
	}
	s.id = out.found.ID
	s.result.Status = strconv.Itoa(out.status)
	if out.status == http.StatusNoContent {
		return
	}
	s.result.Version = directory.ETag(out.found.Revision)
	s.result.Location = x.source.root + s.change.kind.Endpoint + "/" + s.id.String()
	if s.change.method == http.MethodPatch && x.source.patchIsEmpty(&out.found.Header) {
		s.result.Status = strconv.Itoa(http.StatusNoContent)
	}
}
