package main

import (
	"errors"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/store/bolt"
)

// The exit codes; both programs share their meaning.
const (
	exitOK          = cli.ExitOK
	exitFailure     = cli.ExitFailure
	exitUsage       = cli.ExitUsage
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
		return "usage, configuration, or a file that is in use or unfit; nothing was changed"
	case exitDifferent:
		return "faults found"
	case exitInterrupted:
		return "interrupted or declined"
	}
	return "unknown"
}

// stateCodes are the codes of a verb that works on the state.
func stateCodes() []int { return append(cli.LocalCodes(), exitInterrupted) }

// withCodes gives a command's long help with its exit codes below.
func withCodes(text string, codes []int) string { return cli.WithCodes(text, codes, meaning) }

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	if code, known := cli.CodeOf(err); known {
		return code
	}
	if errors.Is(err, bolt.ErrInUse) || errors.Is(err, bolt.ErrNewer) || errors.Is(err, bolt.ErrBackup) {
		return exitUsage
	}
	return exitFailure
}
