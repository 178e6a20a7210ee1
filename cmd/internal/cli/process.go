package cli

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// UntilSignal gives a context that ends with the first interrupt or SIGTERM, or when the terminal is closed, which
// lets what is in hand end. With the handler gone then, the second signal kills at once. stop gives the signals back.
func UntilSignal(ctx context.Context) (_ context.Context, stop context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop = signal.NotifyContext(ctx, signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// LimitMemory sets a soft limit for the process's memory in bytes, and how much garbage it collects at in percent of
// what is live, each unless the operator has set it by GOMEMLIMIT or GOGC.
func LimitMemory(env func(string) string, soft int64, percent int) {
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(soft)
	}
	if env("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
