package scimserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

const (
	contentType = "application/scim+json"
	errorURN    = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// problem is an answer that is an error (RFC 7644 §3.12). cause is logged and never shown.
type problem struct {
	status     int
	scimType   string
	detail     string
	retryAfter int    // seconds; 0 for no header
	allow      string // for 405
	challenge  string // for 401
	cause      error
}

func (p *problem) Error() string { return p.detail }
func (p *problem) Unwrap() error { return p.cause }

func fail(status int, scimType, detail string) *problem {
	return &problem{status: status, scimType: scimType, detail: detail}
}

func notFound(what string) *problem { return fail(http.StatusNotFound, "", what+" does not exist") }

// asProblem turns any error into an answer. What nobody foresaw becomes a 500 that tells nothing
// but the request id, since error texts may hold paths and names.
func asProblem(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*scim.Error](err); ok {
		return fail(e.Status, string(e.Type), e.Detail)
	}
	if p := directoryProblem(err); p != nil {
		return p
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fail(http.StatusRequestEntityTooLarge, "", "the body is over the limit of "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes")
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &problem{status: http.StatusServiceUnavailable, detail: "the request took too long and was given up", retryAfter: 5, cause: err}
	}
	return &problem{status: http.StatusInternalServerError, detail: "an internal error", cause: err}
}

// body is the SCIM Error. The request id stands in detail, since clients with a fixed error model
// refuse attributes the RFC does not name.
func (p *problem) body(requestID string) []byte {
	type scimError struct {
		Schemas  []string `json:"schemas"`
		Status   string   `json:"status"`
		ScimType string   `json:"scimType,omitempty"`
		Detail   string   `json:"detail"`
	}
	detail := p.detail
	if requestID != "" {
		detail += " (request id " + requestID + ")"
	}
	out, _ := json.Marshal(scimError{Schemas: []string{errorURN}, Status: strconv.Itoa(p.status), ScimType: p.scimType, Detail: detail})
	return out
}

// writeProblem answers with err as a SCIM error, whatever it is.
func (x *exchange) writeProblem(err error) {
	if x.w.status != 0 {
		return // the answer had begun
	}
	p := asProblem(err)
	x.logFailure(p)
	h := x.w.Header()
	h.Del("ETag")
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.allow != "" {
		h.Set("Allow", p.allow)
	}
	if p.challenge != "" {
		h.Set("WWW-Authenticate", p.challenge)
	}
	body := p.body(x.id)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(p.status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body)
	}
}

// logFailure tells the operator the cause of what is a fault of ours. Refusals are told to the observer, and a store that
// takes no writes is told once by whoever opened it.
func (x *exchange) logFailure(p *problem) {
	if p.status < http.StatusInternalServerError || p.cause == nil || errors.Is(p.cause, context.Canceled) {
		return
	}
	_, refused := errors.AsType[*Refusal](p.cause)
	_, unwritable := errors.AsType[*directory.UnwritableError](p.cause)
	if refused || unwritable {
		return
	}
	x.server.log.Error("scim request failed", "request", x.id, "source", x.sourceName(), "route", x.route.template(), "cause", p.cause.Error())
}

// directoryProblem knows the directory's errors; nil for any other.
func directoryProblem(err error) *problem {
	if e, ok := errors.AsType[*directory.ConflictError](err); ok {
		return fail(http.StatusConflict, string(scim.Uniqueness), e.Attr+" belongs to another resource already: "+e.Holder.String())
	}
	if e, ok := errors.AsType[*directory.RevisionError](err); ok {
		return fail(http.StatusPreconditionFailed, "", "the resource has changed; its version is "+directory.ETag(e.Got)+" now")
	}
	if e, ok := errors.AsType[*directory.UnknownMembersError](err); ok {
		return fail(http.StatusBadRequest, string(scim.InvalidValue), "members: "+e.Error())
	}
	if e, ok := errors.AsType[*directory.ValueError](err); ok {
		return fail(http.StatusBadRequest, string(scim.InvalidValue), e.Error())
	}
	if e, ok := errors.AsType[*directory.UnwritableError](err); ok {
		return &problem{status: http.StatusServiceUnavailable, detail: "nothing can be stored at the moment: " + e.Reason, retryAfter: retryUnavailable, cause: err}
	}
	switch {
	case errors.Is(err, directory.ErrNotFound), errors.Is(err, directory.ErrID):
		return notFound("the resource")
	case errors.Is(err, directory.ErrTooMany):
		return fail(http.StatusBadRequest, string(scim.TooMany), err.Error())
	case errors.Is(err, directory.ErrCursor):
		return fail(http.StatusBadRequest, "invalidCursor", "the cursor is not one of this query")
	case errors.Is(err, directory.ErrNameless):
		return fail(http.StatusBadRequest, string(scim.InvalidValue), err.Error())
	}
	return nil
}
