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
	libschema "github.com/elimity-com/scim/schema"

	"sacbridge/internal/identity/scim"
)

// library is the SCIM library as a validator of normalised writes. A whole resource is sent through its server; a
// write it accepts reaches the resource handler, which carries the write out. The values of a patch are checked by
// the library's attributes one by one: its server would parse every path again, which takes longer than all the rest
// of a PATCH.
type library struct {
	server     lib.Server
	attributes map[*scim.Attribute]libschema.CoreAttribute // sub-attributes among them
}

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
		ServiceProviderConfig: &lib.ServiceProviderConfig{},
		ResourceTypes:         []lib.ResourceType{libraryType(scim.User()), libraryType(scim.Group())},
	})
	if err != nil {
		return nil, err
	}
	l := &library{server: server, attributes: map[*scim.Attribute]libschema.CoreAttribute{}}
	for _, t := range [...]*scim.ResourceType{scim.User(), scim.Group()} {
		for _, s := range append([]*scim.Schema{t.Core}, t.Extensions...) {
			l.know(s)
		}
	}
	return l, nil
}

// know enters the attributes of a schema.
func (l *library) know(s *scim.Schema) {
	for _, a := range s.Attributes {
		if hasLibrary(s, a) {
			whole := libraryAttribute(a)
			l.attributes[a] = whole
			for i, sub := range whole.SubAttributes() {
				l.attributes[a.Sub[i]] = sub
			}
		}
	}
}

// checkPatch has the library check the values that a patch brings. Left out are members, unknown extensions, and
// what is for the patch engine to refuse.
func (l *library) checkPatch(p *scim.Patch) error {
	for _, op := range p.Operations {
		if op.Kind == scim.Remove || op.Value == nil || op.Path == nil || op.Path.Ref == nil {
			continue
		}
		ref := op.Path.Ref
		target := ref.Attr
		if ref.Sub != nil {
			target = ref.Sub
		}
		attribute, ok := l.attributes[target]
		if !ok {
			continue
		}
		values, many := op.Value.([]any)
		if !many || !target.MultiValued {
			values = []any{op.Value}
		}
		for _, value := range values {
			if _, refused := attribute.ValidateSingular(value); refused != nil {
				return scim.NewInvalidValue(ref.Name, "operation %d: the value does not fit the attribute", op.Index+1)
			}
		}
	}
	return nil
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

// Patch is never called: see checkPatch.
func (h handler) Patch(*http.Request, string, []lib.PatchOperation) (lib.Resource, error) {
	return lib.Resource{}, liberrors.ScimErrorInternal
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
