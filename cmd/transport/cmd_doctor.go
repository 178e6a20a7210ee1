package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/engine"
	"sacbridge/internal/messages"
	"sacbridge/internal/tenants"
)

// writeCheckResults shows the results and gives the error of the worst one.
func writeCheckResults(a *app, found []show.CheckResult, output cli.Output) error {
	return errors.Join(show.CheckResults(&a.Environment, found, output), show.Worst(found))
}

// testTenant walks the way to one tenant. Where it ends at once, a small reading tells whether it is the
// credentials or the way itself.
func (a *app) testTenant(ctx context.Context, t *tenants.Tenant) ([]show.CheckResult, error) {
	var found []show.CheckResult
	for i, f := range t.Conn.Check(ctx, a.Now) {
		one := show.CheckResult{Tenant: t.Conn.Tenant().Name, Step: f.Step, Level: show.Level(f.Level), Text: f.Text, Cure: f.Cure}
		if i == 0 && one.Level == show.Fail {
			err := t.Endpoint().CheckAccess(ctx)
			if one.Code = cli.ExitCode(err); one.Code == cli.ExitOK {
				one.Code = cli.ExitFailure
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
		one, err := a.namedTenant(ctx, s, name, &callFlags{})
		if err != nil {
			return cli.Coded(cli.ExitUsage, err)
		}
		if err := one.Credentials(); err != nil {
			return cli.Usagef("tenant %q: %w", name, err)
		}
		all = append(all, one)
	}
	found := []show.CheckResult{}
	for _, one := range all {
		more, err := a.testTenant(ctx, one)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	return writeCheckResults(a, found, opts.output)
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
tenant. The exit code is that of the worst finding: 2 for what is wrong on this machine, 5 or 6 where a
tenant cannot be used at all, 3 for anything else.`, append(cli.ReadCodes(), cli.ExitPartial)),
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
		return writeCheckResults(a, []show.CheckResult{machineFault("configuration", err, "correct the file; transport config schema helps editors to")}, opts.output)
	}
	if s.file == nil {
		err := fmt.Errorf("there is no configuration")
		return writeCheckResults(a, []show.CheckResult{machineFault("configuration", err, "write sacbridge.yaml, or name one by --config FILE or SACBRIDGE_CONFIG")}, opts.output)
	}
	found := []show.CheckResult{{Step: "configuration", Level: show.OK, Text: s.file.Path()}}
	found = append(found, a.checkState(ctx, s.folder)...)
	more, err := a.examineAll(ctx, s)
	if err != nil {
		return err
	}
	return writeCheckResults(a, append(found, more...), opts.output)
}

// examineAll looks at every tenant of the configuration.
func (a *app) examineAll(ctx context.Context, s *settings) ([]show.CheckResult, error) {
	found := []show.CheckResult{}
	for _, name := range slices.Sorted(maps.Keys(s.file.Tenants)) {
		more, err := a.examine(ctx, s, name)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// examine looks at one tenant: settings, secrets, lease and the way to it.
func (a *app) examine(ctx context.Context, s *settings, name string) ([]show.CheckResult, error) {
	fail := func(step string, err error, cure string) []show.CheckResult {
		f := machineFault(step, err, cure)
		f.Tenant = name
		return []show.CheckResult{f}
	}
	one, err := a.namedTenant(ctx, s, name, &callFlags{})
	if err != nil {
		return fail("settings", err, "correct the tenant's settings"), nil
	}
	if err := one.Credentials(); err != nil {
		return fail("secrets", err, "set the variable or write the file"), nil
	}
	found := []show.CheckResult{{Tenant: name, Step: "secrets", Level: show.OK, Text: "found"}}
	if err := a.engine(s.folder).CheckFree(ctx, one.Conn.Tenant().URL); err != nil {
		found = append(found, show.CheckResult{Tenant: name, Step: "lease", Level: show.Warn, Text: err.Error(), Cure: leaseCure(err)})
	}
	more, err := a.testTenant(ctx, one)
	if err != nil {
		return nil, err
	}
	found = append(found, more...)
	if show.Worst(more) != nil {
		return found, nil // nothing can be looked for, or what is found may not be this tenant's
	}
	return append(found, protectedIn(ctx, s, name, one)...), ctx.Err()
}

// protectedIn looks in a tenant for what the configuration protects.
func protectedIn(ctx context.Context, s *settings, name string, t *tenants.Tenant) []show.CheckResult {
	protect := tenants.Rules(s.file).Protect
	unknown, err := engine.UnknownProtected(ctx, t.Endpoint(), protect)
	if err != nil {
		return []show.CheckResult{{Tenant: name, Step: "protected", Level: show.Warn, Text: err.Error(), Cure: "try again"}}
	}
	var found []show.CheckResult
	for _, f := range unknown {
		words := messages.OfFinding(f, messages.Transport)
		found = append(found, show.CheckResult{
			Tenant: name, Step: "protected", Level: show.Warn, Text: string(f.Entity) + " " + f.Key + ": " + words.Cause, Cure: words.Cure,
		})
	}
	if count := len(protect.Users) + len(protect.Teams) + len(protect.Roles); len(found) == 0 && count > 0 {
		found = append(found, show.CheckResult{Tenant: name, Step: "protected", Level: show.OK, Text: cli.Count(count, "name") + " found"})
	}
	return found
}

// leaseCure says what to do about a tenant that somebody holds.
func leaseCure(err error) string {
	if runID, gone := engine.AbandonedRun(err); gone {
		return "its process is gone: transport runs resume " + runID + " goes on at once, others wait a minute at most"
	}
	return "wait until that run has ended"
}

// machineFault is a failure on this machine.
func machineFault(step string, err error, cure string) show.CheckResult {
	return show.CheckResult{Step: step, Level: show.Fail, Text: err.Error(), Cure: cure, Code: cli.ExitUsage}
}

// checkState looks at the state folder and at runs that were left behind. A folder that is not there yet
// is made by the first run, so only its parents count.
func (a *app) checkState(ctx context.Context, folder stateFolder) []show.CheckResult {
	var found []show.CheckResult
	if _, err := os.Stat(folder.runs); err == nil {
		if err := folder.writable(); err != nil {
			return append(found, machineFault("state", err, "give this account the right to write there, or free some space"))
		}
		found = append(found, show.CheckResult{Step: "state", Level: show.OK, Text: folder.runs})
	} else {
		found = append(found, show.CheckResult{Step: "state", Level: show.OK, Text: folder.runs + " is made by the first run"})
	}
	runs, err := a.engine(folder).Runs(ctx)
	if err != nil {
		return append(found, machineFault("runs", err, "look at the state folder"))
	}
	for _, r := range runs {
		if r.Status == engine.RunInterrupted {
			found = append(found, show.CheckResult{
				Step: "runs", Level: show.Warn, Text: fmt.Sprintf("run %s (%s) was left interrupted", r.ID, r.Command),
				Cure: "transport runs resume " + r.ID,
			})
		}
		if r.Status == engine.RunUnreadable {
			found = append(found, show.CheckResult{
				Step: "runs", Level: show.Warn, Text: fmt.Sprintf("the journal of run %s cannot be read: %s", r.ID, r.Cause),
				Cure: "what that run did can be neither shown nor resumed: look at the tenant, make a new plan, which does what is left, and move the file away from " + folder.runs,
			})
		}
	}
	return found
}
