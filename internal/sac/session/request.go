package session

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sacbridge/internal/upstream"
)

// Request is one call.
type Request struct {
	Op     string // for errors: `read team "Finance"`
	Method string
	Path   string // below BaseURL, escaped: "/api/v1/scim/Users/ANNA"
	Query  url.Values
	Header http.Header
	Body   any // encoded as JSON; nil = none
	// Permission is asked before each send. A write must have one; a read that is part of a write has the
	// write's. Where it is refused nothing is sent, and the error's class is NotSent.
	Permission upstream.Permission
	// Read says that the call changes nothing (a GET, or POST .search), so that it may be repeated
	// after any failure. A GET is a read in any case.
	Read bool
	// Slow allows for the tenant's own time-out of five minutes (team writes); otherwise 60 s.
	Slow bool
	// Accept are statuses, besides 200, 201 and 204, that are given back as a Response, not an error.
	// 401, 403, 429 and 5xx never are, nor is a 404 which says that the tenant has no such route.
	Accept []int
	// Decode reads the JSON answer of status 200 or 201 as it comes in, instead of Response.Body. It
	// is called again from the start when a read is repeated because the answer was cut short, so
	// it starts from nothing each time. It makes no calls of this session: it holds a worker.
	Decode func(*json.Decoder) error
	// Stream leaves the body unread in Response.Stream, for the caller to close. Only for reads. A
	// failure within the stream is not repeated.
	Stream bool
}

// Response is an answer with one of the wanted statuses.
type Response struct {
	Status  int
	Header  http.Header
	Body    []byte        // whole; nil after Decode and Stream
	Stream  io.ReadCloser // only with Request.Stream
	Elapsed time.Duration // of the last try, its answer included (with Stream, up to the answer's header)
}

// call is a Request made ready: encoded once, sent as often as it takes.
type call struct {
	Request
	url   string
	route string
	body  []byte
}

var errNoPermission = errors.New("a write needs a permission")

// newCall encodes the request. An error is a mistake of the caller.
func newCall(base *url.URL, r Request) (*call, error) {
	c := &call{Request: r, route: routeOf(r.Path)}
	c.Method = cmp.Or(strings.ToUpper(r.Method), http.MethodGet)
	c.Op = cmp.Or(r.Op, c.Method+" "+c.route)
	c.Read = r.Read || c.isGet()
	if c.Stream && (!c.Read || c.Decode != nil) {
		return c, errors.New("only a read without Decode can be streamed")
	}
	if !c.Read && c.Permission == nil {
		return c, errNoPermission
	}
	if err := checkPath(r.Path); err != nil {
		return c, err
	}
	u, err := url.Parse(strings.TrimRight(base.Scheme+"://"+base.Host+base.EscapedPath(), "/") + r.Path)
	if err != nil {
		return c, errors.New("the path is not escaped")
	}
	// A filter's spaces go as %20, for the tenant takes + literally.
	u.RawQuery = strings.ReplaceAll(r.Query.Encode(), "+", "%20")
	c.url = u.String()
	if r.Body == nil {
		return c, nil
	}
	c.body, err = encode(r.Body)
	return c, err
}

// checkPath refuses paths which an id could bend to another resource.
func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#") {
		return errors.New("the path must start with / and be escaped")
	}
	for part := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return errors.New("the path is not escaped")
		}
		if plain == "." || plain == ".." {
			return fmt.Errorf("%q cannot be part of a path", plain)
		}
	}
	return nil
}

func encode(body any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, fmt.Errorf("encode the body: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func (c *call) isGet() bool { return c.Method == http.MethodGet || c.Method == http.MethodHead }

// wants tells whether the status is to be given back as it is.
func (c *call) wants(status int) bool {
	switch status {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
		return true
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return false
	}
	return status < http.StatusInternalServerError && slices.Contains(c.Accept, status)
}

func (c *call) timeout() time.Duration {
	if c.Slow {
		return slowTimeout
	}
	return ordinaryTimeout
}
