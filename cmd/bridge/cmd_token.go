package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/admin"
)

func newTokenCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke the bearer tokens of sources",
		Long: cli.WithCodes(`token works with the bearer tokens that providers send. Only a hash of each is kept, so a token is shown
once, when it is made.`, cli.LocalCodes()),
	}
	cli.Noun(cmd)
	cmd.AddCommand(newTokenNewCmd(a), newTokenListCmd(a), newTokenRevokeCmd(a))
	return cmd
}

// tokenNewOptions are the flags of `token new`.
type tokenNewOptions struct {
	name    string
	expires lifetime
}

func newTokenNewCmd(a *app) *cobra.Command {
	opts := &tokenNewOptions{}
	cmd := &cobra.Command{
		Use:   "new SOURCE --name NAME",
		Short: "Make a token and print it",
		Long: cli.WithCodes(`token new makes a token for a source and prints it, and nothing else, on stdout. It is shown this once.

Two tokens of one name may be valid at once: make the new one, give it to the provider, revoke the old one.`, stateCodes()),
		Example:           "  bridge token new entra --name entra-prod\n  bridge token new okta --name okta --expires 365d > okta.token",
		Args:              cli.Args(1, 1, "a source"),
		ValidArgsFunction: a.suggestSources,
		RunE:              func(cmd *cobra.Command, args []string) error { return runTokenNew(cmd.Context(), a, args[0], opts) },
	}
	cmd.Flags().StringVar(&opts.name, "name", "", "what the token is called in lists, logs and the history (needed)")
	cmd.Flags().Var(&opts.expires, "expires", "valid for this `TIME`, such as 90d or 12h (default: until revoked)")
	return cmd
}

func runTokenNew(ctx context.Context, a *app, source string, opts *tokenNewOptions) error {
	if err := checkTokenName(opts.name); err != nil {
		return err
	}
	return a.withState(ctx, false, func(ops admin.Operations) error {
		token, err := ops.NewToken(ctx, admin.NewTokenRequest{Source: source, Name: opts.name, TTL: time.Duration(opts.expires)})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.Out, token)
		return err
	})
}

// checkTokenName refuses names that would make logs and lists hard to read.
func checkTokenName(name string) error {
	if name == "" {
		return cli.Usagef("--name is needed: it says which token this is, in lists, logs and the history")
	}
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return cli.Usagef("--name %q: use 64 letters, digits and signs at most, without blanks", name)
	}
	return nil
}

// tokenListOptions are the flags of `token list`.
type tokenListOptions struct{ output cli.Output }

func newTokenListCmd(a *app) *cobra.Command {
	opts := &tokenListOptions{}
	cmd := &cobra.Command{
		Use:               "list [SOURCE]",
		Short:             "List the tokens of a source, or of all",
		Long:              cli.WithCodes("token list shows name, age, expiry and last use of the tokens; the last use is at most a minute behind.", stateCodes()),
		Example:           "  bridge token list\n  bridge token list entra -o json",
		Args:              cli.Args(0, 1, "a source"),
		ValidArgsFunction: a.suggestSources,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTokenList(cmd.Context(), a, strings.Join(args, ""), opts)
		},
	}
	opts.output.Add(cmd.Flags())
	return cmd
}

func runTokenList(ctx context.Context, a *app, source string, opts *tokenListOptions) error {
	return a.withState(ctx, false, func(ops admin.Operations) error {
		all, err := ops.Tokens(ctx, source)
		if err != nil {
			return err
		}
		if opts.output == cli.AsJSON {
			return cli.WriteJSON(a.Out, all)
		}
		rows := make([][]string, len(all))
		for i, t := range all {
			expires := showTime(t.Expires, "never")
			if !t.Valid {
				expires = "expired"
			}
			rows[i] = []string{t.Source, t.Name, t.ID, showTime(t.Created, ""), expires, showTime(t.LastUsed, "never")}
		}
		return cli.Table(a.Out, []string{"SOURCE", "NAME", "ID", "MADE", "EXPIRES", "LAST USED"}, rows)
	})
}

// tokenRevokeOptions are the flags of `token revoke`.
type tokenRevokeOptions struct{ name, id string }

func newTokenRevokeCmd(a *app) *cobra.Command {
	opts := &tokenRevokeOptions{}
	cmd := &cobra.Command{
		Use:   "revoke SOURCE --name NAME [--id ID]",
		Short: "Revoke tokens",
		Long: cli.WithCodes(`token revoke removes all tokens of a name, or with --id the one that token list shows under this id. They are
refused from the next request on.`, stateCodes()),
		Example:           "  bridge token revoke entra --name entra-prod --id 5f3a9c",
		Args:              cli.Args(1, 1, "a source"),
		ValidArgsFunction: a.suggestSources,
		RunE:              func(cmd *cobra.Command, args []string) error { return runTokenRevoke(cmd.Context(), a, args[0], opts) },
	}
	cmd.Flags().StringVar(&opts.name, "name", "", "name of the tokens (needed)")
	cmd.Flags().StringVar(&opts.id, "id", "", "only the token whose `ID` begins so")
	return cmd
}

func runTokenRevoke(ctx context.Context, a *app, source string, opts *tokenRevokeOptions) error {
	if err := checkTokenName(opts.name); err != nil {
		return err
	}
	return a.withState(ctx, true, func(ops admin.Operations) error {
		n, err := ops.RevokeTokens(ctx, admin.RevokeTokensRequest{Source: source, Name: opts.name, ID: opts.id})
		if err != nil {
			return err
		}
		a.Say("revoked %s", cli.Count(n, "token"))
		return nil
	})
}

// lifetime is a flag with a time span that may count in days.
type lifetime time.Duration

// String gives the span as it was typed.
func (l *lifetime) String() string {
	if *l == 0 {
		return ""
	}
	return time.Duration(*l).String()
}

// Set takes a span such as 90d or 12h.
func (l *lifetime) Set(text string) error {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 36500 {
			return fmt.Errorf("%q is no number of days between 1d and 36500d", text)
		}
		*l = lifetime(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is no time span: write it as in 90d or 12h", text)
	}
	*l = lifetime(d)
	return nil
}

// Type names the value in help.
func (*lifetime) Type() string { return "time" }
