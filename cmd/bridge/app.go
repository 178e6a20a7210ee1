package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is the world a command works in: its streams, clock and environment, and the flags that all
// commands share. Tests give it buffers.
type app struct {
	in  io.Reader
	out io.Writer // data
	err io.Writer // talk
	env func(string) string
	now func() time.Time

	ask     bool // there is a person at a terminal who can answer
	termErr bool // err is a terminal

	globals
}

// globals are the flags of every command.
type globals struct {
	config  string
	quiet   bool
	noColor bool
}

// newApp gives the app of this process.
func newApp() *app {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, now: time.Now,
		ask: isTerminal(os.Stdin) && isTerminal(os.Stderr), termErr: isTerminal(os.Stderr),
	}
}

// execute runs one command line and gives its exit code. Commands return errors; here they are told.
func execute(ctx context.Context, a *app, args []string) int {
	root := newRootCmd(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		a.tell("bridge: %s", strings.TrimSpace(clean(err.Error(), true)))
	}
	return exitCode(err)
}

// say writes a line of talk, unless --quiet.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		a.tell(format, args...)
	}
}

// tell writes a line on stderr. Where even that fails there is nobody left to be told.
func (a *app) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, format+"\n", args...)
}

// The groups of the root command's help.
const (
	groupServe = "serve"
	groupAdmin = "admin"
	groupState = "state"
	groupMore  = "more"
)

// newRootCmd lists every command by hand.
func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "bridge",
		Short: "Take people and teams from identity providers by SCIM 2.0",
		Long: withCodes(`bridge is a SCIM 2.0 server with a directory of people and teams in one file. Identity providers push to it,
each to a source of its own.

While bridge serve runs it holds the file alone, and the other commands reach it through a socket beside
the file; else they open the file themselves.`, localCodes()),
		Example:       "  bridge demo\n  bridge serve --config sacbridge.yaml\n  bridge token new entra --name entra-prod",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	asGroup(root)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w (see %s --help)", err, cmd.CommandPath())
	})
	a.addGlobals(root)
	root.AddGroup(
		&cobra.Group{ID: groupServe, Title: "SERVE"}, &cobra.Group{ID: groupAdmin, Title: "ADMINISTER"},
		&cobra.Group{ID: groupState, Title: "STATE"}, &cobra.Group{ID: groupMore, Title: "MORE"},
	)
	root.SetHelpCommandGroupID(groupMore)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		inGroup(groupServe, newServeCmd(a)), inGroup(groupServe, newDemoCmd(a)),
		inGroup(groupAdmin, newTokenCmd(a)), inGroup(groupAdmin, newDeletedCmd(a)),
		inGroup(groupState, newBackupCmd(a)), inGroup(groupState, newRestoreCmd(a)), inGroup(groupState, newCheckCmd(a)),
		inGroup(groupMore, newConfigCmd(a)), inGroup(groupMore, newCompletionCmd(a)), inGroup(groupMore, newVersionCmd(a)),
	)
	return root
}

// addGlobals binds the flags of every command.
func (a *app) addGlobals(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&a.config, "config", "", "configuration `FILE` (default $SACBRIDGE_CONFIG, then ./sacbridge.yaml)")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no hints on stderr")
	f.BoolVar(&a.noColor, "no-color", false, "no colours (as NO_COLOR in the environment)")
}

// inGroup puts a command under a heading of the root command's help.
func inGroup(id string, cmd *cobra.Command) *cobra.Command {
	cmd.GroupID = id
	return cmd
}

// asGroup makes cmd a noun that only holds verbs: alone it shows its help, and a verb it does not have
// is an error of usage with the nearest names.
func asGroup(cmd *cobra.Command) {
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, " or ") + "?"
		}
		return usagef("unknown command %q for %s%s", args[0], cmd.CommandPath(), hint)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// wantArgs checks the number of arguments; names says what they are, such as "FILE".
func wantArgs(least, most int, names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return usagef("%s needs %s (see --help)", cmd.CommandPath(), names)
		}
		if most >= 0 && len(args) > most {
			return usagef("%s does not take %q (see --help)", cmd.CommandPath(), args[most])
		}
		return nil
	}
}
