package show

import (
	"errors"
	"fmt"
	"slices"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/engine"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// describedError is an error of the engine in the words of the command line. Its exit code is that of the error below.
type describedError struct {
	text string
	err  error
}

// Error gives the words.
func (e *describedError) Error() string { return e.text }

// Unwrap gives the error below.
func (e *describedError) Unwrap() error { return e.err }

// describe puts what the engine found into words, with the command that goes on.
func (d *Dialog) describe(err error) error {
	if text := d.words(err); text != "" {
		return &describedError{text, err}
	}
	return err
}

// words gives "" for an error that speaks for itself.
func (d *Dialog) words(err error) string {
	if e, ok := errors.AsType[*engine.GuardsExceededError](err); ok {
		return fmt.Sprintf("held by a guard: %s: %s; nothing was written", e.Guards[0].Guard, messages.OfExceededGuard(e.Guards[0], d.Surface).Line())
	}
	if e, ok := errors.AsType[*engine.ConflictsError](err); ok {
		return d.conflictWords(e)
	}
	if e, ok := errors.AsType[*engine.MissingTeamError](err); ok {
		return e.Error() + "; nothing was written"
	}
	if runID, gone := engine.AbandonedRun(err); gone {
		return fmt.Sprintf("%s; that process is gone: %s runs resume %s goes on at once, others wait a minute at most", err.Error(), d.Program, runID)
	}
	if e, ok := errors.AsType[*engine.NobodySelectedError](err); ok {
		return e.Error() + "; nothing was written: correct it, or add --allow-empty if that is right"
	}
	if e, ok := errors.AsType[*engine.UnknownNameError](err); ok {
		return e.Error() + "; nothing was written: correct the name, or add --allow-empty if it may be missing"
	}
	if e, ok := errors.AsType[*engine.StaleError](err); ok {
		return fmt.Sprintf("the plan is stale, nothing was written: %s; make it again", cli.Some(staleNames(e.Stale), 10))
	}
	if e, ok := errors.AsType[*engine.LeaseLostError](err); ok {
		return e.Error() + "; nothing was written: make the plan again"
	}
	if e, ok := errors.AsType[*engine.ProtectedError](err); ok {
		return fmt.Sprintf("the plan changes what is protected now: %s; nothing was written: make a new plan", cli.Some(d.findingNames(e.Hits), 3))
	}
	if e, ok := errors.AsType[*engine.InterruptedError](err); ok {
		return fmt.Sprintf("interrupted; go on with: %s runs resume %s", d.Program, e.RunID)
	}
	if e, ok := errors.AsType[*engine.PartialError](err); ok {
		return d.partialWords(e)
	}
	return ""
}

func (d *Dialog) conflictWords(e *engine.ConflictsError) string {
	why := "nothing is left to do but"
	if e.Strict {
		why = "--strict and"
	}
	return fmt.Sprintf("%s %s: %s; nothing was written", why, cli.Count(len(e.Conflicts), "conflict"), cli.Some(d.conflictNames(e.Conflicts), 3))
}

func (d *Dialog) partialWords(e *engine.PartialError) string {
	if e.Failed > 0 {
		text := fmt.Sprintf("done in part: %d of %d failed; ", e.Failed, e.Of)
		if e.Replan {
			return text + "to try these once more does not help: make a new plan by the command that began the run"
		}
		text += fmt.Sprintf("to try these once more: %s runs resume %s", d.Program, e.RunID)
		if e.Resumed {
			text += "; where that does not help, make a new plan by the command that began the run"
		}
		return text
	}
	return fmt.Sprintf("done in part: %s left out (%s)", cli.Count(len(e.Conflicts), "conflict"), cli.Some(d.conflictNames(e.Conflicts), 3))
}

// conflictNames names what conflicts are about, each once.
func (d *Dialog) conflictNames(conflicts []plan.Finding) []string {
	var names []string
	for _, c := range conflicts {
		if name := messages.OfFinding(c, d.Surface).Title + " " + c.Key; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func staleNames(stale []plan.Stale) []string {
	names := make([]string, len(stale))
	for i, s := range stale {
		names[i] = fmt.Sprintf("%s %s %s (%s)", s.Side, s.Entity, s.Key, s.What)
	}
	return names
}

func (d *Dialog) findingNames(hits []plan.Finding) []string {
	names := make([]string, len(hits))
	for i, h := range hits {
		names[i] = fmt.Sprintf("%s %s (%s)", h.Entity, h.Key, messages.OfFinding(h, d.Surface).Cause)
	}
	return names
}
