package upstream

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Class says what a caller can do about a failure. It is set once, by the connector.
type Class string

// The classes of failure.
const (
	RetryNow    Class = "retry now"       // certainly without effect; the connector's own tries are used up
	RetryLater  Class = "retry later"     // throttled or unavailable; see Error.RetryAfter
	Refused     Class = "refused"         // the target will never take this request
	Credentials Class = "credentials"     // token or rights refused; every other call will fail too
	Gone        Class = "gone"            // the entity does not exist (any more)
	Conflict    Class = "conflict"        // a name, e-mail or login ID belongs to someone else
	Unknown     Class = "unknown outcome" // the write may have taken effect: look before repeating
	Cancelled   Class = "cancelled"       // the caller gave up
	NotSent     Class = "not sent"        // the permission was refused: nothing of it reached the target
	Changed     Class = "changed"         // somebody else changed the entity meanwhile: it was left alone
)

// Error is a classed failure of one call.
type Error struct {
	Class      Class
	Code       string        // a short word that stays the same for equal failures; may be empty
	Op         string        // what was being done, such as `create user "ANNA"`
	Status     int           // HTTP status; 0 where no answer came
	Detail     string        // the target's own words, shortened, without secrets
	Cause      string        // the likely cause in our words, with its cure; may be empty
	MissingRef string        // a role or manager the target does not know, where that is the cause
	RetryAfter time.Duration // what the target asked for
	Err        error         // the error below, if any
	// Unreachable says that no connection could be made, or that something else answered in the
	// tenant's place (a proxy, a login page, a wrong host).
	Unreachable bool
}

// Error says what was done, what came back and what to do about it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": status %d", e.Status)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Cause != "" {
		fmt.Fprintf(&b, " (%s)", e.Cause)
	}
	return b.String()
}

// Unwrap gives the error below.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf gives the class of err, and "" for an error without one.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return ""
}
