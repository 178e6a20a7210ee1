package cli

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

var calledForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// CalledAs gives the name by which a program was started, from the first of its arguments: it may be installed under
// another than its own. It gives "" where that is no name that could be typed again.
func CalledAs(argument string) string {
	name := filepath.Base(argument)
	if cut, ok := strings.CutSuffix(strings.ToLower(name), ".exe"); ok {
		name = name[:len(cut)]
	}
	if !calledForm.MatchString(name) {
		return ""
	}
	return name
}

// renamed gives the function that puts the name by which the program was called in the place of its own, wherever a
// text shows a command line; nil where the names are the same.
func (p Program) renamed(called string, root *cobra.Command) func(string) string {
	if called == "" || called == p.Name {
		return nil
	}
	verbs := []string{"help"}
	for _, cmd := range root.Commands() {
		verbs = append(verbs, regexp.QuoteMeta(cmd.Name()))
	}
	own := regexp.QuoteMeta(p.Name)
	lines := regexp.MustCompile(`(^|[^A-Za-z0-9_./-])` + own + `( (?:(?:` + strings.Join(verbs, "|") + `)\b|--?[a-z]|\[command\]))`)
	begin := regexp.MustCompile(`^` + own + ` `)
	return func(text string) string {
		return begin.ReplaceAllLiteralString(lines.ReplaceAllString(text, "${1}"+strings.ReplaceAll(called, "$", "$$")+"${2}"), called+" ")
	}
}

// renameHelp changes the help of a command and of all below it.
func renameHelp(cmd *cobra.Command, rename func(string) string) {
	cmd.Short, cmd.Long, cmd.Example = rename(cmd.Short), rename(cmd.Long), rename(cmd.Example)
	for _, sub := range cmd.Commands() {
		renameHelp(sub, rename)
	}
}
