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

// gatewayCall is one request on its way through the gateway.
type gatewayCall struct {
	srv    *Server
	tenant *tenant
	r      *http.Request
	body   []byte
	set    settings
	faults *faultRules
	fault  *firedFault
	call   service.Call
	opened http.Header // cookies and CSRF token for the answer
	repeat bool        // of a create whose outcome the client did not look up
}

// handle applies the fault that fired around the request's own work. A nil answer means that the
// client has gone.
func (c *gatewayCall) handle() *answer {
	if c.fault != nil && c.fault.Action.aboutItems() && !isBulk(c.r) {
		c.faults.giveBack(c.fault)
		c.fault = nil
	}
	if c.fault == nil {
		return c.work()
	}
	if !c.fault.Action.afterWrite() {
		c.tenant.stats.noteFault(c.fault, c.r)
	}
	if a := c.faultBefore(); a != nil {
		return a
	}
	before := c.resourceBefore()
	return c.faultAfter(c.work(), before)
}

// faultBefore does what comes before the tenant sees the request; an answer ends it there.
func (c *gatewayCall) faultBefore() *answer {
	access := bearer(c.r)
	switch c.fault.Action {
	case ActStatus, Act429:
		return c.faultStatus()
	case ActHangup:
		return &answer{breaks: breakHangup}
	case ActHTML:
		return htmlAnswer()
	case ActRevokeToken:
		c.tenant.sessions.revokeToken(access)
	case ActRevokeCSRF:
		c.tenant.sessions.revokeCSRF(access)
	case ActExpireSession:
		c.tenant.sessions.expire(access)
	case ActDelay:
		if !c.srv.sleep(c.r.Context(), time.Duration(c.fault.MS)*time.Millisecond) {
			return &answer{breaks: breakHangup}
		}
	case ActWrongAnswer:
		return c.wrongAnswer(c.resource())
	default:
	}
	return nil
}

// faultAfter spoils the answer. An action that follows a write needs one that took effect; else the
// true answer goes out and the rule has not fired.
func (c *gatewayCall) faultAfter(a *answer, before []byte) *answer {
	if c.fault.Action.afterWrite() {
		if !a.ok() {
			c.faults.giveBack(c.fault)
			return a
		}
		c.tenant.stats.noteFault(c.fault, c.r)
	}
	switch c.fault.Action {
	case ActStatusAfterWrite:
		said := c.faultStatus()
		if !said.unknown() {
			c.tenant.svc.DenyCreate(c.call.Actor, c.body)
		}
		return said
	case ActHangupAfterWrite:
		return &answer{breaks: breakHangup}
	case ActTruncate:
		a.breaks = breakTruncate
	case ActWrongAnswerAfterWrite:
		return c.wrongAnswer(before)
	case ActItemStatusAfterWrite:
		return c.withItemStatus(a)
	default:
	}
	return a
}

// faultStatus answers a status in the shape that the tenant or its gateway gives it.
func (c *gatewayCall) faultStatus() *answer {
	status := c.fault.status()
	var a *answer
	switch status {
	case http.StatusUnauthorized:
		a = unauthorisedJSON("Full authentication is required to access this resource")
	case http.StatusForbidden:
		a = c.forbidden()
	case http.StatusConflict:
		a = c.conflict()
	default:
		a = textAnswer(status, strconv.Itoa(status)+" "+http.StatusText(status))
	}
	if after, ok := c.fault.retryAfter(); ok {
		a.header.Set("Retry-After", strconv.Itoa(after))
	}
	return a
}

// run lets the tenant answer. It may be called after the request has ended.
func (c *gatewayCall) run(r *http.Request) *answer {
	a := newAnswer()
	c.tenant.svc.ServeHTTP(a, r)
	a.WriteHeader(http.StatusOK)
	return a
}

// tenantRequest is the request as the tenant sees it: the body read, a Call in its context, no
// deadline, since a write goes on when its client has gone.
func (c *gatewayCall) tenantRequest() *http.Request {
	ctx := service.WithCall(context.WithoutCancel(c.r.Context()), &c.call)
	r := c.r.Clone(ctx)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(c.body)), int64(len(c.body))
	return r
}

// account adds the request's cost and broken rules to the statistics, and gives the cost.
func (c *gatewayCall) account() float64 {
	cost := c.srv.model().Seconds(c.call.Work)
	if fetches(c.r) && isRead(c.call.Work.Kind) {
		cost *= c.srv.model().FetchFactor
	}
	c.tenant.stats.addSeconds(cost)
	c.tenant.stats.noteViolations(c.route(), c.call.Violations...)
	said := func(rule string) bool { return strings.Contains(rule, "repeat") }
	if c.repeat && !slices.ContainsFunc(c.call.Violations, said) {
		c.violate("blind repeat of a create whose outcome is unknown")
	}
	return cost
}

// send counts and sends the answer.
func (c *gatewayCall) send(rw http.ResponseWriter, a *answer) {
	for key, values := range c.opened {
		if a.header != nil {
			a.header[key] = append(a.header[key], values...)
		}
	}
	if a.unknown() || c.r.Context().Err() != nil {
		c.tenant.stats.noteUnknownCreate(c.r, c.body)
	}
	if a.header != nil {
		a.header.Set("Date", c.tenant.svc.Now().UTC().Format(http.TimeFormat))
	}
	status, out := strconv.Itoa(a.status), a.size
	if a.breaks == breakHangup {
		status, out = "hangup", 0
	}
	c.tenant.stats.noteAnswer(c.route(), status, len(c.body), out)
	a.send(rw)
}

// route is the pattern the tenant matched, or the one the path looks like.
func (c *gatewayCall) route() string {
	if c.call.Route != "" {
		return c.call.Route
	}
	return routeOf(c.r.Method, c.r.URL.EscapedPath(), c.srv.TokenPath())
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
