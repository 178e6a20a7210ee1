package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
)

func newServeCmd(a *app) *cobra.Command {
	var initialise bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve SCIM to the sources of the configuration",
		Long: cli.WithCodes(`serve answers SCIM requests for every source of the configuration, under /scim/SOURCE/v2. When it is ready it
prints one JSON line on stdout that says where; logs go to stderr, as JSON where that is no terminal.

A signal (Ctrl-C, SIGTERM) lets the requests in hand end, for bridge.shutdown_time at most, and closes the
state; a second one ends the process at once. What was answered with a 2xx is on disk in any case.

Of one state there can be one server. A second one says who holds it.

A state that is not there may be one whose volume is not mounted. serve makes no folder for it, and makes no state that a
client of a source could take for an empty directory, unless --init says that this is the first start.`, cli.LocalCodes()),
		Example: "  bridge serve --init --config /etc/sacbridge/sacbridge.yaml\n  bridge serve --config /etc/sacbridge/sacbridge.yaml",
		Args:    cli.Args(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), a, initialise) },
	}
	cmd.Flags().BoolVar(&initialise, "init", false, "make the state and its folder where they are missing, for the first start")
	return cmd
}

func runServe(ctx context.Context, a *app, initialise bool) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	srv, err := a.newServer(ctx, s, "serve", initialise, a.serverLogs(s.bridge.AccessLog))
	if err != nil {
		return err
	}
	if host, _, err := net.SplitHostPort(srv.publicAt.Addr().String()); err == nil && s.bridge.BaseURL == "" && net.ParseIP(host).IsUnspecified() {
		srv.logs.server.Warn("bridge.base_url is not set: answers will name an address that no provider can reach")
	}
	found := s.checkTLS(a.Now())
	for _, err := range found.faults {
		srv.logs.server.Error("certificate", logCause, err.Error())
	}
	for _, text := range found.warnings {
		srv.logs.server.Warn("certificate", logCause, text)
	}
	if err := json.NewEncoder(a.Out).Encode(srv.ready()); err != nil {
		return fmt.Errorf("print the ready line: %w", err)
	}
	srv.logs.server.Info("ready", "listen", srv.publicAt.Addr().String(), "version", cli.ThisBuild().Version)
	a.notify(ctx, "READY=1")
	context.AfterFunc(ctx, func() { a.notify(context.WithoutCancel(ctx), "STOPPING=1") })
	return srv.serve(ctx)
}

// serverLogs makes the logs of a server: for eyes on a terminal, else for machines.
func (a *app) serverLogs(access bool) *logs {
	return newLogs(a.Err, access, a.ErrTerminal, a.Color(a.ErrTerminal))
}
