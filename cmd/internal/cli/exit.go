package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/upstream"
)

// The exit codes. They have one meaning in every program.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2 // of the command line, a configuration or a file: nothing was sent or changed
	ExitPartial     = 3
	ExitHeld        = 4
	ExitCredentials = 5
	ExitUnreachable = 6
	ExitStale       = 7
	ExitConflicts   = 8
	ExitDifferent   = 10
	ExitInterrupted = 130
)

// Meaning says in a few words what an exit code stands for.
func Meaning(code int) string {
	switch code {
	case ExitOK:
		return "done, or nothing to do"
	case ExitFailure:
		return "unexpected failure"
	case ExitUsage:
		return "usage, configuration, or a file that is unfit or in use; nothing was sent or changed"
	case ExitPartial:
		return "done in part; the list says what is missing"
	case ExitHeld:
		return "held by a guard; nothing was written"
	case ExitCredentials:
		return "credentials refused"
	case ExitUnreachable:
		return "tenant unreachable, or something else answered in its place"
	case ExitStale:
		return "the plan is stale; nothing was written"
	case ExitConflicts:
		return "conflicts need an answer; nothing was written"
	case ExitDifferent:
		return "differences or faults found"
	case ExitInterrupted:
		return "interrupted or declined; an interrupted run can be resumed"
	}
	return "unknown"
}

// LocalCodes are the exit codes of a command that works on this machine only.
func LocalCodes() []int { return []int{ExitOK, ExitFailure, ExitUsage} }

// ReadCodes are the exit codes of a command that only reads tenants.
func ReadCodes() []int {
	return []int{ExitOK, ExitFailure, ExitUsage, ExitCredentials, ExitUnreachable, ExitInterrupted}
}

// ChangeCodes are the exit codes of a command that carries a plan out.
func ChangeCodes() []int { return append(ReadCodes(), ExitPartial, ExitHeld, ExitConflicts) }

// PlanCodes are the exit codes of a command that also decides whether a plan may be carried out, which may have become
// stale while a question waited.
func PlanCodes() []int { return append(ChangeCodes(), ExitStale) }

// WithCodes gives a command's long help with its exit codes below, in ascending order.
func WithCodes(text string, codes []int) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(text))
	b.WriteString("\n\nExit codes:\n")
	runs := slices.ContainsFunc(codes, func(c int) bool { return c >= ExitPartial && c <= ExitConflicts })
	for _, c := range slices.Sorted(slices.Values(codes)) {
		meaning := Meaning(c)
		if c == ExitInterrupted && !runs {
			meaning = "interrupted" // there is no run that could be resumed
		}
		fmt.Fprintf(&b, "  %3d  %s\n", c, meaning)
	}
	return strings.TrimRight(b.String(), "\n")
}

// codedError is an error whose exit code is known where it arises.
type codedError struct {
	code int
	err  error
}

// Error gives the text of the error below.
func (e *codedError) Error() string { return e.err.Error() }

// Unwrap gives the error below.
func (e *codedError) Unwrap() error { return e.err }

// Coded gives err an exit code and leaves its text alone; a nil err stays nil.
func Coded(code int, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: code, err: err}
}

// Codef makes an error with an exit code, as fmt.Errorf does.
func Codef(code int, format string, args ...any) error {
	return Coded(code, fmt.Errorf(format, args...))
}

// Usagef makes an error of usage, configuration or data: nothing has been changed or called.
func Usagef(format string, args ...any) error { return Codef(ExitUsage, format, args...) }

// ExitCode is the one place where an error becomes an exit code: the one that [Coded] gave it (the outermost wins),
// else that of its kind.
func ExitCode(err error) int {
	if own, ok := errors.AsType[*codedError](err); ok {
		return own.code
	}
	failed, called := errors.AsType[*upstream.Error](err)
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, context.Canceled), is[*engine.InterruptedError](err):
		return ExitInterrupted
	case is[*engine.NotStartedError](err), is[*apply.LeaseHeldError](err), is[*engine.NobodySelectedError](err), is[*engine.UnknownNameError](err),
		errors.Is(err, bolt.ErrInUse), errors.Is(err, bolt.ErrNewer), errors.Is(err, bolt.ErrLeaseFile), errors.Is(err, bolt.ErrBackup):
		return ExitUsage
	case is[*engine.PartialError](err):
		return ExitPartial
	case is[*engine.GuardsExceededError](err), is[*engine.ProtectedError](err):
		return ExitHeld
	case is[*engine.StaleError](err), is[*engine.LeaseLostError](err):
		return ExitStale
	case is[*engine.ConflictsError](err), is[*engine.MissingTeamError](err):
		return ExitConflicts
	case called:
		return classCode(failed)
	}
	return ExitFailure
}

// is reports whether err, or an error below it, is of type E.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// classCode gives the exit code of a failed call that ended the command.
func classCode(e *upstream.Error) int {
	if e.Unreachable {
		return ExitUnreachable
	}
	switch e.Class {
	case upstream.Cancelled:
		return ExitInterrupted
	case upstream.Credentials:
		return ExitCredentials
	case upstream.RetryNow, upstream.RetryLater:
		return ExitUnreachable
	case upstream.Refused, upstream.Gone, upstream.Conflict, upstream.Unknown, upstream.Changed, upstream.NotSent:
		return ExitFailure
	}
	return ExitFailure
}
