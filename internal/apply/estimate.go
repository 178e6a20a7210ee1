package apply

import (
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// Estimate is the number of requests that Run will send for p, if nothing goes wrong and the limits stay
// as they are. It makes no call.
func Estimate(p *plan.Plan, target upstream.Writer) int {
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
	calls += parts(len(lay.base), l.Lookup)
	calls += len(split(lay.updates, l.UpdateBatch)) * price(KindUpdateUsers, "", l)
	for _, i := range lay.teams {
		calls += estimateTeam(&p.Changes[i], target.Limits)
	}
	for _, level := range lay.deletes {
		calls += len(split(level, l.DeleteBatch)) * price(KindDeleteUsers, "", l)
	}
	return calls + len(lay.teamDeletes)*price(KindDeleteTeam, "", l)
}

// estimateTeam counts the requests for one team's creation and writes.
func estimateTeam(c *plan.Change, limits func(int) upstream.Limits) int {
	calls := 0
	if c.Op == plan.Create {
		calls += price(KindCreateTeam, "", limits(0))
	}
	q := newQueue(c)
	q.trim(limits(q.size).MaxMembers)
	for before := ""; !q.empty(); {
		l := limits(q.size)
		u := q.next(l)
		kind := kindOf(&u)
		calls += price(kind, before, l)
		q.take(&u)
		before = kind
	}
	return calls
}

// price is the number of requests of one call of a kind other than KindCreateUsers, whose price the
// connector knows. before is the kind of the write to the same team
// that went before it in this run, "" where there was none.
func price(kind, before string, l upstream.Limits) int {
	switch kind {
	case KindUpdateUsers, KindCorrectUsers:
		return l.UpdateCalls
	case KindDeleteUsers:
		return l.DeleteCalls
	case KindCreateTeam:
		return l.GroupCreateCalls
	case KindDeleteTeam:
		return l.GroupDeleteCalls
	case KindChangeRoles:
		if l.RoleFirstCalls > 0 {
			return first(before != KindChangeRoles, l.RoleFirstCalls, l.RoleNextCalls)
		}
	}
	return first(before == "", l.GroupFirstCalls, l.GroupNextCalls)
}

// first chooses between the price of a first call and that of a next one.
func first(is bool, firstCalls, nextCalls int) int {
	if is {
		return firstCalls
	}
	return nextCalls
}
