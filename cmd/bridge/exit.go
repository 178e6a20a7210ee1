package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sacbridge/internal/store/bolt"
)

// The exit codes; both programs share their meaning.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
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
		return "usage, configuration, or a file that is in use or unfit; nothing was changed"
	case exitDifferent:
		return "faults found"
	case exitInterrupted:
		return "interrupted or declined"
	}
	return "unknown"
}

// localCodes are the codes of a verb that looks at nothing but files.
func localCodes() []int { return []int{exitOK, exitFailure, exitUsage} }

// stateCodes are the codes of a verb that works on the state.
func stateCodes() []int { return append(localCodes(), exitInterrupted) }

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

// usagef makes an error of usage or configuration: nothing has been changed.
func usagef(format string, args ...any) error { return coded(exitUsage, fmt.Errorf(format, args...)) }

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	known, isCoded := errors.AsType[*codedError](err)
	switch {
	case isCoded:
		return known.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, bolt.ErrInUse), errors.Is(err, bolt.ErrNewer), errors.Is(err, bolt.ErrBackup):
		return exitUsage
	}
	return exitFailure
}
