package main

import (
	"github.com/spf13/cobra"
)

func newCompletionCmd(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the completion script of a shell",
		Long: withCodes(`completion prints a script that teaches your shell this program's commands and flags, the names of the
tenants in the configuration and the IDs of earlier runs.

  bash:        source <(transport completion bash)
  zsh:         transport completion zsh > "${fpath[1]}/_transport"
  fish:        transport completion fish > ~/.config/fish/completions/transport.fish
  powershell:  transport completion powershell | Out-String | Invoke-Expression`, localCodes()),
		Example:   "  transport completion bash > /etc/bash_completion.d/transport",
		ValidArgs: shells,
		Args:      wantArgs(1, 1, "a shell: bash, zsh, fish or powershell"),
		RunE:      func(cmd *cobra.Command, args []string) error { return runCompletion(a, cmd.Root(), args[0]) },
	}
}

func runCompletion(a *app, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(a.out, true)
	case "zsh":
		return root.GenZshCompletion(a.out)
	case "fish":
		return root.GenFishCompletion(a.out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(a.out)
	}
	return usagef("unknown shell %q: use bash, zsh, fish or powershell", shell)
}

// complete is a function that suggests words.
type complete = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// suggest makes a completion from a list that is read when the shell asks. A list that cannot be read
// suggests nothing: a completion has no place to complain.
func suggest(list func() ([]string, error)) complete {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		words, err := list()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// suggestFlag gives a flag of cmd its completion. It fails only for a flag that cmd lacks, and then the
// flag simply has no suggestions.
func suggestFlag(cmd *cobra.Command, name string, list func() ([]string, error)) {
	_ = cmd.RegisterFlagCompletionFunc(name, suggest(list))
}
