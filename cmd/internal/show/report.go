package show

import (
	"encoding/json"
	"fmt"
	"io"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// Report is the JSON output of every changing verb: one document on stdout, whatever happened after
// the plan was made. It is complete: each change with before, after and reasons, and each result.
type Report struct {
	Plan      *plan.Plan    `json:"-"`                  // "plan", as in a plan file
	ReadCalls int           `json:"readCalls"`          // requests made to read both tenants; 0 where the plan came from a file
	PlanFile  string        `json:"planFile,omitempty"` // where --out wrote it
	Applied   bool          `json:"applied"`            // a run was started
	Result    *apply.Result `json:"result,omitempty"`   // what became of it, entity by entity
	Stale     []plan.Stale  `json:"stale,omitempty"`    // `apply`: what is not as it was when the plan was made
	Exit      int           `json:"exit"`               // the exit code
	Problem   string        `json:"problem,omitempty"`  // why it is not 0
}

// Write writes the report. The plan is written change by change, exactly as in its file: as text a large
// one would take more memory than all else.
func (r *Report) Write(w io.Writer) error {
	rest, err := json.MarshalIndent(r, "", "  ")
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
