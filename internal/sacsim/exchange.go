package sacsim

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sacbridge/internal/sacsim/service"
)

// exchange is one request on its way through the gateway.
type exchange struct {
	srv    *Server
	w      *world
	r      *http.Request
	body   []byte
	set    settings
	faults *magazine
	shot   *shot
	call   service.Call
	opened http.Header // cookies and CSRF token for the answer
	repeat bool        // of a create whose outcome the client did not look up
}

// handle applies the fault that fired around the request's own work. A nil answer means that the
// client has gone.
func (x *exchange) handle() *answer {
	if x.shot != nil && x.shot.Action.aboutItems() && !isBulk(x.r) {
		x.faults.giveBack(x.shot)
		x.shot = nil
	}
	if x.shot == nil {
		return x.work()
	}
	if !x.shot.Action.afterWrite() {
		x.w.ledger.fired(x.shot, x.r)
	}
	if a := x.faultBefore(); a != nil {
		return a
	}
	before := x.resourceBefore()
	return x.faultAfter(x.work(), before)
}

// faultBefore does what comes before the tenant sees the request; an answer ends it there.
func (x *exchange) faultBefore() *answer {
	access := bearer(x.r)
	switch x.shot.Action {
	case ActStatus, Act429:
		return x.faultStatus()
	case ActHangup:
		return &answer{cut: cutHangup}
	case ActHTML:
		return htmlAnswer()
	case ActRevokeToken:
		x.w.vault.revokeToken(access)
	case ActRevokeCSRF:
		x.w.vault.revokeCSRF(access)
	case ActExpireSession:
		x.w.vault.expire(access)
	case ActDelay:
		if !x.srv.sleep(x.r.Context(), time.Duration(x.shot.MS)*time.Millisecond) {
			return &answer{cut: cutHangup}
		}
	case ActWrongAnswer:
		return x.wrongAnswer(x.resource())
	default:
	}
	return nil
}

// faultAfter spoils the answer. An action that follows a write needs one that took effect; else the
// true answer goes out and the rule has not fired.
func (x *exchange) faultAfter(a *answer, before []byte) *answer {
	if x.shot.Action.afterWrite() {
		if !a.ok() {
			x.faults.giveBack(x.shot)
			return a
		}
		x.w.ledger.fired(x.shot, x.r)
	}
	switch x.shot.Action {
	case ActStatusAfterWrite:
		return x.faultStatus()
	case ActHangupAfterWrite:
		return &answer{cut: cutHangup}
	case ActTruncate:
		a.cut = cutTruncate
	case ActWrongAnswerAfterWrite:
		return x.wrongAnswer(before)
	case ActItemStatusAfterWrite:
		return x.withItemStatus(a)
	default:
	}
	return a
}

// faultStatus answers a status in the shape that the tenant or its gateway gives it.
func (x *exchange) faultStatus() *answer {
	status := x.shot.status()
	var a *answer
	switch status {
	case http.StatusUnauthorized:
		a = unauthorisedJSON("Full authentication is required to access this resource")
	case http.StatusForbidden:
		a = x.forbidden()
	case http.StatusConflict:
		a = x.conflict()
	default:
		a = textAnswer(status, strconv.Itoa(status)+" "+http.StatusText(status))
	}
	if after, ok := x.shot.retryAfter(); ok {
		a.header.Set("Retry-After", strconv.Itoa(after))
	}
	return a
}

// run lets the tenant answer. It may be called after the request has ended.
func (x *exchange) run(r *http.Request) *answer {
	a := newAnswer()
	x.w.svc.ServeHTTP(a, r)
	a.WriteHeader(http.StatusOK)
	return a
}

// tenantRequest is the request as the tenant sees it: the body read, a Call in its context, no
// deadline, since a write goes on when its client has gone.
func (x *exchange) tenantRequest() *http.Request {
	ctx := service.WithCall(context.WithoutCancel(x.r.Context()), &x.call)
	r := x.r.Clone(ctx)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(x.body)), int64(len(x.body))
	return r
}

// account adds the request's cost and broken rules to the statistics, and gives the cost.
func (x *exchange) account() float64 {
	cost := x.srv.model().Seconds(x.call.Work)
	if fetches(x.r) && isRead(x.call.Work.Kind) {
		cost *= x.srv.model().FetchFactor
	}
	x.w.ledger.worked(cost)
	x.w.ledger.violate(x.route(), x.call.Violations...)
	said := func(rule string) bool { return strings.Contains(rule, "repeat") }
	if x.repeat && !slices.ContainsFunc(x.call.Violations, said) {
		x.violate("blind repeat of a create whose outcome is unknown")
	}
	return cost
}

// send counts and sends the answer.
func (x *exchange) send(rw http.ResponseWriter, a *answer) {
	for key, values := range x.opened {
		if a.header != nil {
			a.header[key] = append(a.header[key], values...)
		}
	}
	if a.unknown() || x.r.Context().Err() != nil {
		x.w.ledger.lost(x.r, x.body)
	}
	if a.header != nil {
		a.header.Set("Date", x.w.svc.Now().UTC().Format(http.TimeFormat))
	}
	status, out := strconv.Itoa(a.status), a.size
	if a.cut == cutHangup {
		status, out = "hangup", 0
	}
	x.w.ledger.answered(x.route(), status, len(x.body), out)
	a.send(rw)
}

// route is the pattern the tenant matched, or the one the path looks like.
func (x *exchange) route() string {
	if x.call.Route != "" {
		return x.call.Route
	}
	return routeOf(x.r.Method, x.r.URL.EscapedPath(), x.srv.TokenPath())
}

// routeOf names the route of a request that did not reach the tenant. Paths that nobody serves
// share one name, so that the statistics stay small.
func routeOf(method, path, tokenPath string) string {
	path = strings.TrimSuffix(path, "/")
	if path == tokenPath || path == pathCSRF || path == pathImport {
		return method + " " + path
	}
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(parts) < 3 || parts[0] != "api" {
		return method + " (unknown)"
	}
	if len(parts) == 5 && parts[4] != ".search" {
		parts[4] = "{id}"
	}
	return method + " /" + strings.Join(parts[:min(len(parts), 5)], "/")
}
