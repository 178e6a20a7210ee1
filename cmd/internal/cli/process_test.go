package cli

import (
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"testing"
)

func TestASignalEndsTheContext(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		ctx, stop := UntilSignal(t.Context())
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
	ctx, stop := UntilSignal(t.Context())
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

func TestTheOperatorsLimitsOfMemoryWin(t *testing.T) {
	limit, percent := debug.SetMemoryLimit(-1), debug.SetGCPercent(100)
	t.Cleanup(func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	})
	for _, c := range []struct {
		name        string
		env         map[string]string
		wantLimit   int64
		wantPercent int
	}{
		{"nothing is set", nil, 512 << 20, 77},
		{"the limit is set", map[string]string{"GOMEMLIMIT": "1GiB"}, 900 << 20, 77},
		{"the percentage is set", map[string]string{"GOGC": "50"}, 512 << 20, 100},
	} {
		debug.SetMemoryLimit(900 << 20)
		debug.SetGCPercent(100)
		LimitMemory(func(key string) string { return c.env[key] }, 512<<20, 77)
		if gotLimit, gotPercent := debug.SetMemoryLimit(-1), debug.SetGCPercent(100); gotLimit != c.wantLimit || gotPercent != c.wantPercent {
			t.Errorf("%s: got %d bytes and %d percent, want %d and %d", c.name, gotLimit, gotPercent, c.wantLimit, c.wantPercent)
		}
	}
}
