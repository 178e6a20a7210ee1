package main

import (
	"bufio"
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

// bufferedWriter gathers lines for a moment, since a system call per request would cost as much as the request.
type bufferedWriter struct {
	mu  sync.Mutex
	buf *bufio.Writer
}

func newBufferedWriter(w io.Writer) *bufferedWriter {
	return &bufferedWriter{buf: bufio.NewWriterSize(w, 64<<10)}
}

// Write implements io.Writer.
func (l *bufferedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Available() < len(p) {
		// Whole lines only, so that what reads them never sees half a one.
		if err := l.buf.Flush(); err != nil {
			return 0, err
		}
	}
	return l.buf.Write(p)
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
	_ = l.buf.Flush() // a log that cannot be written has nobody to tell
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
