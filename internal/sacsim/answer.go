package sacsim

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// cut says how an answer's connection is broken.
type cut int

const (
	cutNone     cut = iota
	cutHangup       // closed without an answer
	cutTruncate     // closed half-way through the body
)

// answer is a response before it goes out; the gateway may still replace or break it.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
	cut    cut
}

// An answer is the http.ResponseWriter that the tenant writes to.
var _ http.ResponseWriter = (*answer)(nil)

func newAnswer() *answer { return &answer{header: http.Header{}} }

// Header gives the headers to be sent.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sets the status; the first call counts.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write adds to the body.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// ok tells whether the request took effect.
func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

// unknown tells whether the client is left without knowing if its write took effect. A 503 with
// Retry-After says that it did not.
func (a *answer) unknown() bool {
	if a.cut != cutNone {
		return true
	}
	return a.status >= http.StatusInternalServerError && a.header.Get("Retry-After") == ""
}

func textAnswer(status int, text string) *answer {
	a := newAnswer()
	a.header.Set("Content-Type", "text/plain; charset=utf-8")
	a.status = status
	a.body.WriteString(text)
	return a
}

func jsonAnswer(status int, v any) *answer {
	a := newAnswer()
	a.header.Set("Content-Type", "application/json")
	a.status = status
	enc := json.NewEncoder(&a.body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return textAnswer(http.StatusInternalServerError, err.Error())
	}
	return a
}

// notAuthenticated is the page of a session-only surface, answered with 200. Clients know it by the
// comment inside.
const notAuthenticated = `<html><head><!-- we should only load this content when not authenticated -->
<script>window.location.href="/approuter/v1/redirect?url=" + encodeURIComponent(window.location.pathname);</script>
</head><body></body></html>
`

func htmlAnswer() *answer {
	a := textAnswer(http.StatusOK, notAuthenticated)
	a.header.Set("Content-Type", "text/html; charset=utf-8")
	return a
}

// noRoute is the gateway's answer to a path it does not know.
func noRoute() *answer {
	return textAnswer(http.StatusNotFound, "404 Not Found: Requested route does not exist.")
}

// badGateway is the answer after five minutes, and the usual one after a lost write.
func badGateway() *answer { return textAnswer(http.StatusBadGateway, "502 Bad Gateway") }

// send writes the answer out, or breaks the connection as its cut says.
func (a *answer) send(rw http.ResponseWriter) {
	if a.cut == cutHangup || (a.cut == cutTruncate && a.body.Len() == 0) {
		hangUp(rw)
		return
	}
	maps.Copy(rw.Header(), a.header)
	body := a.body.Bytes()
	if a.status != http.StatusNoContent {
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	rw.WriteHeader(a.status)
	if a.cut == cutNone {
		_, _ = rw.Write(body) // the client may have gone
		return
	}
	_, _ = rw.Write(body[:len(body)/2])
	_ = http.NewResponseController(rw).Flush()
	panic(http.ErrAbortHandler)
}

// hangUp closes the connection without an answer. HTTP/2 can't be hijacked; there the stream is
// reset.
func hangUp(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.Close()
}
