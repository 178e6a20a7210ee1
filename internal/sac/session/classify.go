package session

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sacbridge/internal/upstream"
)

// ErrNoRoute is in the chain of an error that says that the tenant has no such path: NEO has no v2
// (scripts 1001 and 1002 stop there).
var ErrNoRoute = errors.New("no such path at this tenant")

const (
	defaultRetryAfter = 5 * time.Second // as in SAP's scripts
	maxRetryAfter     = 5 * time.Minute
)

// fail makes the failure of an answer that is not wanted.
func (s *Session) fail(l *login, c *call, a *answer) *failure {
	a.byTenant = l.tenantAnswered()
	a.body = l.withoutSecrets(a.body) // before it is shortened, which could leave a part of one
	f := classify(c, a)
	f.Op, f.Status, f.RetryAfter = c.Op, a.status, a.retryAfter
	f.Detail = l.redact(cmp.Or(f.Detail, a.detail()))
	f.login, f.begun = l, a.begun
	if f.step == pause || f.step == later {
		f.wait = s.retryWait(a)
	}
	return f
}

// retryWait gives the time to wait before the next try. The floor keeps a Retry-After of 0 from becoming a
// busy loop.
func (s *Session) retryWait(a *answer) time.Duration {
	if !a.retryGiven {
		if a.status == http.StatusTooManyRequests {
			return defaultRetryAfter
		}
		return 0
	}
	return min(max(a.retryAfter, s.cfg.Backoff), maxRetryAfter)
}

// classify says what an unwanted answer means: class, cause, and what the session does about it.
func classify(c *call, a *answer) *failure {
	switch {
	case a.status < http.StatusMultipleChoices:
		return classifySuccess(c, a)
	case a.status < http.StatusBadRequest:
		return classifyRedirect(c, a)
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return classifyRefusal(c, a)
	case a.status == http.StatusTooManyRequests:
		return &failure{step: pause, Error: upstream.Error{Class: upstream.RetryLater, Code: upstream.CodeThrottled}}
	case a.status >= http.StatusInternalServerError:
		return classifyServer(c, a)
	}
	return classifyClient(c, a)
}

// classifySuccess is for a 2xx that is a page, no JSON, or a status nobody asked for.
func classifySuccess(c *call, a *answer) *failure {
	switch {
	case a.page:
		return classifyPage(c, a.detail())
	case !carriesJSON(a.status):
		return &failure{Error: upstream.Error{
			Class: unknownIfWrite(c, upstream.Refused), Cause: "the tenant gives another status than documented",
		}}
	}
	f := &failure{Error: upstream.Error{
		Class: unknownIfWrite(c, upstream.RetryNow), Code: upstream.CodeCut, Detail: "the answer is cut short or not JSON",
	}}
	if c.Read {
		f.step = repeat
	}
	return f
}

// classifyPage is for a web page in place of JSON. NEO answers a bearer that it does not accept so
// (script 1601), hence the renewal.
func classifyPage(c *call, title string) *failure {
	f := &failure{tries: 2, Error: upstream.Error{
		Class: unknownIfWrite(c, upstream.RetryLater), Code: upstream.CodeOtherPage, Unreachable: true,
		Detail: c.host() + " answered a web page instead of JSON",
		Cause:  "is the url right, or is a proxy in between?",
	}}
	if title != "" {
		f.Detail += fmt.Sprintf(" (%q)", title)
	}
	if c.Read {
		f.step = renew
	}
	return f
}

func classifyRedirect(c *call, a *answer) *failure {
	f := classifyPage(c, "")
	f.Detail = c.host() + " answered a redirect instead of JSON"
	if to, err := url.Parse(a.header.Get("Location")); err == nil && to.Host != "" {
		f.Detail = fmt.Sprintf("%s answered a redirect to %s instead of JSON", c.host(), to.Host)
	}
	// Who redirects has not carried a write out.
	f.step, f.Class = renew, upstream.RetryLater
	return f
}

// classifyRefusal is for a 401 or 403, whose causes are the session, the OAuth client, or a proxy.
func classifyRefusal(c *call, a *answer) *failure {
	f := &failure{step: renew, tries: maxRefusals, Error: upstream.Error{Class: upstream.Credentials, Code: upstream.CodeNoAccess}}
	switch {
	case a.page && !c.isGet():
		f.Unreachable, f.Code = true, upstream.CodeBlocked
		f.Cause = fmt.Sprintf("a web page, not the tenant, refuses: a proxy or firewall in between blocks %s", c.Method)
	case a.page:
		f.Unreachable, f.Code = true, upstream.CodeBlocked
		f.Cause = "a web page, not the tenant, refuses: a proxy or firewall in between blocks the tenant"
	case a.status == http.StatusUnauthorized:
		f.Cause = fmt.Sprintf("the token is new, so the OAuth client lacks a right: tick the access %q under "+
			"System > Administration > App Integration", c.access())
	default:
		f.Cause = fmt.Sprintf("token, cookies and CSRF token are new (KBA 3271959): does the OAuth client have the "+
			"access %q, and does nothing in between drop cookies or the header x-csrf-token?", c.access())
	}
	return f
}

// access names what the OAuth client needs for the call; each part of the API has its own tick (script 1002).
func (c *call) access() string {
	if strings.HasPrefix(c.route, "/api/v1/audit") {
		return "Activities"
	}
	return "User Provisioning"
}

// classifyServer is for 5xx. A 502 or 504 to a write often means that it was carried out (script 1201).
func classifyServer(c *call, a *answer) *failure {
	switch {
	case a.status == http.StatusNotImplemented && a.foreign(c):
		return blocked(c)
	case a.status == http.StatusNotImplemented:
		return &failure{Error: upstream.Error{
			Class: upstream.RetryLater, Code: upstream.CodeUnavailable, Cause: "the tenant rebuilds its index, which takes about a quarter of an hour",
		}}
	case a.status == http.StatusServiceUnavailable && a.retryGiven:
		return &failure{step: later, Error: upstream.Error{Class: upstream.RetryLater, Code: upstream.CodeUnavailable}}
	case c.Read:
		return &failure{step: repeat, Error: upstream.Error{Class: upstream.RetryLater, Code: upstream.CodeServerError}}
	}
	return &failure{Error: upstream.Error{Class: upstream.Unknown, Code: upstream.CodeServerError, Cause: mayHaveEffect}}
}

// classifyClient is for 4xx but 401, 403 and 429.
func classifyClient(c *call, a *answer) *failure {
	f := &failure{Error: upstream.Error{Class: upstream.Refused}}
	switch a.status {
	case http.StatusConflict:
		f.Class = upstream.Conflict
	case http.StatusNotFound:
		return classifyMissing(c, a)
	case http.StatusMethodNotAllowed:
		if a.page || !a.isJSON() {
			return blocked(c)
		}
	case http.StatusProxyAuthRequired:
		f.Unreachable, f.Code, f.Cause = true, upstream.CodeBlocked, "the proxy in between asks for a login: set it in HTTPS_PROXY"
	case http.StatusRequestTimeout:
		if c.Read {
			f.step = repeat
		}
		f.Class, f.Code = unknownIfWrite(c, upstream.RetryLater), upstream.CodeTimeout
	case http.StatusRequestEntityTooLarge:
		f.Code, f.Cause = upstream.CodeTooMany, "the request is larger than the tenant takes: ask for fewer at a time"
	case http.StatusPreconditionRequired:
		f.Code, f.Cause = upstream.CodeNoLicence, "the tenant has not enough licences"
	}
	if a.scimType() == "uniqueness" {
		f.Class = upstream.Conflict
	}
	return f
}

// classifyMissing tells the missing entity from the missing path and from somebody else's 404.
func classifyMissing(c *call, a *answer) *failure {
	switch {
	case a.noRoute():
		return &failure{Error: upstream.Error{
			Class: upstream.Refused, Code: upstream.CodeNoRoute, Detail: "Requested route does not exist", Err: ErrNoRoute,
			Cause: "a NEO tenant has no v2, and the tenant's url must not end in /api",
		}}
	case a.page && !a.byTenant:
		f := classifyPage(c, a.detail())
		f.step, f.Class = stop, upstream.Refused
		return f
	}
	return &failure{Error: upstream.Error{Class: upstream.Gone, Code: upstream.CodeGone}}
}

// blocked is for a method that somebody in between does not let through.
func blocked(c *call) *failure {
	return &failure{Error: upstream.Error{
		Class: upstream.Refused, Code: upstream.CodeBlocked, Unreachable: true,
		Cause: fmt.Sprintf("a proxy or firewall between here and %s does not let %s through: allow it there", c.host(), c.Method),
	}}
}

// foreign tells whether somebody else answered: a page, or a refusal of the method as such.
func (a *answer) foreign(c *call) bool {
	return a.page || c.Method == http.MethodPut || c.Method == http.MethodPatch || c.Method == http.MethodDelete
}

const mayHaveEffect = "the write may have taken effect: look before repeating it"

// unknownIfWrite gives the class, or Unknown for a write.
func unknownIfWrite(c *call, class upstream.Class) upstream.Class {
	if c.Read {
		return class
	}
	return upstream.Unknown
}

func (c *call) host() string {
	if u, err := url.Parse(c.url); err == nil {
		return u.Host
	}
	return "the tenant"
}
