package main

import (
	"github.com/spf13/cobra"
)

func newCompletionCmd(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the completion script of a shell",
		Long: withCodes(`completion prints a script that teaches your shell this program's commands and flags, and the names of the
sources in the configuration.

  bash:        source <(bridge completion bash)
  zsh:         bridge completion zsh > "${fpath[1]}/_bridge"
  fish:        bridge completion fish > ~/.config/fish/completions/bridge.fish
  powershell:  bridge completion powershell | Out-String | Invoke-Expression`, localCodes()),
		Example:   "  bridge completion bash > /etc/bash_completion.d/bridge",
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

// suggestSources completes the first argument by the sources of the configuration. A configuration that
// cannot be read suggests nothing: a completion has no place to complain.
func (a *app) suggestSources(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	s, err := a.settings()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return s.sourceNames(), cobra.ShellCompDirectiveNoFileComp
}
