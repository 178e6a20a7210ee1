//go:build unix

package cli

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

func TestASignalEndsTheContext(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		ctx, stop := NewInterrupts("transport", io.Discard).Until(t.Context())
		if err := ctx.Err(); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		stop()
	}
}

func TestASignalThatTheParentHasIgnoredStaysIgnored(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	t.Cleanup(func() { // Reset alone leaves it ignored
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
		signal.Reset(syscall.SIGHUP)
	})
	ctx, stop := NewInterrupts("transport", io.Discard).Until(t.Context())
	defer stop()
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if !signal.Ignored(syscall.SIGHUP) || ctx.Err() != nil {
			t.Fatalf("before %s: hang-up is ignored %v, context %v", sig, signal.Ignored(syscall.SIGHUP), ctx.Err())
		}
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
	}
	<-ctx.Done()
}
