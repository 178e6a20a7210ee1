//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

// ignoreBrokenPipes makes a write to a pipe without reader an error instead of the end of the process.
func ignoreBrokenPipes() { signal.Ignore(syscall.SIGPIPE) }
