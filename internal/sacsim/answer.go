package sacsim

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"sacbridge/internal/sacsim/service"
)

// breakage says how an answer's connection is broken.
type breakage int

const (
	breakNone     breakage = iota
	breakHangup            // closed without an answer
	breakTruncate          // closed half-way through the body
)

// answer is a response before it goes out; the gateway may still replace or break it.
type answer struct {
	status int
	header http.Header
	pieces [][]byte // of the body
	size   int
	breaks breakage
}

// An answer is the http.ResponseWriter that the tenant writes to.
var _ service.PieceWriter = (*answer)(nil)

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
	a.WritePieces(bytes.Clone(p))
	return len(p), nil
}

// WritePieces adds to the body what does not change any more.
func (a *answer) WritePieces(pieces ...[]byte) {
	a.WriteHeader(http.StatusOK)
	a.pieces = append(a.pieces, pieces...)
	for _, p := range pieces {
		a.size += len(p)
	}
}

// body gives the body in one piece.
func (a *answer) body() []byte { return slices.Concat(a.pieces...) }

// ok tells whether the request took effect.
func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

// unknown tells whether the client is left without knowing if its write took effect. A 503 with
// Retry-After says that it did not.
func (a *answer) unknown() bool {
	if a.breaks != breakNone {
		return true
	}
	return a.status >= http.StatusInternalServerError && a.header.Get("Retry-After") == ""
}

func textAnswer(status int, text string) *answer {
	a := newAnswer()
	a.header.Set("Content-Type", "text/plain; charset=utf-8")
	a.status = status
	a.WritePieces([]byte(text))
	return a
}

func jsonAnswer(status int, v any) *answer {
	a := newAnswer()
	a.header.Set("Content-Type", "application/json")
	a.status = status
	enc := json.NewEncoder(a)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return textAnswer(http.StatusInternalServerError, err.Error())
	}
	return a
}

// htmlAnswer is the login page, answered with 200.
func htmlAnswer() *answer {
	a := textAnswer(http.StatusOK, service.LoginPage)
	a.header.Set("Content-Type", "text/html; charset=utf-8")
	return a
}

// noRoute is the gateway's answer to a path it does not know.
func noRoute() *answer {
	return textAnswer(http.StatusNotFound, "404 Not Found: Requested route does not exist.")
}

// badGateway is the answer after five minutes, and the usual one after a lost write.
func badGateway() *answer { return textAnswer(http.StatusBadGateway, "502 Bad Gateway") }

// send writes the answer out, or breaks the connection as its breaks say.
func (a *answer) send(rw http.ResponseWriter) {
	if a.breaks == breakHangup || (a.breaks == breakTruncate && a.size == 0) {
		hangUp(rw)
		return
	}
	maps.Copy(rw.Header(), a.header)
	if a.status != http.StatusNoContent {
		rw.Header().Set("Content-Length", strconv.Itoa(a.size))
	}
	rw.WriteHeader(a.status)
	if a.breaks == breakTruncate {
		_, _ = rw.Write(a.body()[:a.size/2])
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, p := range a.pieces {
		if _, err := rw.Write(p); err != nil {
			return // the client has gone
		}
	}
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
