package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/lmittmann/tint"
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

	ask      bool // there is a person at a terminal who can answer
	progress bool // err is a terminal
	width    int  // of err in characters; 0 where it is no terminal
	colorOut bool // out is a terminal

	globals
}

// globals are the flags of every command.
type globals struct {
	config  string
	ca      string
	quiet   bool
	noColor bool
	verbose bool
}

// newApp gives the app of this process.
func newApp() *app {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	width, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		width = 0
	}
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, now: time.Now, width: width,
		ask:      isTerminal(os.Stdin) && isTerminal(os.Stderr),
		progress: isTerminal(os.Stderr),
		colorOut: isTerminal(os.Stdout),
	}
}

// execute runs one command line and gives its exit code. Commands return errors; here they are told.
func execute(ctx context.Context, a *app, args []string) int {
	root := newRootCmd(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		a.tell("transport: %s", strings.TrimSpace(clean(err.Error(), true)))
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

// paint tells how the streams are coloured.
func (a *app) paint() painter {
	return painter(a.colorOut && !a.noColor && a.env("NO_COLOR") == "")
}

// logger gives the log of --verbose, on stderr; without the flag it says nothing.
func (a *app) logger() *slog.Logger {
	if !a.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(tint.NewTextHandler(a.err, &tint.Options{
		Level: slog.LevelDebug, TimeFormat: time.TimeOnly,
		NoColor: !a.progress || a.noColor || a.env("NO_COLOR") != "",
	}))
}

// The groups of the root command's help.
const (
	groupLook   = "look"
	groupChange = "change"
	groupPlans  = "plans"
	groupTry    = "try"
	groupMore   = "more"
)

// newRootCmd lists every command by hand.
func newRootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "transport",
		Short: "Copy people, teams and role links between SAP Analytics Cloud tenants",
		Long: withCodes(`transport copies people, primary teams and role links between SAP Analytics Cloud tenants
(NEO or Cloud Foundry, in any mix) and carries out SAP's sample scripts from the same data files.

Nothing changes without a plan: every changing command shows what it would do, and asks. Guards are on
from the first run, and every write is journaled, so that an interrupted run can be resumed.`, localCodes()),
		Example:       "  transport demo\n  transport copy teams --from dev --to prod --team Finance --dry-run",
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
		&cobra.Group{ID: groupLook, Title: "LOOK"}, &cobra.Group{ID: groupChange, Title: "CHANGE"},
		&cobra.Group{ID: groupPlans, Title: "PLANS"}, &cobra.Group{ID: groupTry, Title: "TRY"},
		&cobra.Group{ID: groupMore, Title: "MORE"},
	)
	root.SetHelpCommandGroupID(groupMore)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		inGroup(groupLook, newTenantCmd(a)), inGroup(groupLook, newDoctorCmd(a)),
		inGroup(groupChange, newCopyCmd(a)), inGroup(groupChange, newRunCmd(a, runRun)),
		inGroup(groupPlans, newPlanCmd(a)), inGroup(groupPlans, newApplyCmd(a)), inGroup(groupPlans, newRunsCmd(a)),
		inGroup(groupTry, newDemoCmd(a)), inGroup(groupTry, newSimCmd(a)),
		inGroup(groupMore, newConfigCmd(a)), inGroup(groupMore, newCompletionCmd(a)), inGroup(groupMore, newVersionCmd(a)),
	)
	return root
}

// addGlobals binds the flags of every command.
func (a *app) addGlobals(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&a.config, "config", "", "configuration `FILE` (default $SACBRIDGE_CONFIG, then ./sacbridge.yaml)")
	f.StringVar(&a.ca, "ca", "", "trust the certificate authorities in `FILE` (PEM) besides the system's")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no hints on stderr")
	f.BoolVar(&a.noColor, "no-color", false, "no colours (as NO_COLOR in the environment)")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log what is done on stderr")
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
