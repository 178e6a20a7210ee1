package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/admin"
	"sacbridge/internal/config"
)

// demoOptions are the flags of `demo`.
type demoOptions struct{ listen string }

func newDemoCmd(a *app) *cobra.Command {
	opts := &demoOptions{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve an empty directory with one source and a token, to try SCIM out",
		Long: cli.WithCodes(`demo starts a server with a source "demo" and a token, and shows both with three curl commands that create a
user, add it to a group and find both. It needs no configuration. Ctrl-C ends it and leaves nothing behind.`, cli.LocalCodes()),
		Example: "  bridge demo\n  bridge demo --listen 127.0.0.1:8888",
		Args:    cli.Args(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), a, opts) },
	}
	cmd.Flags().StringVar(&opts.listen, "listen", "127.0.0.1:0", "`ADDRESS` to listen on; port 0 takes a free one")
	return cmd
}

// demoConfig is the configuration of the demo. It leaves unknown members out, since published SCIM test suites add
// some that nobody made.
const demoConfig = `version: 1
state: demo.db
bridge:
  listen: %q
  sources: {demo: {switches: {drop_unknown_members: true}}}
`

func runDemo(ctx context.Context, a *app, opts *demoOptions) (err error) {
	dir, err := os.MkdirTemp("", "bridge-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, config.DefaultName)
	if err := os.WriteFile(path, fmt.Appendf(nil, demoConfig, opts.listen), 0o600); err != nil {
		return fmt.Errorf("write the demo's configuration: %w", err)
	}
	c, _, err := config.Load(path)
	if err != nil {
		return cli.Usagef("--listen %q: %w", opts.listen, err)
	}
	s := &settings{file: c, bridge: c.Bridge}
	srv, err := a.newServer(ctx, s, "demo", true, a.serverLogs(false))
	if err != nil {
		return err
	}
	token, err := a.adminService(srv.state, s.sourceNames(), srv.logs.audit).NewToken(ctx, admin.NewTokenRequest{Source: "demo", Name: "demo"})
	if err != nil {
		return errors.Join(err, srv.closeAll())
	}
	if _, err := fmt.Fprint(a.Out, a.AsCalled(demoText(srv.ready().Sources["demo"], token))); err != nil {
		return errors.Join(err, srv.closeAll())
	}
	return srv.serve(ctx)
}

// demoLines create a user, add it to a group and find both. docs/bridge.md shows them too.
func demoLines() []string {
	return []string{
		`ID=$(curl -sSw '\n' "$URL/Users" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/scim+json' -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@example.com","displayName":"Ada Lovelace","name":{"givenName":"Ada","familyName":"Lovelace"},"emails":[{"value":"ada@example.com","type":"work","primary":true}],"active":true}' | tee /dev/stderr | sed 's/.*"id":"\([^"]*\)".*/\1/')`,
		`curl -sSw '\n' "$URL/Groups" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/scim+json' -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Engineers","members":[{"value":"'$ID'"}]}'`,
		`curl -sSw '\n' -G "$URL/" -H "Authorization: Bearer $TOKEN" --data-urlencode 'filter=displayName eq "Ada Lovelace" or displayName eq "Engineers"'`,
	}
}

// demoText is what the demo shows.
func demoText(url, token string) string {
	return "A SCIM 2.0 server is running, with an empty directory that ends with it (Ctrl-C).\n\n" +
		"URL    " + url + "\nTOKEN  " + token + "\n\n" +
		"Paste these lines into another terminal. They create a user, add it to a group and find both:\n\n" +
		"URL=" + url + " TOKEN=" + token + "\n" + strings.Join(demoLines(), "\n") + "\n\n" +
		"Next: bridge config schema, bridge serve, bridge token new.\n"
}
