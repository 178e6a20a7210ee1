package scimserver

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"sacbridge/internal/directory"
)

// exchange is one request and its answer.
type exchange struct {
	server    *Server
	source    *source
	w         *responseRecorder
	r         *http.Request
	id        string
	route     route
	by        principal
	start     time.Time
	createdID string // id of the resource that was created
}

// responseRecorder keeps what the access log shows, and leaves out the body of a HEAD.
type responseRecorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	head   bool
}

// WriteHeader keeps the first status.
func (w *responseRecorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write counts what went out.
func (w *responseRecorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.head {
		return len(p), nil
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *responseRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

const maxRequestID = 64

// RequestID takes the id a proxy in front gave, where it can stand in a header and a log, or makes one.
func RequestID(r *http.Request) string {
	given := r.Header.Get("X-Request-Id")
	if given == "" || len(given) > maxRequestID {
		return rand.Text()
	}
	for _, c := range []byte(given) {
		if !isSafeInHeader(c) {
			return rand.Text()
		}
	}
	return given
}

func isSafeInHeader(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}

// isLookup says that a request reads one resource by its id: it waits for nobody, and a timer would cost more than
// it guards.
func (x *exchange) isLookup() bool {
	return x.route.endpoint == atResource && methodOf(x.r) == http.MethodGet
}

func (x *exchange) sourceName() string {
	if x.source == nil {
		return ""
	}
	return x.source.conf.Name
}

func (x *exchange) info() RequestInfo {
	id := x.createdID
	if id == "" && x.route.endpoint == atResource {
		// What is no id may be a name or an address that somebody took for one.
		if parsed, err := directory.ParseID(x.route.id); err == nil {
			id = parsed.String()
		}
	}
	return RequestInfo{
		Request: x.id, Source: x.sourceName(), Method: x.r.Method, Route: x.route.template(), Status: x.w.status, Bytes: x.w.bytes,
		Duration: x.server.now().Sub(x.start), ID: id, By: x.by.name, At: x.start,
	}
}

// finish turns a panic into a 500, or into a dropped connection where the answer had begun, and tells the observer.
func (x *exchange) finish() {
	caught := recover()
	if caught != nil && caught != http.ErrAbortHandler { //nolint:errorlint // net/http compares this very value
		err := asError(caught)
		if x.w.status == 0 {
			x.writeProblem(err)
			caught = nil
		} else {
			x.server.log.Error("scim handler panicked", "request", x.id, "cause", err.Error())
			caught = http.ErrAbortHandler
		}
	}
	x.server.observer.Done(x.r.Context(), x.info())
	if caught != nil {
		panic(caught)
	}
}

// asError gives a panic as an error for the log.
func asError(caught any) error { return fmt.Errorf("panic: %v\n%s", caught, debug.Stack()) }

func (x *exchange) denied(why *Refusal) {
	x.server.observer.Denied(x.r.Context(), x.info(), *why)
}

// admit lets a request in: credential, rate, time limit.
func (x *exchange) admit() error {
	by, err := x.source.authenticate(x.r.Context(), x.r)
	if err != nil {
		why, refused := errors.AsType[*Refusal](err)
		if !refused {
			return err
		}
		x.denied(why)
		if wait := x.source.failedAttempts.wait(x.r.RemoteAddr, x.server.now()); wait > 0 {
			return tooManyRequests(wait)
		}
		return err
	}
	x.by = by
	if wait := x.source.requests.wait(x.server.now()); wait > 0 {
		return tooManyRequests(wait)
	}
	x.deadline()
	return nil
}

func tooManyRequests(seconds int) *problem {
	return &problem{status: http.StatusTooManyRequests, detail: "too many requests, try again in " + strconv.Itoa(seconds) + " s", retryAfter: seconds}
}

// deadline bounds how long a body may take to arrive. A writer that has no connection below it, as in tests, has
// no deadline to set.
func (x *exchange) deadline() {
	if x.r.Body == nil || x.r.Body == http.NoBody {
		return
	}
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(x.source.conf.Limits.Time))
}

// serve goes to the handler of the route.
func (x *exchange) serve() error {
	e := x.route.endpoint
	if e == noEndpoint {
		return notFound("the endpoint")
	}
	if !e.allows(x.r.Method) {
		return &problem{status: http.StatusMethodNotAllowed, detail: x.r.Method + " is not supported by this endpoint", allow: e.methods()}
	}
	switch e {
	case atConfig, atSchemas, atSchema, atResourceTypes, atResourceType:
		return x.discover()
	case atBulk:
		return x.bulk()
	case atRootSearch, atTypeSearch:
		return x.search()
	case atRoot:
		return x.list()
	case atMe:
		return x.me()
	case atType:
		if x.r.Method == http.MethodPost {
			return x.write("")
		}
		return x.list()
	case atResource:
		return x.resource(x.route.id)
	case noEndpoint, atToken:
	}
	return notFound("the endpoint")
}

func (x *exchange) resource(id string) error {
	if methodOf(x.r) == http.MethodGet {
		return x.get(id)
	}
	return x.write(id)
}
