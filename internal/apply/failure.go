package apply

import (
	"errors"
	"fmt"

	"sacbridge/internal/upstream"
)

// The codes of failures that no answer of the target tells. Those of its answers are the connector's.
const (
	CodeNotCreated  = "not-created"       // a person, or whom the link leads to, could not be created
	CodeNotShown    = "not-shown"         // created by the answer, but the target does not show it
	CodeUserExists  = "user-exists"       // somebody else's account has this user ID
	CodeEmailTaken  = "email-taken"       // somebody else's account has this e-mail
	CodeTeamExists  = "team-exists"       // somebody else's team has this name
	CodeTeamFull    = "team-full"         // the team takes no more members
	CodeUncorrected = "uncorrected"       // created, but the tenant's defaults could not be corrected
	CodeGranted     = "granted-meanwhile" // a role that somebody granted to a person right after the creation
)

// failure is a cause that the run found itself.
type failure struct {
	code string
	text string
	err  error // below, if any
}

// Error gives the cause in words.
func (f *failure) Error() string {
	if f.err != nil {
		return f.text + ": " + f.err.Error()
	}
	return f.text
}

// Unwrap gives the error below.
func (f *failure) Unwrap() error { return f.err }

// codeOf gives the code of a failure: the word that equal failures share.
func codeOf(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	e, ok := errors.AsType[*upstream.Error](err)
	switch {
	case ok && e.Code != "":
		return e.Code
	case ok && e.Unreachable:
		return "unreachable"
	case ok && e.Status != 0:
		return fmt.Sprintf("status-%d", e.Status)
	}
	return "other"
}

// causeKey is the same for failures of the same class and code.
func causeKey(err error) string {
	class := upstream.ClassOf(err)
	if class == "" {
		class = "run"
	}
	return string(class) + "/" + codeOf(err)
}

// outcomeKind is what an outcome means for a run.
type outcomeKind int

const (
	succeeded        outcomeKind = iota
	failed                       // for good
	again                        // certainly without effect, later
	missingReference             // a role or manager is unknown: again without it
	unsure                       // look first
	fatal                        // for every other call too
)

// judge tells what an outcome's error means.
func judge(err error) outcomeKind {
	if err == nil {
		return succeeded
	}
	if stopsRun(err) {
		return fatal
	}
	switch upstream.ClassOf(err) {
	case upstream.RetryNow, upstream.RetryLater, upstream.NotSent:
		return again
	case upstream.Refused:
		if missingRef(err) != "" {
			return missingReference
		}
		return failed
	case upstream.Gone, upstream.Conflict, upstream.Changed:
		return failed
	default: // unknown, cancelled in mid-air, or not classed at all: it may have taken effect
		return unsure
	}
}

// stopsRun reports whether err means that no other call can succeed either.
func stopsRun(err error) bool {
	e, ok := errors.AsType[*upstream.Error](err)
	return ok && (e.Unreachable || e.Class == upstream.Credentials)
}

func missingRef(err error) string {
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		return e.MissingRef
	}
	return ""
}
