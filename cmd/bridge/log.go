package main

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/lmittmann/tint"
)

// The names of attributes in logs. No log has a secret, a name, an address or anything else of a person: who
// asked is the name of a credential, and what it was about is an id.
const (
	logKind     = "kind" // access, audit or server
	logRequest  = "request"
	logSource   = "source"
	logMethod   = "method"
	logRoute    = "route"
	logStatus   = "status"
	logBytes    = "bytes"
	logMillis   = "ms"
	logID       = "id"
	logBy       = "by"
	logReason   = "reason"
	logDetail   = "detail"
	logToken    = "token"
	logCount    = "count"
	logCause    = "cause"
	kindAccess  = "access"
	kindAudit   = "audit"
	kindServer  = "server"
	logFlushing = 50 * time.Millisecond
)

// logs are the three logs of a server, on one stream.
type logs struct {
	server *slog.Logger // what happens to the server
	audit  *slog.Logger // who changed what, and who was refused
	access *slog.Logger // every request; discards where that is switched off
	buffer *bufferedWriter
}

// newLogs makes the logs: readable lines where plain, else JSON. Lines of requests are gathered for a moment; those
// of the server come at once, behind what was gathered. flush to see the last.
func newLogs(to io.Writer, access, plain, color bool) *logs {
	l := &logs{buffer: newBufferedWriter(to)}
	handler := func(w io.Writer) slog.Handler {
		if plain {
			return tint.NewTextHandler(w, &tint.Options{Level: slog.LevelInfo, TimeFormat: time.TimeOnly, NoColor: !color})
		}
		return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo})
	}
	l.server = slog.New(handler(immediateWriter{l.buffer})).With(logKind, kindServer)
	l.audit = slog.New(handler(l.buffer)).With(logKind, kindAudit)
	l.access = slog.New(slog.DiscardHandler)
	if access {
		l.access = slog.New(handler(l.buffer)).With(logKind, kindAccess)
	}
	return l
}

// bufferedWriter gathers lines for a moment, since a system call per request would cost as much as the request. Where they
// cannot be written (a full disk, a reader that is gone) they are lost and counted: nobody waits for a log, and the next
// lines are tried anew.
type bufferedWriter struct {
	mu     sync.Mutex
	to     io.Writer
	buf    []byte
	torn   bool // half a line may have been written
	failed uint64
}

// bufferSize is how much is gathered at most.
const bufferSize = 64 << 10

func newBufferedWriter(w io.Writer) *bufferedWriter {
	return &bufferedWriter{to: w, buf: make([]byte, 0, bufferSize)}
}

// Write implements io.Writer.
func (l *bufferedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.buf)+len(p) > bufferSize {
		// Whole lines only, so that what reads them never sees half a one.
		l.write()
	}
	l.buf = append(l.buf, p...)
	return len(p), nil
}

// write hands on what was gathered.
func (l *bufferedWriter) write() {
	if len(l.buf) == 0 {
		return
	}
	text := l.buf
	if l.torn {
		text = append([]byte{'\n'}, text...)
	}
	n, err := l.to.Write(text)
	l.torn = err != nil && (n > 0 || l.torn)
	if err != nil {
		l.failed++
	}
	l.buf = l.buf[:0]
}

// failures counts the times that the log could not be written.
func (l *bufferedWriter) failures() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// immediateWriter writes lines at once, behind those that were gathered.
type immediateWriter struct{ *bufferedWriter }

// Write implements io.Writer.
func (e immediateWriter) Write(p []byte) (int, error) {
	n, err := e.bufferedWriter.Write(p)
	e.flush()
	return n, err
}

func (l *bufferedWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write()
}

// run writes what was gathered again and again until ctx ends, and once more then.
func (l *bufferedWriter) run(ctx context.Context) {
	tick := time.NewTicker(logFlushing)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			l.flush()
			return
		case <-tick.C:
			l.flush()
		}
	}
}

// httpErrors takes the lines that net/http logs, such as failed TLS handshakes, and leaves out the addresses in them.
type httpErrors struct{ log *slog.Logger }

var (
	remoteAddress = regexp.MustCompile(`\[[^\]]*\]:[0-9]+|[0-9]+(\.[0-9]+){3}:[0-9]+`)
	panicLine     = regexp.MustCompile(`(?s)\n.*`)
)

// Write implements io.Writer.
func (h *httpErrors) Write(p []byte) (int, error) {
	text := remoteAddress.ReplaceAllString(strings.TrimSpace(string(p)), "a client")
	h.log.Warn("connection failed", logCause, panicLine.ReplaceAllString(text, ""))
	return len(p), nil
}
