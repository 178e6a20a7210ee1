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

// answer is what came back, in a form that can be judged.
type answer struct {
	status     int
	header     http.Header
	body       []byte
	begun      time.Time
	elapsed    time.Duration
	page       bool // a web page or the like instead of JSON
	byTenant   bool // the tenant itself has answered before
	retryAfter time.Duration
	retryGiven bool
}

func newAnswer(resp *http.Response, body []byte) *answer {
	a := &answer{status: resp.StatusCode, header: resp.Header, body: body, page: isPage(resp.Header, body)}
	a.retryAfter, a.retryGiven = retryAfter(resp.Header, time.Now())
	return a
}

// receive reads the answer and closes it, unless it becomes a stream.
func (s *Session) receive(ctx context.Context, l *login, c *call, resp *openResponse) (*Response, *failure) {
	status := resp.StatusCode
	if !c.wants(status) {
		defer resp.close()
		return nil, s.fail(l, c, readFailed(resp))
	}
	body := bufio.NewReader(&boundedBody{ctx: resp.Request.Context(), r: resp.Body, left: s.cfg.MaxBody})
	if carriesJSON(status) && (c.Stream || c.Decode != nil) {
		return s.readLive(ctx, l, c, resp, body)
	}
	defer resp.close()
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, s.cut(ctx, c, resp, err)
	}
	a := resp.answer(data)
	a.byTenant = l.tenantAnswered()
	if !c.acceptable(a) {
		return nil, s.fail(l, c, a)
	}
	if carriesJSON(status) && len(data) > 0 {
		l.noteTenantAnswered()
	}
	return &Response{Status: status, Header: resp.Header, Body: data, Elapsed: a.elapsed}, nil
}

// readLive hands the body on as it comes: to Decode, or as a stream.
func (s *Session) readLive(ctx context.Context, l *login, c *call, resp *openResponse, body *bufio.Reader) (*Response, *failure) {
	head, _ := body.Peek(peekBytes) // an error comes again with the read
	if isPage(resp.Header, head) {
		defer resp.close()
		return nil, s.fail(l, c, resp.answer(head))
	}
	l.noteTenantAnswered()
	got := &Response{Status: resp.StatusCode, Header: resp.Header}
	if c.Stream {
		got.Stream, got.Elapsed = &stream{Reader: body, resp: resp}, time.Since(resp.begun)
		return got, nil
	}
	defer resp.close()
	seen := &failureWatch{r: &blankSqueezer{r: body}}
	err := c.Decode(json.NewDecoder(seen))
	if seen.err == nil && err == nil {
		_, _ = io.CopyN(io.Discard, seen, peekBytes) // the end of the body, so that the connection can be used again
	}
	got.Elapsed = time.Since(resp.begun)
	switch {
	case err == nil:
		return got, nil
	case seen.err != nil:
		return nil, s.cut(ctx, c, resp, seen.err)
	case isCut(err):
		return nil, s.cut(ctx, c, resp, err)
	}
	if ctx.Err() != nil {
		return nil, cancelled(c.Op, err, !c.Read)
	}
	class := unknownIfWrite(c, upstream.Refused)
	return nil, &failure{Error: upstream.Error{Class: class, Code: upstream.CodeCut, Op: c.Op, Status: got.Status, Err: err}}
}

// cut is an answer that began well and did not come to its end.
func (s *Session) cut(ctx context.Context, c *call, resp *openResponse, err error) *failure {
	f := s.broken(ctx, c, err, true)
	f.Status, f.Code = resp.StatusCode, upstream.CodeCut
	if errors.Is(err, errTooLarge) {
		f.step = stop
		if c.Read {
			f.Class = upstream.Refused
		}
	}
	return f
}

// readFailed reads the beginning of an answer that is no success.
func readFailed(resp *openResponse) *answer {
	data, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // the status says enough without it
	return resp.answer(data)
}

func (r *openResponse) answer(body []byte) *answer {
	a := newAnswer(r.Response, body)
	a.begun, a.elapsed = r.begun, time.Since(r.begun)
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
	return !a.page || a.byTenant
}

func carriesJSON(status int) bool { return status == http.StatusOK || status == http.StatusCreated }

// isCut tells whether JSON ended early or is none.
func isCut(err error) bool {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	return syntax || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// failureWatch remembers that the body failed, whatever its reader makes of that.
type failureWatch struct {
	r   io.Reader
	err error
}

// Read reads on.
func (w *failureWatch) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// stream is a body in the caller's hands.
type stream struct {
	io.Reader
	resp *openResponse
}

// Close ends the call.
func (s *stream) Close() error {
	s.resp.close()
	return nil
}
