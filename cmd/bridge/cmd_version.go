package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// versionInfo says which build this is; its JSON form is the output of `version -o json` and of /version.
type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Time    string `json:"time,omitempty"`
	Dirty   bool   `json:"dirty,omitempty"` // built from changed files
	Go      string `json:"go"`
}

// readVersion asks the build information that the Go tool put into the program.
func readVersion() versionInfo {
	v := versionInfo{Version: "(devel)", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Dirty = s.Value == "true"
		}
	}
	return v
}

// versionOptions are the flags of `version`.
type versionOptions struct{ output outputFlag }

func newVersionCmd(a *app) *cobra.Command {
	opts := &versionOptions{output: asTable}
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Show which build this is",
		Long:    withCodes("version shows the program's version, the commit it was built from and the Go release.", localCodes()),
		Example: "  bridge version\n  bridge version -o json",
		Args:    wantArgs(0, 0, ""),
		RunE:    func(*cobra.Command, []string) error { return runVersion(a, opts) },
	}
	cmd.Flags().VarP(&opts.output, "output", "o", "table or json")
	return cmd
}

func runVersion(a *app, opts *versionOptions) error {
	v := readVersion()
	if opts.output == asJSON {
		return writeJSON(a.out, v)
	}
	parts := []string{"bridge " + v.Version}
	if v.Commit != "" {
		commit := v.Commit
		if v.Dirty {
			commit += " (changed)"
		}
		parts = append(parts, "commit "+commit)
	}
	_, err := fmt.Fprintln(a.out, strings.Join(append(parts, v.Go), ", "))
	return err
}
