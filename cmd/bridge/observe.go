package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sacbridge/internal/directory"
	"sacbridge/internal/scimserver"
)

// observer logs and counts requests. It implements scimserver.Observer.
type observer struct {
	logs     *logs
	asCalled func(string) string // of a text with command lines
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	denied   *prometheus.CounterVec

	mu              sync.RWMutex
	requestCounters map[requestKind]requestCounters // those in use, since looking labels up costs more than counting
}

// requestKind is what tells the figures of requests apart.
type requestKind struct {
	source, method, route string
	status                int
}

// requestCounters are the figures of one kind of request.
type requestCounters struct {
	requests, bytes prometheus.Counter
	seconds         prometheus.Observer
}

// countersOf gives the figures of a kind of request. There are few kinds: sources and routes are ours.
func (o *observer) countersOf(k requestKind) requestCounters {
	o.mu.RLock()
	m, ok := o.requestCounters[k]
	o.mu.RUnlock()
	if ok {
		return m
	}
	m = requestCounters{
		requests: o.requests.WithLabelValues(k.source, k.method, k.route, strconv.Itoa(k.status)),
		seconds:  o.seconds.WithLabelValues(k.source, k.method, k.route), bytes: o.bytes.WithLabelValues(k.source),
	}
	o.mu.Lock()
	o.requestCounters[k] = m
	o.mu.Unlock()
	return m
}

func newObserver(l *logs, reg prometheus.Registerer, asCalled func(string) string) *observer {
	o := &observer{
		logs: l, asCalled: asCalled, requestCounters: map[requestKind]requestCounters{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sacbridge_scim_requests_total", Help: "SCIM requests answered.",
		}, []string{"source", "method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sacbridge_scim_request_seconds", Help: "Time from the first byte of a request to the last of its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60},
		}, []string{"source", "method", "route"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sacbridge_scim_response_bytes_total", Help: "Bytes of the answers' bodies.",
		}, []string{"source"}),
		denied: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sacbridge_scim_denied_total", Help: "Requests refused for their credential or address.",
		}, []string{"source", "reason"}),
	}
	reg.MustRegister(o.requests, o.seconds, o.bytes, o.denied)
	return o
}

// Done implements scimserver.Observer.
func (o *observer) Done(ctx context.Context, s scimserver.RequestInfo) {
	method := knownMethod(s.Method)
	m := o.countersOf(requestKind{s.Source, method, s.Route, s.Status})
	m.requests.Inc()
	m.seconds.Observe(s.Duration.Seconds())
	m.bytes.Add(float64(s.Bytes))
	changed := changes(s)
	if !changed && !o.logs.access.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs,
		slog.String(logRequest, s.Request), slog.String(logSource, s.Source), slog.String(logMethod, method), slog.String(logRoute, s.Route),
		slog.Int(logStatus, s.Status), slog.Int64(logBytes, s.Bytes), slog.Float64(logMillis, millis(s.Duration)))
	if id := recordID(s.ID); id != "" {
		attrs = append(attrs, slog.String(logID, id))
	}
	if s.By != "" {
		attrs = append(attrs, slog.String(logBy, s.By))
	}
	logEvent(ctx, o.logs.access, s.At.Add(s.Duration), "request", attrs)
	if changed {
		logEvent(ctx, o.logs.audit, s.At.Add(s.Duration), "change", attrs)
	}
}

// logEvent logs a line without asking where in the program it comes from, which takes as long as writing it.
func logEvent(ctx context.Context, to *slog.Logger, at time.Time, text string, attrs []slog.Attr) {
	if to.Enabled(ctx, slog.LevelInfo) {
		line := slog.NewRecord(at, slog.LevelInfo, text, 0)
		line.AddAttrs(attrs...)
		_ = to.Handler().Handle(ctx, line) // a log that cannot be written has nobody to tell
	}
}

// Denied implements scimserver.Observer.
func (o *observer) Denied(ctx context.Context, s scimserver.RequestInfo, why scimserver.Refusal) {
	o.denied.WithLabelValues(s.Source, why.Reason).Inc()
	o.logs.audit.LogAttrs(ctx, slog.LevelWarn, "denied",
		slog.String(logRequest, s.Request), slog.String(logSource, s.Source), slog.String(logMethod, knownMethod(s.Method)),
		slog.String(logRoute, s.Route), slog.String(logReason, why.Reason), slog.String(logDetail, o.asCalled(why.Detail)))
}

// changes says whether a request changed something.
func changes(s scimserver.RequestInfo) bool {
	switch s.Method {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		return s.Status < 300
	case http.MethodPost:
		return s.Status == http.StatusCreated || s.Status == http.StatusOK && s.Route == "/Bulk"
	}
	return false
}

// knownMethod keeps made-up methods out of logs and metrics.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// recordID gives an id that is one. Clients also put names in its place, which belong in no log.
func recordID(text string) string {
	if id, err := directory.ParseID(text); err == nil {
		return id.String()
	}
	return ""
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
