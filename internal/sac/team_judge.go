package sac

import (
	"errors"
	"fmt"
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// teamWrite is one write to a team on its way.
type teamWrite struct {
	asked upstream.GroupUpdate
	rest  upstream.GroupUpdate // what is still to be done, and what the answer must show
	kept  []string
	size  int             // members before
	told  *identity.Group // by the answer; nil where it tells nothing of this team
}

func (w *teamWrite) op() string { return fmt.Sprintf("update team %q", w.asked.Name) }

// reduceToRemaining takes what is left to do for a team that is there as now; errNothing where that is nothing.
func (w *teamWrite) reduceToRemaining(now *identity.Group) error {
	rest, kept, err := w.asked.CompareWith(now)
	if err != nil {
		return err
	}
	w.rest, w.kept, w.size = rest, kept, now.Size
	if teamParts(&w.rest) == 0 {
		return errNothing
	}
	return nil
}

// judgeTeam gives the outcome of a write by the team in its answer, or by a reading where that does not
// show the change. err is that of the write.
func (t *Tenant) judgeTeam(w *teamWrite, err error, read func() (*identity.Group, error)) upstream.Outcome {
	out := upstream.Outcome{Kept: w.kept}
	e, _ := errors.AsType[*upstream.Error](err)
	switch {
	case errors.Is(err, errNothing):
		return out
	case err != nil && (e == nil || !isNoAnswer(e)):
		return upstream.Outcome{Err: explain(classed(w.op(), err), "")}
	}
	seen := w.told
	answered := seen != nil && seen.Name == w.asked.Name
	if !answered || len(w.rest.Missing(seen)) > 0 {
		if seen, err = read(); err != nil {
			out.Err = unseen(w.op(), err)
			return out
		}
	}
	undone := w.rest.Missing(seen)
	if !answered && len(undone) == teamParts(&w.rest) {
		out.Err = notDone(w.op())
		return out
	}
	if w.rest.Description != nil {
		t.facts.recordUndone([]string{upstream.AttrDescription}, undone)
	}
	out.Undone = t.unknownMembers(&w.rest, undone)
	return out
}

// unknownMembers says of members who were left out what is most likely wrong with them, and forgets their
// UUIDs.
func (t *Tenant) unknownMembers(rest *upstream.GroupUpdate, undone []upstream.Undone) []upstream.Undone {
	for i := range undone {
		if undone[i].Kind == upstream.MemberPart && slices.Contains(rest.AddMembers, undone[i].Key) {
			t.ids.forget(undone[i].Key)
			undone[i].Cause += ": most likely it does not know the user ID"
		}
	}
	return undone
}

// truncateEdit shortens a description to what SAC takes, so that what was sent compares with what is there.
func truncateEdit(e *upstream.Edit[string]) *upstream.Edit[string] {
	if e == nil {
		return nil
	}
	return &upstream.Edit[string]{Before: e.Before, After: truncateDescription(e.After)}
}

// teamParts counts what an update changes.
func teamParts(u *upstream.GroupUpdate) int {
	n := len(u.AddRoles) + len(u.RemoveRoles) + len(u.AddMembers) + len(u.RemoveMembers)
	if u.Description != nil {
		n++
	}
	return n
}
