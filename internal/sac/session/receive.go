package session

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"sacbridge/internal/upstream"
)

const (
	maxErrorBody = 64 << 10
	peekBytes    = 512
)

var errTooLarge = errors.New("the answer is larger than the limit")

// answer is what came back, in a form that can be judged.
type answer struct {
	status     int
	header     http.Header
	body       []byte
	begun      time.Time
	elapsed    time.Duration
	page       bool // a web page or the like instead of JSON
	proven     bool // the tenant itself has answered before
	retryAfter time.Duration
	retryGiven bool
}

func newAnswer(resp *http.Response, body []byte) *answer {
	a := &answer{status: resp.StatusCode, header: resp.Header, body: body, page: isPage(resp.Header, body)}
	a.retryAfter, a.retryGiven = retryAfter(resp.Header, time.Now())
	return a
}

// receive reads the answer and closes the wire, unless it becomes a stream.
func (s *Session) receive(ctx context.Context, l *login, c *call, w *wire) (*Response, *failure) {
	status := w.resp.StatusCode
	if !c.wants(status) {
		defer w.close()
		return nil, s.fail(l, c, readFailed(w))
	}
	body := bufio.NewReader(&capped{r: w.resp.Body, left: s.cfg.MaxBody})
	if carriesJSON(status) && (c.Stream || c.Decode != nil) {
		return s.flow(ctx, l, c, w, body)
	}
	defer w.close()
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, s.cut(ctx, c, w, err)
	}
	a := w.answer(data)
	a.proven = l.isProven()
	if !c.acceptable(a) {
		return nil, s.fail(l, c, a)
	}
	if carriesJSON(status) && len(data) > 0 {
		l.prove()
	}
	return &Response{Status: status, Header: w.resp.Header, Body: data, Elapsed: a.elapsed}, nil
}

// flow hands the body on as it comes: to Decode, or as a stream.
func (s *Session) flow(ctx context.Context, l *login, c *call, w *wire, body *bufio.Reader) (*Response, *failure) {
	head, _ := body.Peek(peekBytes) // an error comes again with the read
	if isPage(w.resp.Header, head) {
		defer w.close()
		return nil, s.fail(l, c, w.answer(head))
	}
	l.prove()
	resp := &Response{Status: w.resp.StatusCode, Header: w.resp.Header}
	if c.Stream {
		resp.Stream, resp.Elapsed = &stream{Reader: body, w: w}, time.Since(w.begun)
		return resp, nil
	}
	defer w.close()
	seen := &witness{r: body}
	err := c.Decode(json.NewDecoder(seen))
	if seen.err == nil && err == nil {
		_, _ = io.CopyN(io.Discard, seen, peekBytes) // the end of the body, so that the connection can be used again
	}
	resp.Elapsed = time.Since(w.begun)
	switch {
	case err == nil:
		return resp, nil
	case seen.err != nil:
		return nil, s.cut(ctx, c, w, seen.err)
	case isCut(err):
		return nil, s.cut(ctx, c, w, err)
	}
	if ctx.Err() != nil {
		return nil, cancelled(c.Op, err, !c.Read)
	}
	class := byEffect(c, upstream.Refused)
	return nil, &failure{Error: upstream.Error{Class: class, Op: c.Op, Status: resp.Status, Err: err}}
}

// cut is an answer that began well and did not come to its end.
func (s *Session) cut(ctx context.Context, c *call, w *wire, err error) *failure {
	f := s.broken(ctx, c, err, true)
	f.Status = w.resp.StatusCode
	if errors.Is(err, errTooLarge) {
		f.step = stop
		if c.Read {
			f.Class = upstream.Refused
		}
	}
	return f
}

// readFailed reads the beginning of an answer that is no success.
func readFailed(w *wire) *answer {
	data, _ := io.ReadAll(io.LimitReader(w.resp.Body, maxErrorBody)) // the status says enough without it
	return w.answer(data)
}

func (w *wire) answer(body []byte) *answer {
	a := newAnswer(w.resp, body)
	a.begun, a.elapsed = w.begun, time.Since(w.begun)
	return a
}

// acceptable tells whether an answer of a wanted status is what it seems. A 404 of a page or of the
// gateway says nothing about the entity.
func (c *call) acceptable(a *answer) bool {
	switch {
	case a.status == http.StatusNoContent:
		return true
	case carriesJSON(a.status):
		if len(bytes.TrimSpace(a.body)) == 0 {
			return !c.Read && !a.page || c.Method == http.MethodHead
		}
		return !a.page && json.Valid(a.body)
	case a.noRoute():
		return false
	}
	return !a.page || a.proven
}

func carriesJSON(status int) bool { return status == http.StatusOK || status == http.StatusCreated }

// isCut tells whether JSON ended early or is none.
func isCut(err error) bool {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	return syntax || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// capped ends with errTooLarge beyond the limit.
type capped struct {
	r    io.Reader
	left int64
}

// Read reads at most what is left of the limit.
func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}

// witness remembers that the body failed, whatever its reader makes of that.
type witness struct {
	r   io.Reader
	err error
}

// Read reads on.
func (w *witness) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// stream is a body in the caller's hands.
type stream struct {
	io.Reader
	w *wire
}

// Close ends the call.
func (s *stream) Close() error {
	s.w.close()
	return nil
}
