package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// simFlags are the flags of `transport sim`.
type simFlags struct {
	platform, sso, namespace, name string
	listen, tlsListen, caOut       string
	tls, watchStdin                bool
	client, seed, latency, faults  string
	users, teams                   int
	speed                          float64
}

// newSimCmd runs one simulated tenant until it is stopped.
func newSimCmd(a *app) *cobra.Command {
	var flags simFlags
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run a simulated tenant",
		Long: cli.WithCodes(`sim runs a simulated SAP Analytics Cloud tenant that keeps state, checks requests and can be told to
fail. It answers SCIM v1, v2 and v3 as a tenant does, so other clients can be rehearsed against it too.

When it answers, it prints one line of JSON with its address and OAuth client on stdout, and nothing else.
It stops on SIGTERM or SIGINT, and with --watch-stdin when its standard input ends.`, cli.LocalCodes()),
		Example: "  transport sim --sso email --users 1000 --teams 50\n" +
			"  transport sim --platform neo --latency real --speed 100 --faults faults.json\n" +
			"  transport sim --tls --ca-out ca.pem --client 'me:secret'",
		Args: cli.Args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSim(cmd.Context(), flags) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.platform, "platform", string(service.CF), "platform of the tenant: cf or neo")
	f.StringVar(&flags.sso, "sso", string(service.SSODefault), "SSO mapping: default, userid, email or custom")
	f.StringVar(&flags.namespace, "namespace", "t.A", "content namespace of the tenant")
	f.StringVar(&flags.name, "name", "dev", "name of the tenant")
	f.StringVar(&flags.listen, "listen", "127.0.0.1:0", "`ADDRESS` of plain HTTP; port 0 takes a free one")
	f.BoolVar(&flags.tls, "tls", false, "answer HTTPS too, with a certificate made on the spot")
	f.StringVar(&flags.tlsListen, "tls-listen", "127.0.0.1:0", "`ADDRESS` of HTTPS")
	f.StringVar(&flags.caOut, "ca-out", "", "write the certificate to `FILE` (PEM); needs --tls")
	f.StringVar(&flags.client, "client", "", "OAuth client as `ID:SECRET`, split at the last colon (default: made up)")
	f.StringVar(&flags.seed, "seed", "", "`FILE` with the tenant's people and teams (default: a System Owner alone)")
	f.IntVar(&flags.users, "users", 0, "fill up with people to `N` in all")
	f.IntVar(&flags.teams, "teams", 0, "fill up with teams to `N` in all")
	f.StringVar(&flags.latency, "latency", "none", "latency `PROFILE`: none, real or a file")
	f.Float64Var(&flags.speed, "speed", 1, "divide all modelled waits by `N`")
	f.StringVar(&flags.faults, "faults", "", "`FILE` with fault rules")
	f.BoolVar(&flags.watchStdin, "watch-stdin", false, "stop when standard input ends")
	return cmd
}

// runSim starts the tenant, prints the ready line and waits for the end.
func (a *app) runSim(ctx context.Context, flags simFlags) error {
	opts, err := flags.options()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	run, err := sacsim.Listen(ctx, opts)
	if err != nil {
		if _, ok := errors.AsType[*net.OpError](err); ok {
			return fmt.Errorf("start simulated tenant: %w", err)
		}
		return cli.Usagef("start simulated tenant: %w", err)
	}
	defer run.Close()
	line := json.NewEncoder(a.Out)
	line.SetEscapeHTML(false)
	if err := line.Encode(run.Ready); err != nil { //nolint:gosec // handing the client out is the purpose
		return fmt.Errorf("print the ready line: %w", err)
	}
	if flags.watchStdin {
		// A blocked read can't be called off: this goroutine ends with the input or the process.
		go func() {
			_, _ = io.Copy(io.Discard, a.In)
			stop()
		}()
	}
	return run.Wait()
}

// options checks the flags and reads the files they name.
func (f simFlags) options() (sacsim.ListenOptions, error) {
	opts := sacsim.ListenOptions{Listen: f.listen, TLS: f.tls, TLSListen: f.tlsListen, CAOut: f.caOut}
	opts.Name, opts.Namespace = f.name, f.namespace
	opts.Platform, opts.SSO, opts.Speed = service.Platform(f.platform), service.SSO(f.sso), f.speed
	if err := f.check(); err != nil {
		return opts, err
	}
	if f.client != "" {
		colon := strings.LastIndex(f.client, ":")
		opts.ClientID, opts.ClientSecret = f.client[:colon], f.client[colon+1:]
	}
	var err error
	opts.Seed = service.DefaultSeed()
	if f.seed != "" {
		if opts.Seed, err = parseSimFile("seed", f.seed, service.ParseSeed); err != nil {
			return opts, err
		}
	}
	opts.Seed = opts.Seed.Fill(f.users, f.teams)
	switch f.latency {
	case "none":
	case "real":
		opts.Latency = sacsim.Real()
	default:
		if opts.Latency, err = parseSimFile("latency", f.latency, sacsim.ParseLatency); err != nil {
			return opts, err
		}
	}
	if f.faults != "" {
		opts.Faults, err = parseSimFile("faults", f.faults, sacsim.ParseFaults)
	}
	return opts, err
}

// check refuses what no file has to be read for.
func (f simFlags) check() error {
	if !slices.Contains([]string{"cf", "neo"}, f.platform) {
		return cli.Usagef("--platform %q is neither cf nor neo", f.platform)
	}
	if !slices.Contains([]string{"default", "userid", "email", "custom"}, f.sso) {
		return cli.Usagef("--sso %q is not one of default, userid, email, custom", f.sso)
	}
	if f.client != "" {
		if colon := strings.LastIndex(f.client, ":"); colon < 1 || colon == len(f.client)-1 {
			return cli.Usagef("--client wants ID:SECRET")
		}
	}
	if f.users < 0 || f.teams < 0 {
		return cli.Usagef("--users and --teams may not be negative")
	}
	if f.speed <= 0 {
		return cli.Usagef("--speed %g must be above 0", f.speed)
	}
	if f.caOut != "" && !f.tls {
		return cli.Usagef("--ca-out needs --tls")
	}
	for flag, addr := range map[string]string{"listen": f.listen, "tls-listen": f.tlsListen} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return cli.Usagef("--%s: %w", flag, err)
		}
	}
	return nil
}

// parseSimFile reads the file that a flag of `transport sim` names.
func parseSimFile[T any](flag, name string, parse func(io.Reader) (T, error)) (T, error) {
	file, err := os.Open(name)
	if err != nil {
		return *new(T), cli.Usagef("--%s: %w", flag, err)
	}
	defer file.Close() //nolint:errcheck // only read
	v, err := parse(file)
	if err != nil {
		return v, cli.Usagef("--%s %s: %w", flag, name, err)
	}
	return v, nil
}
