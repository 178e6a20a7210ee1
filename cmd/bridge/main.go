// Command bridge is an embedded SCIM 2.0 server with a directory of people and teams in one file. It parses
// flags, opens the state, mounts the handlers, starts and stops what runs, and maps errors to exit codes; it
// decides nothing about people itself. It may import config, directory, scimserver, store and store/bolt, and is
// the only importer of echo.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // schedules name time zones, which an image made from scratch does not have
)

func main() { os.Exit(run()) }

// run gives the exit code of the command that the process was started with.
func run() int {
	limitMemory(os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal lets requests in hand end; with the handler gone the second one kills at once.
	context.AfterFunc(ctx, stop)
	return execute(ctx, newApp(), os.Args[1:])
}

// limitMemory keeps a directory of a million people well below 250 MB of heap, unless the operator has set
// limits. The file itself is mapped, and its pages belong to the system's cache.
func limitMemory(env func(string) string) {
	const soft = 192 << 20
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(soft)
	}
	// What is live is a few MiB, and collecting at twice that would happen many times a second under load.
	if env("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}
