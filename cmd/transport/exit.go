package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sacbridge/internal/apply"
	"sacbridge/internal/upstream"
)

// The exit codes; both programs share their meaning.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitPartial     = 3
	exitHeld        = 4
	exitCredentials = 5
	exitUnreachable = 6
	exitStale       = 7
	exitConflicts   = 8
	exitDifferent   = 10
	exitInterrupted = 130
)

// meaning says in a few words what an exit code stands for.
func meaning(code int) string {
	switch code {
	case exitOK:
		return "done, or nothing to do"
	case exitFailure:
		return "unexpected failure"
	case exitUsage:
		return "usage, configuration or data file; nothing was sent to a tenant"
	case exitPartial:
		return "done in part; the list says what is missing"
	case exitHeld:
		return "held by a guard; nothing was written"
	case exitCredentials:
		return "credentials refused"
	case exitUnreachable:
		return "tenant unreachable, or something else answered in its place"
	case exitStale:
		return "the plan is stale; nothing was written"
	case exitConflicts:
		return "conflicts need an answer; nothing was written"
	case exitDifferent:
		return "differences found"
	case exitInterrupted:
		return "interrupted or declined; an interrupted run can be resumed"
	}
	return "unknown"
}

// changeCodes are the codes of a verb that plans and applies.
func changeCodes() []int {
	return []int{
		exitOK, exitFailure, exitUsage, exitPartial, exitHeld, exitCredentials, exitUnreachable,
		exitConflicts, exitInterrupted,
	}
}

// readCodes are the codes of a verb that only reads tenants.
func readCodes() []int {
	return []int{exitOK, exitFailure, exitUsage, exitCredentials, exitUnreachable, exitInterrupted}
}

// localCodes are the codes of a verb that calls no tenant.
func localCodes() []int { return []int{exitOK, exitFailure, exitUsage} }

// withCodes gives a command's long help with its exit codes below.
func withCodes(text string, codes []int) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(text))
	b.WriteString("\n\nExit codes:\n")
	for _, c := range slices.Sorted(slices.Values(codes)) {
		fmt.Fprintf(&b, "  %3d  %s\n", c, meaning(c))
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

// coded gives err an exit code; a nil err stays nil.
func coded(code int, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: code, err: err}
}

// codef makes an error with an exit code.
func codef(code int, format string, args ...any) error {
	return coded(code, fmt.Errorf(format, args...))
}

// usagef makes an error of usage, configuration or data: nothing has been called.
func usagef(format string, args ...any) error { return codef(exitUsage, format, args...) }

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	known, isCoded := errors.AsType[*codedError](err)
	failed, isUpstream := errors.AsType[*upstream.Error](err)
	_, isHeld := errors.AsType[*apply.LeaseHeldError](err)
	switch {
	case isCoded:
		return known.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case isHeld:
		return exitUsage
	case isUpstream:
		return classCode(failed)
	}
	return exitFailure
}

// classCode gives the exit code of a failed call that ended the command.
func classCode(e *upstream.Error) int {
	if e.Unreachable {
		return exitUnreachable
	}
	switch e.Class {
	case upstream.Cancelled:
		return exitInterrupted
	case upstream.Credentials:
		return exitCredentials
	case upstream.RetryNow, upstream.RetryLater:
		return exitUnreachable
	case upstream.Refused, upstream.Gone, upstream.Conflict, upstream.Unknown:
		return exitFailure
	}
	return exitFailure
}
