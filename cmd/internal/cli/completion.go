package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// CompletionCommand is `completion`. also goes on with the sentence on what the script knows besides the program's
// commands and flags, such as " and the names of the tenants.".
func (p Program) CompletionCommand(w *Environment, also string) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the completion script of a shell",
		Long: long("completion prints a script that teaches your shell this program's commands and flags" + also + fmt.Sprintf(`

  bash:        source <(%[1]s completion bash)
  zsh:         %[1]s completion zsh > "${fpath[1]}/_%[1]s"
  fish:        %[1]s completion fish > ~/.config/fish/completions/%[1]s.fish
  powershell:  %[1]s completion powershell | Out-String | Invoke-Expression`, w.called(p.Name))),
		Example:   fmt.Sprintf("  %[1]s completion bash > /etc/bash_completion.d/%[1]s", w.called(p.Name)),
		ValidArgs: Shells(),
		Args:      Args(1, 1, "a shell: bash, zsh, fish or powershell"),
		RunE:      func(cmd *cobra.Command, args []string) error { return WriteCompletion(w.Out, cmd.Root(), args[0]) },
	}
}

// Shells lists the shells that have completion scripts.
func Shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// WriteCompletion writes the completion script of a shell.
func WriteCompletion(out io.Writer, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(out, true)
	case "zsh":
		return root.GenZshCompletion(out)
	case "fish":
		return root.GenFishCompletion(out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(out)
	}
	return Usagef("unknown shell %q: use bash, zsh, fish or powershell", shell)
}
