package main

import (
	"syscall"
	"testing"
	"unsafe"
)

// limitFileSize sets how large a process may make files (RLIMIT_FSIZE, prlimit(2)).
func limitFileSize(tb testing.TB, pid int, bytes uint64) {
	tb.Helper()
	limit := syscall.Rlimit{Cur: bytes, Max: ^uint64(0)}
	if _, _, e := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(pid), uintptr(syscall.RLIMIT_FSIZE), uintptr(unsafe.Pointer(&limit)), 0, 0, 0); e != 0 {
		tb.Skipf("this test limits another process: %v", e)
	}
}
