package engine

import (
	"fmt"
	"slices"
	"strings"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// GuardsExceededError says which guards a plan exceeds; nothing was written.
type GuardsExceededError struct{ Guards []plan.ExceededGuard }

// Error names the first guard.
func (e *GuardsExceededError) Error() string { return "over the guard " + e.Guards[0].Guard }

// ConflictsError says that only a person can answer what is left, or that a strict plan has conflicts; nothing was
// written.
type ConflictsError struct {
	Conflicts []plan.Finding
	Strict    bool // there are changes, but the plan is strict
}

// Error counts the conflicts.
func (e *ConflictsError) Error() string {
	return fmt.Sprintf("conflicts need an answer: %d", len(e.Conflicts))
}

// PartialError says that a run has ended, but not all that was asked for is done.
type PartialError struct {
	RunID     string
	Failed    int // entities that failed or are not complete; resuming the run tries them once more
	Of        int
	Conflicts []plan.Finding // of the plan, which leaves them out
	Resumed   bool           // this was not the first try
	Replan    bool           // no try can help: what failed is not as it was when the plan was made, or is ignored by the tenant
}

// Error counts what is missing.
func (e *PartialError) Error() string {
	return fmt.Sprintf("done in part: %d of %d failed, %d conflicts left out", e.Failed, e.Of, len(e.Conflicts))
}

// InterruptedError says that a run ended before its plan did; it can be resumed.
type InterruptedError struct{ RunID string }

// Error says so.
func (e *InterruptedError) Error() string { return "run " + e.RunID + " is interrupted" }

// StaleError says that a plan no longer holds, and what is not as it was when it was made; nothing was written.
type StaleError struct{ Stale []plan.Stale }

// Error names the first entity that changed.
func (e *StaleError) Error() string {
	s := e.Stale[0]
	return fmt.Sprintf("the plan is stale: %s %s %s (%s), one of %d", s.Side, s.Entity, s.Key, s.What, len(e.Stale))
}

// LeaseLostError says that somebody else has had the target's lease since the plan was begun; nothing was written.
type LeaseLostError struct{ Err error }

// Error gives the cause.
func (e *LeaseLostError) Error() string {
	return "somebody else may have written to the tenant since the plan was begun: " + e.Err.Error()
}

// Unwrap gives the error below.
func (e *LeaseLostError) Unwrap() error { return e.Err }

// ProtectedError says what a plan changes although it is protected by now; nothing was written.
type ProtectedError struct{ Hits []plan.Finding }

// Error names the first of them.
func (e *ProtectedError) Error() string {
	h := e.Hits[0]
	return fmt.Sprintf("the plan changes what is protected now: %s %s (%s), one of %d", h.Entity, h.Key, h.Code, len(e.Hits))
}

// Tally counts entities by what became of them.
type Tally map[apply.Status]int

// TallyOf counts the entities of a result.
func TallyOf(entities []apply.EntityResult) Tally {
	t := Tally{}
	for i := range entities {
		t[entities[i].Status]++
	}
	return t
}

// Missing counts the entities that are not done, or not as a whole.
func (t Tally) Missing() int { return t[apply.Failed] + t[apply.Partly] + t[apply.Pending] }

// refusal is the error of a plan that must not be applied.
func refusal(p *plan.Plan) error {
	switch p.Verdict() {
	case plan.Stopped:
		return &GuardsExceededError{p.Exceeded}
	case plan.Blocked:
		return &ConflictsError{Conflicts: p.Conflicts, Strict: !p.Empty()}
	case plan.Ready, plan.Partial, plan.Nothing:
	}
	return nil
}

// outcome is the error of a run that has ended; nil where all was done.
func outcome(p *plan.Plan, r *apply.Result, resumed bool) error {
	missing := TallyOf(r.Entities).Missing()
	switch {
	case r.Interrupted:
		return &InterruptedError{r.RunID}
	case missing > 0, len(p.Conflicts) > 0:
		return &PartialError{
			RunID: r.RunID, Failed: missing, Of: len(r.Entities), Conflicts: p.Conflicts,
			Resumed: resumed, Replan: missing > 0 && !slices.ContainsFunc(r.Entities, retryMayHelp),
		}
	}
	return nil
}

// retryMayHelp reports whether trying an entity once more may help. It cannot where the tenant is not as the plan has
// it, nor where all that is missing is what the tenant accepts and ignores.
func retryMayHelp(e apply.EntityResult) bool {
	switch e.Status {
	case apply.Failed:
		class, _, _ := strings.Cut(e.CauseKey, "/")
		return !slices.Contains([]upstream.Class{upstream.Changed, upstream.Gone, upstream.Conflict}, upstream.Class(class))
	case apply.Partly:
		isOther := func(l apply.LinkFailure) bool { return l.Code != upstream.Ignored }
		return len(e.Links) == 0 || slices.ContainsFunc(e.Links, isOther)
	case apply.Done, apply.Unchanged, apply.Skipped, apply.Pending:
	}
	return false
}
