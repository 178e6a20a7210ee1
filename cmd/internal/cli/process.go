package cli

import "runtime/debug"

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
