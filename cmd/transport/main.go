// Command transport copies people, primary teams and role links between SAP Analytics Cloud tenants,
// and carries out SAP's sample scripts from the same data files. It parses flags, connects the packages
// that plan and apply, and shows what they say; it decides nothing about tenants itself. It may import
// cli, config, dataset, mapping, plan, apply, upstream, sac, sacsim, store/bolt and identity.
package main

import (
	"cmp"
	"context"
	"os"

	"sacbridge/cmd/internal/cli"
)

func main() { os.Exit(run()) }

// run gives the exit code of the command that the process was started with.
func run() int {
	cli.LimitMemory(os.Getenv, 200<<20, 50) // keeps a plan for 80,000 people well below 250 MB
	a := newApp()
	a.Called = cli.CalledAs(os.Args[0])
	a.Interrupts = cli.NewInterrupts(cmp.Or(a.Called, commandLine().Name), a.Err)
	ctx, stop := a.Interrupts.Until(context.Background())
	defer stop()
	return execute(ctx, a, os.Args[1:])
}
