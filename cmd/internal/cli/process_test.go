package cli

import (
	"runtime/debug"
	"testing"
)

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
