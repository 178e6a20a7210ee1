package apply

import (
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// Estimate is the number of requests that Run will send for p, if nothing goes wrong and the limits stay
// as they are. It makes no call.
func Estimate(p *plan.Plan, target upstream.Costs) int {
	lay, l := arrange(p), target.Limits(0)
	calls, created := 0, 0
	for _, level := range lay.creates {
		for _, batch := range split(level, l.CreateBatch) {
			var users []*identity.User
			for _, i := range batch {
				if u := p.Changes[i].User; u != nil { // Run refuses a plan that lacks one
					users = append(users, u)
				}
			}
			calls += target.CreateCalls(users)
		}
		created += len(level)
	}
	if l.Reread > 0 {
		calls += parts(created, l.Reread)
	}
	for _, batch := range split(lay.updates, l.UpdateBatch) {
		var updates []upstream.UserUpdate
		for _, i := range batch {
			updates = append(updates, *updateOf(&p.Changes[i]))
		}
		calls += target.UpdateCalls(updates)
	}
	for _, i := range lay.teams {
		calls += estimateTeam(&p.Changes[i], target)
	}
	for _, level := range lay.deletes {
		calls += len(split(level, l.DeleteBatch)) * l.DeleteCalls
	}
	return calls + len(lay.teamDeletes)*l.GroupDeleteCalls
}

// estimateTeam counts the requests for one team's creation and writes.
func estimateTeam(c *plan.Change, target upstream.Costs) int {
	calls := 0
	if c.Op == plan.Create {
		calls += target.Limits(0).GroupCreateCalls
	}
	q := newQueue(c)
	q.trim(target.Limits(q.size).MaxMembers)
	for !q.empty() {
		u := q.next(target.Limits(q.size))
		calls += target.GroupCalls(&u)
		q.take(&u)
	}
	return calls
}
