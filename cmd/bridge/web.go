package main

import (
	"encoding/json"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/directory"
	"sacbridge/internal/scimserver"
)

// router mounts the SCIM server, and health, readiness and version. Handlers are plain net/http and echo is
// seen here only, so that its next major version is a change to this file.
func router(scim http.Handler, h *health, o scimserver.Observer, proxies []netip.Prefix) http.Handler {
	e := newEcho(h, o)
	e.Pre(singleSlash)
	if len(proxies) > 0 {
		e.IPExtractor = echo.ExtractIPFromXFFHeader(trustOptions(proxies)...)
		e.Use(behindProxy)
	}
	e.Any("/scim/*", echo.WrapHandler(scim))
	return e
}

// singleSlash leaves one of the slashes in front of a path: a base URL that ends with one is joined to the path easily.
func singleSlash(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if u := c.Request().URL; strings.HasPrefix(u.Path, "//") {
			u.Path = "/" + strings.TrimLeft(u.Path, "/")
			u.RawPath = "" // the routes hold nothing that has to be escaped
		}
		return next(c)
	}
}

// metricsRouter is what the separate listener serves.
func metricsRouter(h *health, o scimserver.Observer, reg *prometheus.Registry) http.Handler {
	e := newEcho(h, o)
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(reg, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 2 * collectTimeout})))
	return e
}

func newEcho(h *health, o scimserver.Observer) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = unanswered{o}.answer
	e.Use(withRequestID)
	e.GET("/healthz", echo.WrapHandler(http.HandlerFunc(h.alive)))
	e.GET("/readyz", echo.WrapHandler(http.HandlerFunc(h.ready)))
	e.GET("/version", echo.WrapHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, cli.ThisBuild()) })))
	return e
}

// trustOptions believes exactly the networks given; echo would believe all private ones.
func trustOptions(proxies []netip.Prefix) []echo.TrustOption {
	out := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		out = append(out, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return out
}

// behindProxy puts the client's address in place of its proxy's, where allow lists look.
func behindProxy(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if _, port, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			r.RemoteAddr = net.JoinHostPort(c.RealIP(), port)
		}
		return next(c)
	}
}

// withRequestID gives every answer a request id. The SCIM server does that itself.
func withRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !strings.HasPrefix(c.Request().URL.Path, "/scim/") {
			c.Response().Header().Set(echo.HeaderXRequestID, scimserver.RequestID(c.Request()))
		}
		return next(c)
	}
}

// unanswered answers what no handler took.
type unanswered struct{ observer scimserver.Observer }

// answer gives a SCIM error (RFC 7644 §3.12): a provider with a wrong base URL gets an answer that it can show, with a
// request id that the log has too.
func (u unanswered) answer(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	begin, r, h := time.Now(), c.Request(), c.Response().Header()
	status, detail := http.StatusInternalServerError, "an internal error"
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		status, detail = e.Code, "there is nothing at this address; SCIM endpoints are at /scim/SOURCE/v2"
		if status == http.StatusMethodNotAllowed {
			detail = "this method is not for this address"
		}
	}
	id := h.Get(echo.HeaderXRequestID)
	if id == "" { // refused before anything saw the path
		id = scimserver.RequestID(r)
		h.Set(echo.HeaderXRequestID, id)
	}
	h.Set(echo.HeaderContentType, "application/scim+json")
	c.Response().WriteHeader(status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(c.Response()).Encode(map[string]any{
			"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": strconv.Itoa(status), "detail": detail + " (request id " + id + ")",
		})
	}
	u.observer.Done(r.Context(), scimserver.RequestInfo{
		Request: id, Method: r.Method, Route: "unknown", Status: status, Bytes: c.Response().Size, At: begin, Duration: time.Since(begin),
	})
}

// health answers whether the process lives and whether it should get requests.
type health struct {
	dir      *directory.Directory
	writable func() error // whether changes can be stored
	source   directory.SourceID
	stopping atomic.Bool
}

func (h *health) alive(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	if h.stopping.Load() {
		respond(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return
	}
	if _, err := h.dir.Last(r.Context(), h.source); err != nil {
		respond(w, http.StatusServiceUnavailable, map[string]string{"status": "the state does not answer"})
		return
	}
	if err := h.writable(); err != nil {
		status := "the state cannot be written"
		if why, ok := errors.AsType[*directory.UnwritableError](err); ok {
			status += ": " + why.Reason
		}
		respond(w, http.StatusServiceUnavailable, map[string]string{"status": status})
		return
	}
	respond(w, http.StatusOK, map[string]string{"status": "ok"})
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// newHTTPServer makes a server with limits on everything that a client can draw out. longest is how long a request
// may take.
func newHTTPServer(h http.Handler, longest time.Duration, logger *slog.Logger) *http.Server {
	s := &http.Server{Handler: h, ErrorLog: log.New(&httpErrors{log: logger}, "", 0)} //nolint:gosec // SetLimits sets the time for headers
	scimserver.SetLimits(s)
	// Handlers set tighter deadlines once they know the source; these hold for whoever is refused before.
	s.ReadTimeout = longest + s.ReadHeaderTimeout
	s.WriteTimeout = 2*longest + s.ReadHeaderTimeout
	return s
}
