package main

import (
	"errors"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/upstream"
)

// The exit codes; both programs share their meaning.
const (
	exitOK          = cli.ExitOK
	exitFailure     = cli.ExitFailure
	exitUsage       = cli.ExitUsage
	exitPartial     = 3
	exitHeld        = 4
	exitCredentials = 5
	exitUnreachable = 6
	exitStale       = 7
	exitConflicts   = 8
	exitDifferent   = 10
	exitInterrupted = cli.ExitInterrupted
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

// withCodes gives a command's long help with its exit codes below.
func withCodes(text string, codes []int) string { return cli.WithCodes(text, codes, meaning) }

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	if code, known := cli.CodeOf(err); known {
		return code
	}
	if _, held := errors.AsType[*apply.LeaseHeldError](err); held {
		return exitUsage
	}
	if failed, ok := errors.AsType[*upstream.Error](err); ok {
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
