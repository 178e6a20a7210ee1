// Command transport copies people, primary teams and role links between SAP Analytics Cloud tenants,
// and carries out SAP's sample scripts from the same data files. It parses flags, connects the packages
// that plan and apply, and shows what they say; it decides nothing about tenants itself. It may import
// config, dataset, mapping, plan, apply, upstream, sac, sacsim, store/bolt and identity.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() { os.Exit(run()) }

// run gives the exit code of the command that the process was started with.
func run() int {
	limitMemory(os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal lets calls in flight end; with the handler gone the second one kills at once.
	context.AfterFunc(ctx, stop)
	return execute(ctx, newApp(), os.Args[1:])
}

// limitMemory keeps a plan for 80,000 people well below 250 MB, unless the operator has set limits.
func limitMemory(env func(string) string) {
	const soft = 200 << 20
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(soft)
	}
	if env("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
