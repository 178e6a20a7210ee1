package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// Build says which build a program is; its JSON form is the output of `version -o json`.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Time    string `json:"time,omitempty"`
	Dirty   bool   `json:"dirty,omitempty"` // built from changed files
	Go      string `json:"go"`
}

// These are set by the linker, the last two by releases alone: what the Go tool says of the repository depends on how that
// was checked out.
var version, commit, commitTime string

// ThisBuild asks the build information that the Go tool put into the program.
func ThisBuild() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(info, Build{Version: version, Commit: commit, Time: commitTime})
}

// buildOf puts what the linker was told before what the Go tool says.
func buildOf(info *debug.BuildInfo, told Build) Build {
	b := Build{Version: "(devel)", Go: runtime.Version()}
	switch {
	case told.Version != "":
		b.Version = told.Version
	case info.Main.Version != "":
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Dirty = s.Value == "true"
		}
	}
	if told.Commit != "" {
		b.Commit, b.Time, b.Dirty = told.Commit, told.Time, false
	}
	return b
}

// line is the build in one line for people.
func (b Build) line(program string) string {
	parts := []string{program + " " + b.Version}
	if b.Commit != "" {
		commit := "commit " + b.Commit
		if b.Dirty {
			commit += " (changed)"
		}
		parts = append(parts, commit)
	}
	return strings.Join(append(parts, b.Go), ", ")
}

// VersionCommand is `version`.
func (p Program) VersionCommand(w *Environment) *cobra.Command {
	var output Output
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Show which build this is",
		Long:    long("version shows the program's version, the commit it was built from and the Go release."),
		Example: fmt.Sprintf("  %[1]s version\n  %[1]s version -o json", p.Name),
		Args:    Args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			if output == AsJSON {
				return WriteJSON(w.Out, ThisBuild())
			}
			_, err := fmt.Fprintln(w.Out, ThisBuild().line(w.called(p.Name)))
			return err
		},
	}
	output.Add(cmd.Flags())
	return cmd
}
