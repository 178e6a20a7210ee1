package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
)

func newTenantCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tenant",
		Short: "List the tenants of the configuration, or test them",
		Long:  cli.WithCodes("tenant works with the tenants that the configuration names.", cli.LocalCodes()),
	}
	cli.Noun(cmd)
	cmd.AddCommand(newTenantListCmd(a), newTenantTestCmd(a))
	return cmd
}

// tenantListOptions are the flags of `tenant list`.
type tenantListOptions struct{ output cli.Output }

func newTenantListCmd(a *app) *cobra.Command {
	opts := &tenantListOptions{}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the tenants of the configuration",
		Long:    cli.WithCodes("tenant list shows name, address and settings of each tenant, never a secret. It calls no tenant.", cli.LocalCodes()),
		Example: "  transport tenant list\n  transport tenant list -o json",
		Args:    cli.Args(0, 0, ""),
		RunE:    func(*cobra.Command, []string) error { return runTenantList(a, opts) },
	}
	opts.output.Add(cmd.Flags())
	return cmd
}

// tenantInfo is one tenant in the JSON output of `tenant list`.
type tenantInfo struct {
	Name       string `json:"name"`
	URL        string `json:"url"`
	Platform   string `json:"platform"`
	SSO        string `json:"sso"`
	Namespace  string `json:"namespace,omitempty"`
	API        string `json:"api"`
	Production bool   `json:"production"`
}

func runTenantList(a *app, opts *tenantListOptions) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if s.file == nil {
		return cli.Usagef("there is no configuration: write sacbridge.yaml or give --config FILE")
	}
	list := []tenantInfo{}
	for _, name := range slices.Sorted(maps.Keys(s.file.Tenants)) {
		t := s.file.Tenants[name]
		list = append(list, tenantInfo{
			Name: name, URL: t.URL, Platform: t.Platform, SSO: t.SSO, Namespace: t.Namespace, API: t.API, Production: t.Production,
		})
	}
	if opts.output == cli.AsJSON {
		return cli.WriteJSON(a.Out, list)
	}
	rows := make([][]string, len(list))
	for i, t := range list {
		kind := ""
		if t.Production {
			kind = "production"
		}
		rows[i] = []string{t.Name, t.URL, t.Platform, t.SSO, t.Namespace, t.API, kind}
	}
	return cli.Table(a.Out, []string{"NAME", "URL", "PLATFORM", "SSO", "NAMESPACE", "API", ""}, rows)
}

// tenantTestOptions are the flags of `tenant test`.
type tenantTestOptions struct {
	names  []string
	output cli.Output
}

func newTenantTestCmd(a *app) *cobra.Command {
	opts := &tenantTestOptions{}
	cmd := &cobra.Command{
		Use:   "test NAME...",
		Short: "Test the connection to a tenant and say what is wrong, with its cure",
		Long: cli.WithCodes(`tenant test asks each tenant for a token, a session and a first page, and looks at versions, page and bulk
limits, the namespace setting, the SSO mode, rights and the clock. It writes nothing. Each finding comes
with its cure. The exit code is that of the worst finding: 5 or 6 where the tenant cannot be used at
all, 3 where something else is wrong.`, append(cli.ReadCodes(), cli.ExitPartial)),
		Example: "  transport tenant test dev\n  transport tenant test dev prod -o json",
		Args:    cli.Args(1, -1, "the NAME of a tenant"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.names = args
			return runTenantTest(cmd.Context(), a, opts)
		},
	}
	cmd.ValidArgsFunction = suggest(a.tenantNames)
	opts.output.Add(cmd.Flags())
	return cmd
}
