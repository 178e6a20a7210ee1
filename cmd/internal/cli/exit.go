package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The exit codes that have one meaning in every program. A program may have more.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2 // of the command line, a configuration or a file: nothing was changed
	ExitInterrupted = 130
)

// LocalCodes are the exit codes of a command that works on this machine only.
func LocalCodes() []int { return []int{ExitOK, ExitFailure, ExitUsage} }

// WithCodes gives a command's long help with its exit codes below, in ascending order. meaning says in a few words
// what a code stands for.
func WithCodes(text string, codes []int, meaning func(code int) string) string {
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

// CodeOf gives the exit code that err has in every program: the one that [Coded] gave it (the outermost wins), else
// that of an interruption, and 0 for nil. known is false where only the program can tell.
func CodeOf(err error) (code int, known bool) {
	if err == nil {
		return ExitOK, true
	}
	if own, ok := errors.AsType[*codedError](err); ok {
		return own.code, true
	}
	if errors.Is(err, context.Canceled) {
		return ExitInterrupted, true
	}
	return ExitFailure, false
}
