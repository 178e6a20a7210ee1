package main

import (
	"context"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
)

// app is what bridge's commands work in.
type app struct{ cli.Environment }

// newApp gives the app of this process.
func newApp() *app { return &app{Environment: cli.ThisProcess()} }

// commandLine is what tells bridge from other programs at the command line.
func commandLine() cli.Program {
	return cli.Program{Name: "bridge"}
}

// execute runs one command line and gives its exit code.
func execute(ctx context.Context, a *app, args []string) int {
	return commandLine().Execute(ctx, &a.Environment, newRootCmd(a), args)
}

// newRootCmd lists every command by hand.
func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Short: "Take people and teams from identity providers by SCIM 2.0",
		Long: cli.WithCodes(`bridge is a SCIM 2.0 server with a directory of people and teams in one file. Identity providers push to it,
each to a source of its own.

While bridge serve runs it holds the file alone, and the other commands reach it through a socket beside
the file; else they open the file themselves.`, cli.LocalCodes()),
		Example: "  bridge demo\n  bridge serve --config sacbridge.yaml\n  bridge token new entra --name entra-prod",
	}
	return commandLine().Root(&a.Environment, root, "no hints on stderr",
		cli.Group{Title: "SERVE", Commands: []*cobra.Command{newServeCmd(a), newDemoCmd(a)}},
		cli.Group{Title: "ADMINISTER", Commands: []*cobra.Command{newTokenCmd(a), newDeletedCmd(a)}},
		cli.Group{Title: "STATE", Commands: []*cobra.Command{newBackupCmd(a), newRestoreCmd(a), newCheckCmd(a)}},
		cli.Group{Title: "MORE", Commands: []*cobra.Command{
			newConfigCmd(a),
			commandLine().CompletionCommand(&a.Environment, ", and the names of the\nsources in the configuration."),
			commandLine().VersionCommand(&a.Environment),
		}},
	)
}

// suggestSources completes the first argument by the sources of the configuration. A configuration that
// cannot be read suggests nothing: a completion cannot report an error.
func (a *app) suggestSources(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	s, err := a.settings()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return s.sourceNames(), cobra.ShellCompDirectiveNoFileComp
}
