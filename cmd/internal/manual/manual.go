// Package manual makes the manual pages and completion scripts of a program, which a release brings along. Tests alone
// import it, so that the converter from Markdown that it needs stays out of the programs. It may import cli.
package manual

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"sacbridge/cmd/internal/cli"
)

// Write writes a page for each command below root to the folder man/man1 in dir, dated date, and a script for each shell
// to a folder of its name in completions. It changes the commands' texts.
func Write(dir string, root *cobra.Command, date time.Time) error {
	pages := filepath.Join(dir, "man", "man1")
	if err := os.MkdirAll(pages, 0o750); err != nil {
		return err
	}
	for _, shell := range cli.Shells() {
		if err := writeCompletion(filepath.Join(dir, "completions", shell), root, shell); err != nil {
			return err
		}
	}
	root.InitDefaultHelpCmd()
	root.DisableAutoGenTag = true
	asMarkdown(root)
	date = date.UTC()
	if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "sacbridge", Manual: root.Name(), Date: &date}, pages); err != nil {
		return fmt.Errorf("write the manual pages of %s: %w", root.Name(), err)
	}
	return nil
}

func writeCompletion(dir string, root *cobra.Command, shell string) error {
	name := map[string]string{"bash": "%s", "zsh": "_%s", "fish": "%s.fish", "powershell": "%s.ps1"}[shell]
	if name == "" {
		return fmt.Errorf("no name is known for the script of %s", shell)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	var script bytes.Buffer
	if err := cli.WriteCompletion(&script, root, shell); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fmt.Sprintf(name, root.Name())), script.Bytes(), 0o600)
}

// asMarkdown writes the help of a command and of all below it in the language that the pages are made from.
func asMarkdown(cmd *cobra.Command) {
	cmd.Long = markdown(cmd.Long)
	for _, sub := range cmd.Commands() {
		asMarkdown(sub)
	}
}

// markdown escapes what would be read as markup. Lines that begin with a blank, such as tables, are to stay as they are.
func markdown(text string) string {
	var b strings.Builder
	block := false
	for line := range strings.Lines(text) {
		if table := strings.HasPrefix(line, " "); table != block && line != "\n" {
			block = table
			b.WriteString("\n")
		}
		if block {
			b.WriteString("    " + line)
		} else {
			b.WriteString(markup.Replace(line))
		}
	}
	return b.String()
}

// markup is what Markdown takes for more than text.
var markup = func() *strings.Replacer {
	var pairs []string
	for _, c := range "\\`*_{}[]<>#|" {
		pairs = append(pairs, string(c), `\`+string(c))
	}
	return strings.NewReplacer(pairs...)
}()
