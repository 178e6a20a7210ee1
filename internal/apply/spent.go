package apply

import "sacbridge/internal/plan"

// spent gives what a run took of the guards' limits. What is not certain counts: all that the plan does where the run
// was interrupted, and a team that failed, for some of its writes may have been made before.
func spent(p *plan.Plan, res *Result) *plan.Amounts {
	if res.Interrupted {
		return new(p.Spends())
	}
	if res.Complete() {
		return new(p.Spends())
	}
	var done []plan.Change
	for i := range p.Changes {
		switch res.Entities[i].Status {
		case Done, Partly:
			done = append(done, p.Changes[i])
		case Failed, Pending:
			if p.Changes[i].Entity == plan.Team {
				done = append(done, p.Changes[i])
			}
		case Unchanged, Skipped:
		}
	}
	return new(p.SpentBy(done))
}
