//go:build unix

package bolt_test

import (
	"fmt"
	"os/signal"
	"syscall"
)

// limitFileSize keeps files of this process from growing beyond a number of bytes, as a full disk does.
func limitFileSize(limit string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var bytes uint64
	if _, err := fmt.Sscan(limit, &bytes); err != nil {
		return err
	}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: bytes})
}
