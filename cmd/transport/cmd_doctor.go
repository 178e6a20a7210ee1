package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/sac"
	"sacbridge/internal/tenants"
	"sacbridge/internal/upstream"
)

// finding is one thing looked at, in the JSON output of `tenant test` and `doctor`.
type finding struct {
	Tenant string    `json:"tenant,omitempty"` // empty: this machine
	Step   string    `json:"step"`
	Level  sac.Level `json:"level"` // ok, warn or fail
	Text   string    `json:"text"`
	Cure   string    `json:"cure,omitempty"`

	code int // the exit code of a failure; 0 where it has none of its own
}

// writeFindings shows findings and gives the error of the worst one.
func writeFindings(a *app, found []finding, output cli.Output) error {
	err := worst(found)
	if output == cli.AsJSON {
		if werr := cli.WriteJSON(a.Out, found); werr != nil {
			return werr
		}
		return err
	}
	l := &cli.Lines{W: a.Out}
	at := "\x00"
	for _, f := range found {
		if f.Tenant != at {
			at = f.Tenant
			name := "this machine"
			if at != "" {
				name = "tenant " + at
			}
			l.Line("%s", a.Paint().In(cli.Bold, name))
		}
		colour := map[sac.Level]string{sac.OK: cli.Green, sac.Warn: cli.Yellow, sac.Fail: cli.Red}[f.Level]
		l.Line("  %s %s %s", a.Paint().In(colour, cli.Pad(string(f.Level), 4)), cli.Pad(f.Step, 13), cli.Clean(f.Text, false))
		if f.Cure != "" && f.Level != sac.OK {
			l.Line("       %s cure: %s", cli.Pad("", 13), cli.Clean(f.Cure, false))
		}
	}
	if l.Err != nil {
		return l.Err
	}
	return err
}

// worst gives the error of the first failure with an exit code of its own, else of the first failure.
func worst(found []finding) error {
	var first error
	for _, f := range found {
		if f.Level != sac.Fail {
			continue
		}
		name := f.Tenant
		if name == "" {
			name = "this machine"
		}
		if f.code != 0 {
			return cli.Codef(f.code, "%s: %s: %s", name, f.Step, f.Text)
		}
		if first == nil {
			first = cli.Codef(cli.ExitPartial, "%s: %s: %s", name, f.Step, f.Text)
		}
	}
	return first
}

// testTenant walks the way to one tenant. Where it ends at once, a small reading tells whether it is the
// credentials or the way itself.
func (a *app) testTenant(ctx context.Context, t *tenants.Tenant) ([]finding, error) {
	var found []finding
	for i, f := range t.Conn.Check(ctx, a.Now) {
		one := finding{Tenant: t.Conn.Tenant().Name, Step: f.Step, Level: f.Level, Text: f.Text, Cure: f.Cure}
		if i == 0 && f.Level == sac.Fail {
			_, err := upstream.Load(ctx, t.Conn, identity.Scope{UserIDs: []string{"NOBODY"}})
			if one.code = cli.ExitCode(err); one.code == cli.ExitOK {
				one.code = cli.ExitFailure
			}
		}
		found = append(found, one)
	}
	return found, ctx.Err()
}

func runTenantTest(ctx context.Context, a *app, opts *tenantTestOptions) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	var all []*tenants.Tenant
	for _, name := range opts.names {
		one, err := a.namedTenant(s, name, 0)
		if err != nil {
			return cli.Coded(cli.ExitUsage, err)
		}
		if err := one.Credentials(); err != nil {
			return cli.Usagef("tenant %q: %w", name, err)
		}
		all = append(all, one)
	}
	found := []finding{}
	for _, one := range all {
		more, err := a.testTenant(ctx, one)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	return writeFindings(a, found, opts.output)
}

// doctorOptions are the flags of `doctor`.
type doctorOptions struct{ output cli.Output }

func newDoctorCmd(a *app) *cobra.Command {
	opts := &doctorOptions{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at everything a run needs, and say what is wrong, with its cure",
		Long: cli.WithCodes(`doctor looks at the configuration, the secrets, the state folder, the leases and runs that were left
interrupted, and tests every tenant of the configuration as tenant test does. It writes nothing to a
tenant. The exit code is that of the worst finding: 2 for what is wrong on this machine, 5 or 6 where the
way to a tenant ends, 3 for anything else.`, append(cli.ReadCodes(), cli.ExitPartial)),
		Example: "  transport doctor\n  transport doctor --config prod.yaml -o json",
		Args:    cli.Args(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), a, opts) },
	}
	opts.output.Add(cmd.Flags())
	return cmd
}

func runDoctor(ctx context.Context, a *app, opts *doctorOptions) error {
	s, err := a.settings()
	if err != nil {
		return writeFindings(a, []finding{machineFault("configuration", err, "correct the file; transport config schema helps editors to")}, opts.output)
	}
	if s.file == nil {
		err := fmt.Errorf("there is no configuration")
		return writeFindings(a, []finding{machineFault("configuration", err, "write sacbridge.yaml, or name one by --config FILE or SACBRIDGE_CONFIG")}, opts.output)
	}
	found := []finding{{Step: "configuration", Level: sac.OK, Text: s.file.Path()}}
	found = append(found, a.checkState(ctx, s.place)...)
	for _, name := range slices.Sorted(maps.Keys(s.file.Tenants)) {
		more, err := a.examine(ctx, s, name)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	return writeFindings(a, found, opts.output)
}

// examine looks at one tenant: settings, secrets, lease and the way to it.
func (a *app) examine(ctx context.Context, s *settings, name string) ([]finding, error) {
	fail := func(step string, err error, cure string) []finding {
		f := machineFault(step, err, cure)
		f.Tenant = name
		return []finding{f}
	}
	one, err := a.namedTenant(s, name, 0)
	if err != nil {
		return fail("settings", err, "correct the tenant's settings"), nil
	}
	if err := one.Credentials(); err != nil {
		return fail("secrets", err, "set the variable or write the file"), nil
	}
	found := []finding{{Tenant: name, Step: "secrets", Level: sac.OK, Text: "found"}}
	if err := a.engine(s.place).CheckFree(ctx, one.Conn.Tenant().URL); err != nil {
		found = append(found, finding{Tenant: name, Step: "lease", Level: sac.Warn, Text: err.Error(), Cure: "wait until that run has ended"})
	}
	more, err := a.testTenant(ctx, one)
	return append(found, more...), err
}

// machineFault is a failure on this machine.
func machineFault(step string, err error, cure string) finding {
	return finding{Step: step, Level: sac.Fail, Text: err.Error(), Cure: cure, code: cli.ExitUsage}
}

// checkState looks at the state folder and at runs that were left behind. A folder that is not there yet
// is made by the first run, so only its parents count.
func (a *app) checkState(ctx context.Context, place stateFolder) []finding {
	var found []finding
	if _, err := os.Stat(place.runs); err == nil {
		if err := place.writable(); err != nil {
			return append(found, machineFault("state", err, "give this account the right to write there, or free some space"))
		}
		found = append(found, finding{Step: "state", Level: sac.OK, Text: place.runs})
	} else {
		found = append(found, finding{Step: "state", Level: sac.OK, Text: place.runs + " is made by the first run"})
	}
	runs, err := a.engine(place).Runs(ctx)
	if err != nil {
		return append(found, machineFault("runs", err, "look at the state folder"))
	}
	for _, r := range runs {
		if r.Status == engine.RunInterrupted {
			found = append(found, finding{
				Step: "runs", Level: sac.Warn, Text: fmt.Sprintf("run %s (%s) was left interrupted", r.ID, r.Command),
				Cure: "transport runs resume " + r.ID,
			})
		}
	}
	return found
}
