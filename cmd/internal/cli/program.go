package cli

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Program is what tells one program from another at the command line.
type Program struct {
	Name string // its own; it may be installed and called under another
}

// Group is a heading of the root command's help, with the commands below it.
type Group struct {
	Title    string
	Commands []*cobra.Command
}

// Root completes a root command that has its texts: streams and shared flags (quiet says what --quiet leaves out),
// errors of usage with code 2, and the commands. The help command stands in the last group.
func (p Program) Root(w *Environment, root *cobra.Command, quiet string, groups ...Group) *cobra.Command {
	Noun(root)
	root.Use, root.SilenceErrors, root.SilenceUsage = w.called(p.Name), true, true
	root.SetIn(w.In)
	root.SetOut(w.Out)
	root.SetErr(w.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return Usagef("%w (see %s --help)", err, cmd.CommandPath())
	})
	w.AddFlags(root.PersistentFlags(), quiet)
	root.CompletionOptions.DisableDefaultCmd = true
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.Title, Title: g.Title})
		root.SetHelpCommandGroupID(g.Title)
		for _, cmd := range g.Commands {
			cmd.GroupID = g.Title
			root.AddCommand(cmd)
		}
	}
	if w.rename = p.renamed(w.Called, root); w.rename != nil {
		renameHelp(root, w.rename)
	}
	return root
}

// Execute runs one command line and gives its exit code. Commands return errors; here they are told.
func (p Program) Execute(ctx context.Context, w *Environment, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	nobodyReads := errors.Is(err, syscall.EPIPE) && ExitCode(err) == ExitFailure
	if err != nil && !nobodyReads {
		w.Tell("%s: %s", w.called(p.Name), strings.TrimSpace(Clean(err.Error(), true)))
	}
	return ExitCode(err)
}

// long is the long help of a command that works on this machine only.
func long(text string) string { return WithCodes(text, LocalCodes()) }

// Noun makes cmd one that only holds verbs: alone it shows its help, and a verb it does not have is an error of
// usage with the nearest names.
func Noun(cmd *cobra.Command) {
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, " or ") + "?"
		}
		return Usagef("unknown command %q for %s%s", args[0], cmd.CommandPath(), hint)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// Args checks the number of arguments; most below 0 means any number. names says what they are, such as "FILE".
func Args(least, most int, names string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return Usagef("%s needs %s (see --help)", cmd.CommandPath(), names)
		}
		if most >= 0 && len(args) > most {
			return Usagef("%s does not take %q (see --help)", cmd.CommandPath(), args[most])
		}
		return nil
	}
}
