package messages

import (
	"fmt"
	"strings"

	"sacbridge/internal/plan"
)

// guarded says what each guard counts.
var guarded = map[string]string{
	"max_create":         "people created",
	"max_update":         "people updated",
	"max_deactivate":     "people deactivated",
	"max_delete":         "people and teams deleted",
	"max_role_removal":   "role links removed",
	"max_member_removal": "memberships removed",
}

// OfExceededGuard gives the words of an exceeded guard: the rule, by what it was exceeded, and how to go on.
func OfExceededGuard(t plan.ExceededGuard, surface Surface) Words {
	return Words{
		Code:  strings.ReplaceAll(t.Guard, "_", "-"),
		Title: "held by " + t.Guard,
		Cause: fmt.Sprintf("%d %s%s%s, over %s", t.Count, guarded[t.Guard], spentBefore(t), share(t), limit(t)),
		Cure:  allow(t, surface),
	}
}

func limit(t plan.ExceededGuard) string {
	limit := "the limit"
	if t.Job {
		limit = "the job's limit"
	}
	if t.Percent > 0 {
		return fmt.Sprintf("%s of %g %%", limit, t.Percent)
	}
	return fmt.Sprintf("%s of %d", limit, t.Limit)
}

func spentBefore(t plan.ExceededGuard) string {
	switch {
	case t.Spent == 0:
		return ""
	case t.Job:
		return fmt.Sprintf(" on top of %d by earlier runs of the job", t.Spent)
	}
	return fmt.Sprintf(" on top of %d by earlier runs", t.Spent)
}

func share(t plan.ExceededGuard) string {
	if t.Of == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.1f %% of %d)", float64(t.Count+t.Spent)*100/float64(t.Of), t.Of)
}

func allow(t plan.ExceededGuard, surface Surface) string {
	const meant = "if that is meant, "
	switch surface {
	case Transport:
		return fmt.Sprintf("%sallow it for this run with --%s %d", meant, strings.ReplaceAll(t.Guard, "_", "-"), t.Count)
	case Bridge:
		return fmt.Sprintf("%sraise %s in the guards of the job", meant, t.Guard)
	case Console, Plain:
	}
	return meant + "allow this run"
}
