package show

import (
	"context"
	"errors"
	"fmt"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// Dialog is how a changing command talks with whoever gave it: it shows the plan, asks, tells progress, and says what
// became of it. It is used for one work.
type Dialog struct {
	Env     *cli.Environment
	Program string // for hints, such as "transport"
	Surface messages.Surface

	DryRun   bool   // show the plan and write nothing
	Yes      bool   // apply without asking
	Approved bool   // by a plan file: there is no need to ask where nobody can answer
	Out      string // the file that the plan is written to; "" = none
	From     string // the file that the plan came from; "" = none
	Reasons  bool
	Output   cli.Output
	NoList   bool // the journal is thrown away in the end

	planFile string
}

// PlanOnly says that the plan is the whole purpose: nothing is to be applied by this command.
func (d *Dialog) PlanOnly() bool {
	return d.DryRun || !d.Approved && d.Out != "" && !d.Yes && !d.Env.Ask
}

// asks says whether a person will be asked.
func (d *Dialog) asks() bool { return d.Env.Ask && !d.Yes && !d.PlanOnly() }

// Attach has an operation talk through the dialog.
func (d *Dialog) Attach(op *engine.Operation) {
	op.PlanOnly, op.Observer, op.Planned = d.PlanOnly(), NewMeter(d.Env), d.planned
	d.planFile = d.From
	if d.asks() {
		op.Approve = func(ctx context.Context, p *plan.Plan) error { return Approve(ctx, d.Env, p, op.To.Production) }
	}
}

// planned writes the plan to its file and shows it: on stdout, or on stderr where stdout is for JSON and someone will
// be asked.
func (d *Dialog) planned(rep *engine.Report) error {
	switch d.Out {
	case "":
	case stdout:
		if err := plan.Encode(d.Env.Out, rep.Plan); err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
	default:
		if err := WritePlanFile(d.Out, rep.Plan); err != nil {
			return err
		}
		d.planFile = d.Out
	}
	view := Plan{Plan: rep.Plan, Reads: rep.ReadCalls, Time: rep.ApplyTime, More: "-o json", Reasons: d.Reasons, Surface: d.Surface, Paint: d.Env.Paint()}
	if d.planFile != "" {
		view.More = d.planFile
	}
	if d.Output != cli.AsJSON && d.Out != stdout {
		return view.Write(d.Env.Out)
	}
	if d.asks() || d.Out == stdout {
		view.Paint = false
		return view.Write(d.Env.Err)
	}
	return nil
}

// Finish says what became of the work, and gives its error in words.
func (d *Dialog) Finish(rep *engine.Report, err error) error {
	defer d.Env.Interrupts.RunEnded()
	err = d.result(rep, err)
	_, told := errors.AsType[*engine.InterruptedError](err)
	switch {
	case errors.Is(err, apply.ErrFinished):
		d.Env.Say("Run %s is finished: there is nothing to resume.", rep.RunID)
		err = nil
	case err != nil && !told && rep.Result != nil && rep.Result.Interrupted:
		d.Env.Say("Go on with: %s runs resume %s", d.Program, rep.RunID)
	case err == nil && rep.Plan != nil && !rep.Plan.Empty() && d.PlanOnly() && d.Out != "" && d.Out != stdout:
		d.Env.Say("Nothing was written. To do exactly this: %s apply %s", d.Program, d.Out)
	}
	err = d.describe(err)
	if d.Output != cli.AsJSON || rep.Plan == nil {
		return err
	}
	doc := newReport(rep, d.Surface, d.planFile, err)
	if werr := doc.Write(d.Env.Out); werr != nil && err == nil {
		return werr
	}
	return err
}

// result shows the result to people.
func (d *Dialog) result(rep *engine.Report, err error) error {
	if rep.Result == nil || d.Output == cli.AsJSON {
		return err
	}
	view := Result{Result: rep.Result, Program: d.Program, Surface: d.Surface, NoList: d.NoList, Paint: d.Env.Paint()}
	return errors.Join(err, view.Write(d.Env.Out))
}
