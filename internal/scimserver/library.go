package scimserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	lib "github.com/elimity-com/scim"
	liberrors "github.com/elimity-com/scim/errors"

	"sacbridge/internal/identity/scim"
)

// library is the SCIM library as a validator of normalised writes. What it needs to check is sent through its
// server; a write it accepts reaches the resource handler, which carries the write out.
type library struct{ server lib.Server }

// errNotReached says that the library neither refused a write nor handed it on.
var errNotReached = errors.New("the library did not call its handler")

type runKey struct{}

// run is the state of one write, carried through the library in the request's context: the handler stores the true
// outcome here, since the library knows only some statuses and drops the rest (it turns 412 to POST, 428, 429 and 503
// into 500).
type run struct {
	do   func() (result, error)
	done bool
	out  result
	err  error
}

func newLibrary() (*library, error) {
	server, err := lib.NewServer(&lib.ServerArgs{
		ServiceProviderConfig: &lib.ServiceProviderConfig{SupportPatch: true, SupportFiltering: true},
		ResourceTypes:         []lib.ResourceType{libraryType(scim.User()), libraryType(scim.Group())},
	})
	if err != nil {
		return nil, err
	}
	return &library{server}, nil
}

// check sends the write through the library, which refuses it or has do carried out.
func (l *library) check(ctx context.Context, method string, kind *scim.ResourceType, id string, body []byte, do func() (result, error)) (result, error) {
	state := &run{do: do}
	path := kind.Endpoint
	if id != "" {
		path += "/" + id
	}
	r := &http.Request{
		Method: method, URL: &url.URL{Path: path}, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	w := &stash{header: http.Header{}}
	l.server.ServeHTTP(w, r.WithContext(context.WithValue(ctx, runKey{}, state)))
	if state.done {
		return state.out, state.err
	}
	return result{}, w.problem()
}

// stash is a response writer that keeps the library's answer from the client: an acceptance is replaced by our own
// answer, a refusal is rewritten with the request id.
type stash struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header gives headers that go nowhere.
func (s *stash) Header() http.Header { return s.header }

// WriteHeader keeps the status.
func (s *stash) WriteHeader(status int) { s.status = status }

// Write keeps the body of a refusal; the body of an acceptance is never looked at.
func (s *stash) Write(p []byte) (int, error) {
	if s.status >= http.StatusBadRequest {
		s.body.Write(p)
	}
	return len(p), nil
}

func (s *stash) problem() error {
	var e struct {
		Detail   string `json:"detail"`
		ScimType string `json:"scimType"`
		Status   string `json:"status"`
	}
	if s.status < http.StatusBadRequest || json.Unmarshal(s.body.Bytes(), &e) != nil {
		return errNotReached
	}
	status, err := strconv.Atoi(e.Status)
	if err != nil || status >= http.StatusInternalServerError {
		return errNotReached
	}
	return fail(status, e.ScimType, e.Detail)
}

// handler is the library's resource handler: it carries the write of the context out and says nothing of its
// outcome but that there was one.
type handler struct{ kind *scim.ResourceType }

func (h handler) carryOut(r *http.Request) (lib.Resource, error) {
	state, ok := r.Context().Value(runKey{}).(*run)
	if !ok {
		return lib.Resource{}, liberrors.ScimErrorInternal
	}
	state.out, state.err = state.do()
	state.done = true
	if state.err != nil {
		// By value: the library does not find an error that is wrapped or pointed to.
		return lib.Resource{}, liberrors.ScimError{Status: http.StatusBadRequest}
	}
	return lib.Resource{}, nil
}

// Create carries out a POST.
func (h handler) Create(r *http.Request, _ lib.ResourceAttributes) (lib.Resource, error) {
	return h.carryOut(r)
}

// Replace carries out a PUT.
func (h handler) Replace(r *http.Request, _ string, _ lib.ResourceAttributes) (lib.Resource, error) {
	return h.carryOut(r)
}

// Patch carries out a PATCH.
func (h handler) Patch(r *http.Request, _ string, _ []lib.PatchOperation) (lib.Resource, error) {
	return h.carryOut(r)
}

// Delete carries out a DELETE.
func (h handler) Delete(r *http.Request, _ string) error {
	_, err := h.carryOut(r)
	return err
}

// Get is never called: reads do not pass through the library.
func (h handler) Get(*http.Request, string) (lib.Resource, error) {
	return lib.Resource{}, liberrors.ScimErrorInternal
}

// GetAll is never called either.
func (h handler) GetAll(*http.Request, lib.ListRequestParams) (lib.Page, error) {
	return lib.Page{}, liberrors.ScimErrorInternal
}
