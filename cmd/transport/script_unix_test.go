//go:build unix

package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// runOnFullDisk is transport where no file can grow beyond 64 KiB, as on a file system that is full.
func runOnFullDisk() int {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	return run()
}
