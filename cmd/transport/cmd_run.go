package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/dataset"
	"sacbridge/internal/dataset/script"
	"sacbridge/internal/engine"
	"sacbridge/internal/plan"
)

// runOptions are the flags of `run`.
type runOptions struct {
	number  string
	data    string
	tenants tenantFlags
	planFlags
	limitFlags
	active         plan.ActiveMode
	translateRoles bool
}

// tenantFlags name source and target, from the configuration or from Postman environments.
type tenantFlags struct {
	fromToFlags
	envFlags
}

// envFlags are the Postman environments of source and target.
type envFlags struct{ env, targetEnv string }

func (e *envFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.env, "env", "", "Postman environment `FILE`: of both tenants (Source-… and Target-…), or of the source")
	cmd.Flags().StringVar(&e.targetEnv, "target-env", "", "Postman environment `FILE` of the target")
}

func (e *tenantFlags) add(a *app, cmd *cobra.Command) {
	e.fromToFlags.add(a, cmd)
	e.envFlags.add(cmd)
}

// check refuses a command that names its tenants twice or not at all.
func (e *tenantFlags) check() error {
	byName, byEnv := e.from != "" || e.to != "", e.env != "" || e.targetEnv != ""
	switch {
	case byName && byEnv:
		return cli.Usagef("name the tenants either by --env or by --from and --to, not by both")
	case byEnv && e.env == "":
		return cli.Usagef("--target-env needs --env FILE for the source")
	case !byName && !byEnv:
		return cli.Usagef("say which tenants: --env FILE (Postman), or --from TENANT --to TENANT")
	case byName:
		return e.fromToFlags.check()
	}
	return nil
}

// connect makes the sides that the flags name, without a call.
func (e *tenantFlags) connect(ctx context.Context, a *app, calls *callFlags) (*tenantPair, error) {
	if e.env != "" {
		return a.connectEnv(ctx, e.env, e.targetEnv, calls)
	}
	return a.connect(ctx, e.from, e.to, calls)
}

func newRunCmd(a *app, run func(context.Context, *app, *runOptions) error) *cobra.Command {
	opts := &runOptions{}
	cmd := &cobra.Command{
		Use:   "run NUMBER --data FILE (--env FILE [--target-env FILE] | --from TENANT --to TENANT)",
		Short: "Carry out one of SAP's sample scripts from its data file",
		Long: cli.WithCodes(`run takes the number of one of SAP's SCIM sample scripts, its data file and Postman environment as they are,
and leaves the target in the sample's end state, but with a plan, guards and a journal. The numbers, also
without the leading 1, are

`+scriptList()+`
Data files are CSV (comma, semicolon or tab; UTF-8 or UTF-16) or JSON. Every bad row is reported with its
place before any call. As in the samples, role names travel verbatim; --translate-roles rewrites their
content namespace as copy does.`, cli.PlanCodes()),
		Example: `  transport run 1953 --data x953.csv --env multi-tenant.postman_environment.json --dry-run
  transport run 903 --data people.json --env dev.postman_environment.json --target-env prod.postman_environment.json
  transport run 1953 --data x953.csv --from dev --to prod --yes`,
		Args:      cli.Args(1, 1, "the NUMBER of a sample script, such as 1953"),
		ValidArgs: scriptArgs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.number = args[0]
			return run(cmd.Context(), a, opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.data, "data", "", "data `FILE` (CSV or JSON)")
	opts.tenants.add(a, cmd)
	addTransferFlags(f, &opts.active, &opts.translateRoles, false)
	opts.planFlags.add(f)
	opts.limitFlags.add(f)
	suggestWords(cmd)
	return cmd
}

// scriptList has the scripts that can be run, one a line.
func scriptList() string {
	var b strings.Builder
	for _, s := range script.Supported() {
		fmt.Fprintf(&b, "  %s  %s\n", s.Number, s.Title)
	}
	return b.String()
}

// scriptArgs has them for completion.
func scriptArgs() []string {
	var args []string
	for _, s := range script.Supported() {
		args = append(args, s.Number+"\t"+s.Title)
	}
	return args
}

func runRun(ctx context.Context, a *app, opts *runOptions) error {
	s, err := opts.check(a)
	if err != nil {
		return err
	}
	p, err := opts.tenants.connect(ctx, a, &opts.callFlags)
	if err != nil {
		return err
	}
	options := plan.Options{TranslateRoles: opts.translateRoles, Active: opts.active, Strict: opts.strict}
	if opts.translateRoles {
		options.RoleTable = p.roleTable
	}
	req, err := a.readRequest(s, opts.data, options)
	if err != nil {
		return err
	}
	op := p.operation("run "+s.Number+" --data "+opts.data, &opts.limitFlags)
	op.Request = engine.FixedRequest(req)
	return a.change(ctx, p, op, a.dialog(&opts.planFlags))
}

// check refuses what needs no file to be refused, and finds the script.
func (o *runOptions) check(a *app) (script.Script, error) {
	s, err := script.Lookup(o.number)
	if err != nil {
		return s, cli.Coded(cli.ExitUsage, err)
	}
	if o.data == "" {
		return s, cli.Usagef("run %s needs its data file: --data FILE (SAP calls it %s)", s.Number, s.Data)
	}
	if err := o.tenants.check(); err != nil {
		return s, err
	}
	if err := o.callFlags.check(); err != nil {
		return s, err
	}
	return s, o.approval(a)
}

// readRequest reads the data file of a script. All of its faults come together, with exit code 2.
func (a *app) readRequest(s script.Script, path string, options plan.Options) (plan.Request, error) {
	t, warnings, err := readTable(path)
	a.warn(warnings)
	if err != nil {
		return plan.Request{}, err
	}
	req, warnings, err := s.Request(t, options)
	a.warn(warnings)
	if err != nil {
		return plan.Request{}, cli.Usagef("data file %s is rejected:\n%w", path, err)
	}
	return req, nil
}

// readTable reads a CSV or JSON file.
func readTable(path string) (*dataset.Table, []dataset.Warning, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, cli.Usagef("data file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	t, warnings, err := dataset.Read(f, path, dataset.Limits{})
	if err != nil {
		return nil, warnings, cli.Usagef("data file %s is rejected:\n%w", path, err)
	}
	return t, warnings, nil
}

// warn tells what is odd about a file.
func (a *app) warn(warnings []dataset.Warning) {
	for _, w := range warnings {
		a.Tell("warning: %s", cli.Clean(w.String(), false))
	}
}
