// Command bridge is an embedded SCIM 2.0 server with a directory of people and teams in one file. It parses
// flags, opens the state, mounts the handlers, starts and stops what runs, and maps errors to exit codes; it
// decides nothing about people itself. It may import cli, admin, config, directory, scimserver, store, store/bolt and tenants, and
// is the only importer of echo.
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
	// This keeps a directory of a million people well below 250 MB of heap. The file itself is mapped, and its pages
	// belong to the system's cache. What is live is a few MiB, and collecting at twice that would happen many times a
	// second under load.
	cli.LimitMemory(os.Getenv, 192<<20, 400)
	a := newApp()
	a.Called = cli.CalledAs(os.Args[0])
	ctx, stop := cli.NewInterrupts(cmp.Or(a.Called, commandLine().Name), a.Err).Until(context.Background())
	defer stop()
	return execute(ctx, a, os.Args[1:])
}
