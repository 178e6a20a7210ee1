package cli

import (
	"context"
	"errors"
	"io"
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
		if words := cmd.Flags().Args(); cmd.HasSubCommands() && len(words) > 0 { // the flag is the misspelt verb's
			return cmd.Args(cmd, words)
		}
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
	out := &written{w: w.Out}
	w.Out = out
	cmd, err := root.ExecuteContextC(ctx)
	nobodyReads := errors.Is(err, syscall.EPIPE) && ExitCode(err) == ExitFailure
	if err != nil && !nobodyReads {
		text := strings.TrimSpace(Clean(err.Error(), true))
		w.Tell("%s: %s", w.called(p.Name), text)
		if !out.any && wantsJSON(cmd, args) {
			err = errors.Join(err, WriteJSON(out, earlyError{Error: text, ExitCode: ExitCode(err)}))
		}
	}
	return ExitCode(err)
}

// earlyError is the JSON document of a command that ended before it had another one.
type earlyError struct {
	Error    string `json:"error"`
	ExitCode int    `json:"exitCode"`
}

// wantsJSON tells whether a command was asked for JSON, also where its flags could not be read to the end.
func wantsJSON(cmd *cobra.Command, args []string) bool {
	f := cmd.Flags().Lookup("output")
	if f == nil {
		return false
	}
	for i, arg := range args {
		if arg == "-ojson" || arg == "-o=json" || arg == "--output=json" || (arg == "-o" || arg == "--output") && i+1 < len(args) && args[i+1] == "json" {
			return true
		}
	}
	return f.Value.String() == string(AsJSON)
}

// written remembers whether anything was written.
type written struct {
	w   io.Writer
	any bool
}

// Write hands on.
func (o *written) Write(p []byte) (int, error) {
	o.any = o.any || len(p) > 0
	return o.w.Write(p)
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
			_, nouns, _ := strings.Cut(cmd.CommandPath()+" ", " ") // without the program
			for i, word := range near {
				near[i] = nouns + word
			}
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
