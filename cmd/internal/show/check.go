package show

import (
	"fmt"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/plan"
)

// planCheck is the JSON output of `plan check`.
type planCheck struct {
	PlanID string       `json:"planId"`
	Fresh  bool         `json:"fresh"`
	Stale  []plan.Stale `json:"stale"` // what is not as it was; empty where the plan holds
}

// PlanCheck shows whether a plan still holds.
func PlanCheck(w *cli.Environment, p *plan.Plan, stale []plan.Stale, output cli.Output) error {
	if output == cli.AsJSON {
		return cli.WriteJSON(w.Out, planCheck{PlanID: p.ID, Fresh: len(stale) == 0, Stale: append([]plan.Stale{}, stale...)})
	}
	if len(stale) == 0 {
		_, err := fmt.Fprintln(w.Out, "The plan holds: everything it was decided from is as it was.")
		return err
	}
	rows := make([][]string, len(stale))
	for i, s := range stale {
		rows[i] = []string{s.Side, string(s.Entity), s.Key, s.What}
	}
	return cli.Table(w.Out, []string{"SIDE", "KIND", "NAME", "WHAT"}, rows)
}
