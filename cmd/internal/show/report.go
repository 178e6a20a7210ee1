package show

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// report is the JSON output of every changing verb: one document on stdout, whatever happened after
// the plan was made. It is complete: each change with before, after and reasons, and each result.
type report struct {
	Plan      *plan.Plan       `json:"-"`                  // "plan", as in a plan file
	Surface   messages.Surface `json:"-"`                  // whose flags and commands the cures name
	ReadCalls int              `json:"readCalls"`          // requests made to read both tenants
	Seconds   float64          `json:"applySeconds"`       // about how long applying the plan takes
	PlanFile  string           `json:"planFile,omitempty"` // where --out wrote it, or where it came from
	Applied   bool             `json:"applied"`            // a run was started
	Result    *apply.Result    `json:"result,omitempty"`   // what became of it, entity by entity
	Stale     []plan.Stale     `json:"stale,omitempty"`    // what is not as it was when the plan was made
	Exit      int              `json:"exit"`               // the exit code
	Problem   string           `json:"problem,omitempty"`  // why it is not 0
}

// newReport makes the document of a work that ended with err.
func newReport(rep *engine.Report, surface messages.Surface, planFile string, err error) *report {
	r := &report{
		Plan: rep.Plan, Surface: surface, ReadCalls: rep.ReadCalls, Seconds: rep.ApplyTime.Seconds(), PlanFile: planFile, Applied: rep.Result != nil, Result: rep.Result, Stale: rep.Stale,
		Exit: cli.ExitCode(err),
	}
	if err != nil {
		r.Problem = err.Error()
	}
	return r
}

// Write writes the report. The plan is written change by change, as in its file but for escapes: as text a large one
// would take more memory than all else.
func (r *report) Write(w io.Writer) error {
	w = cli.Visible(w)
	rest, err := json.MarshalIndent(struct {
		*report
		Words []words `json:"words,omitempty"` // of the plan's conflicts, skips, warnings and tripped guards, in this order
	}{r, r.words()}, "", "  ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if _, err := io.WriteString(w, "{\n  \"plan\": "); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if err := plan.Encode(w, r.Plan); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "  ,%s\n", rest[1:]); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// words say what was found about one entity or link.
type words struct {
	Entity plan.Entity `json:"entity,omitempty"`
	Key    string      `json:"key,omitempty"`
	messages.Words
}

func (r *report) words() []words {
	var out []words
	for _, f := range slices.Concat(r.Plan.Conflicts, r.Plan.Skips, r.Plan.Warnings) {
		out = append(out, words{f.Entity, f.Key, messages.OfFinding(f, r.Surface)})
	}
	for _, t := range r.Plan.Exceeded {
		out = append(out, words{Words: messages.OfExceededGuard(t, r.Surface)})
	}
	return out
}
