package main

import (
	"context"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/engine"
	"sacbridge/internal/messages"
)

// engine gives the engine over a state folder.
func (a *app) engine(s stateFolder) *engine.Engine {
	return engine.New(engine.Deps{
		Program: commandLine().Name, Version: cli.ThisBuild().Version, Leases: s.leaseFile(), Journals: s.journals(),
		Writable: s.writable, Logger: a.logger(), Now: a.Now,
	})
}

// dialog makes the way in which a command talks with whoever gave it.
func (a *app) dialog(flags *planFlags) *show.Dialog {
	return &show.Dialog{
		Env: &a.Environment, Program: commandLine().Name, Surface: messages.Transport, DryRun: flags.dryRun, Yes: flags.yes, Out: flags.out, Reasons: flags.reasons, Output: flags.output,
	}
}

// change is the whole way from checks to result.
func (a *app) change(ctx context.Context, p *tenantPair, op engine.Operation, d *show.Dialog) error {
	d.Attach(&op)
	return d.Finish(a.engine(p.folder).Change(ctx, op))
}
