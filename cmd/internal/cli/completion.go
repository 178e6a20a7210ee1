package cli

import (
	"fmt"

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
  powershell:  %[1]s completion powershell | Out-String | Invoke-Expression`, p.Name)),
		Example:   fmt.Sprintf("  %[1]s completion bash > /etc/bash_completion.d/%[1]s", p.Name),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      Args(1, 1, "a shell: bash, zsh, fish or powershell"),
		RunE:      func(cmd *cobra.Command, args []string) error { return writeCompletion(w, cmd.Root(), args[0]) },
	}
}

func writeCompletion(w *Environment, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w.Out, true)
	case "zsh":
		return root.GenZshCompletion(w.Out)
	case "fish":
		return root.GenFishCompletion(w.Out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w.Out)
	}
	return Usagef("unknown shell %q: use bash, zsh, fish or powershell", shell)
}
