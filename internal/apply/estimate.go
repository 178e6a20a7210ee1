package apply

import (
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// Estimate is the number of requests that Run will send for p, if nothing goes wrong and the limits stay
// as limits gives them.
func Estimate(p *plan.Plan, limits func(teamSize int) upstream.Limits) int {
	lay, l := arrange(p), limits(0)
	calls, created := 0, 0
	for _, level := range lay.creates {
		calls += len(split(level, l.CreateBatch)) * price(KindCreateUsers, false, l)
		created += len(level)
	}
	if l.Reread {
		calls += parts(created, l.Lookup)
	}
	calls += parts(len(lay.base), l.Lookup)
	calls += len(split(lay.updates, l.UpdateBatch)) * price(KindUpdateUsers, false, l)
	for _, i := range lay.teams {
		calls += estimateTeam(&p.Changes[i], limits)
	}
	for _, level := range lay.deletes {
		calls += len(split(level, l.DeleteBatch)) * price(KindDeleteUsers, false, l)
	}
	return calls + len(lay.teamDeletes)*price(KindDeleteTeam, false, l)
}

// estimateTeam counts the requests for one team's creation and writes.
func estimateTeam(c *plan.Change, limits func(int) upstream.Limits) int {
	calls := 0
	if c.Op == plan.Create {
		calls += price(KindCreateTeam, false, limits(0))
	}
	q := newQueue(c)
	q.trim(limits(q.size).MaxMembers)
	for first := true; !q.empty(); first = false {
		l := limits(q.size)
		u := q.next(l)
		calls += price(kindOf(&u), first, l)
		q.take(&u)
	}
	return calls
}

// price is the number of requests of one call of a kind; first says that it is the first write to its
// team in this run.
func price(kind string, first bool, l upstream.Limits) int {
	switch kind {
	case KindCreateUsers:
		return l.CreateCalls
	case KindUpdateUsers, KindCorrectUsers:
		return l.UpdateCalls
	case KindDeleteUsers:
		return l.DeleteCalls
	case KindCreateTeam:
		return l.GroupCreateCalls
	case KindDeleteTeam:
		return l.GroupDeleteCalls
	}
	if first {
		return l.GroupFirstCalls
	}
	return l.GroupNextCalls
}
