package apply

import (
	"fmt"
	"slices"
	"time"

	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// replayed is what the journal tells about a run's earlier processes. Its methods work on nil, which
// stands for a new run.
type replayed struct {
	index  map[changeID]int
	tried  map[int]attempted    // calls whose success is not known
	unseen map[int]item         // people who were created by the answer's word and not looked at
	rest   map[int]*plan.Change // of people who were written: what is still to be done
	teams  map[int]*teamDone    // how far team writes came
}

// attempted is a call that was made without known success.
type attempted struct {
	since  time.Time // by the tenant's clock, when the first try began; zero where it is not known
	unsure bool      // it may yet take effect
}

// changeID names a change of a plan.
type changeID struct {
	entity plan.Entity
	op     plan.Op
	key    string
}

func newReplayed(p *plan.Plan) *replayed {
	h := &replayed{
		index: make(map[changeID]int, len(p.Changes)),
		tried: map[int]attempted{}, unseen: map[int]item{}, rest: map[int]*plan.Change{}, teams: map[int]*teamDone{},
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		h.index[changeID{c.Entity, c.Op, c.Key}] = i
	}
	return h
}

// changeOf tells which change a record's key belongs to.
func (h *replayed) changeOf(rec *Record, key string) (int, error) {
	ids := []changeID{}
	switch rec.Kind {
	case KindCreateUsers, KindLookAtUsers, KindCorrectUsers:
		ids = append(ids, changeID{plan.User, plan.Create, key})
	case KindUpdateUsers:
		ids = append(ids, changeID{plan.User, plan.Update, key})
	case KindDeleteUsers:
		ids = append(ids, changeID{plan.User, plan.Delete, key})
	case KindDeleteTeam:
		ids = append(ids, changeID{plan.Team, plan.Delete, rec.Team})
	case KindCreateTeam, KindDescribeTeam, KindRemoveMembers, KindChangeRoles, KindAddMembers:
		ids = append(ids, changeID{plan.Team, plan.Create, rec.Team}, changeID{plan.Team, plan.Update, rec.Team})
	}
	for _, id := range ids {
		if i, ok := h.index[id]; ok {
			return i, nil
		}
	}
	return 0, fmt.Errorf("record %d (%s %s%s) is about nothing in the plan", rec.Seq, rec.Kind, rec.Team, key)
}

// triedBefore tells about an earlier try at change i.
func (h *replayed) triedBefore(i int) (since time.Time, unsure bool) {
	if h == nil {
		return since, false
	}
	t := h.tried[i]
	return t.since, t.unsure
}

// try notes an earlier try at change i.
func (h *replayed) try(i int, rec *Record, unsure bool) {
	t, known := h.tried[i]
	if !known {
		t.since = rec.TenantAt
	}
	t.unsure = t.unsure || unsure
	h.tried[i] = t
}

// isUnseen reports whether the created person of change i has not been looked at.
func (h *replayed) isUnseen(i int) bool {
	_, ok := h.unseen[i]
	return ok
}

func (h *replayed) unseenItem(i int) (item, bool) {
	if h == nil {
		return item{}, false
	}
	it, ok := h.unseen[i]
	return it, ok
}

func (h *replayed) unseenChanges() []int {
	var out []int
	for i := range h.unseen {
		out = append(out, i)
	}
	slices.Sort(out)
	return out
}

// remainingUpdate gives what an earlier process left of the writes to the person of change i; nil for nothing.
func (h *replayed) remainingUpdate(i int) *plan.Change {
	if h == nil {
		return nil
	}
	return h.rest[i]
}

// incomplete gives the changes that created people of whom something is left to do.
func (h *replayed) incomplete(p *plan.Plan) []int {
	var out []int
	for i := range h.rest {
		if p.Changes[i].Op == plan.Create && !h.isUnseen(i) {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

// setRest notes what is left to do to the person of change i.
func (h *replayed) setRest(i int, rest *plan.Change) {
	if rest == nil {
		delete(h.rest, i)
		return
	}
	h.rest[i] = rest
}

// team gives the progress of team change i.
func (h *replayed) team(i int) *teamDone {
	t := h.teams[i]
	if t == nil {
		t = &teamDone{}
		h.teams[i] = t
	}
	return t
}

// dropDone takes what earlier processes wrote to team change i off w.
func (h *replayed) dropDone(i int, w *teamWrites) {
	if h == nil || h.teams[i] == nil {
		return
	}
	h.teams[i].drop(w)
}

// replay takes a settled record over: what succeeded is done, what failed stays to be tried once more.
func (r *runner) replay(rec *Record) error {
	switch rec.Kind {
	case KindDescribeTeam, KindRemoveMembers, KindChangeRoles, KindAddMembers:
		i, err := r.replayed.changeOf(rec, "")
		if err != nil {
			return err
		}
		r.replayed.team(i).replay(rec)
		if o, ok := rec.Outcome(""); ok {
			r.warn(i, o.Warnings...)
		}
		return nil
	}
	for _, key := range rec.Keys {
		i, err := r.replayed.changeOf(rec, key)
		if err != nil {
			return err
		}
		o, ok := rec.Outcome(key)
		if !ok {
			o = ItemOutcome{Class: string(upstream.Unknown)}
		}
		r.replayItem(rec, i, key, o)
	}
	return nil
}

// replayItem takes one item of a settled record over.
func (r *runner) replayItem(rec *Record, i int, key string, o ItemOutcome) {
	h := r.replayed
	switch rec.Kind {
	case KindCreateUsers, KindLookAtUsers:
		r.replayCreate(rec, i, key, o)
	case KindCorrectUsers:
		if !o.OK {
			return
		}
		if h.setRest(i, o.Rest); o.Rest == nil {
			r.setLinks(i, r.grantedTo(i))
		}
	case KindUpdateUsers:
		r.replayUpdate(rec, i, key, o)
	case KindCreateTeam:
		if !o.OK {
			h.try(i, rec, o.Class == string(upstream.Unknown))
			return
		}
		h.team(i).created = true
		r.setCreated(i, o.Ref, o.Adopted)
		r.warn(i, o.Warnings...)
	default:
		if !o.OK {
			h.try(i, rec, o.Class == string(upstream.Unknown))
			return
		}
		r.doneEarlier(i, nil, o.Warnings)
	}
}

// replayCreate takes the creation of a person over.
func (r *runner) replayCreate(rec *Record, i int, key string, o ItemOutcome) {
	h := r.replayed
	if !o.OK {
		if o.Class != string(upstream.NotSent) {
			h.try(i, rec, true)
		}
		return
	}
	r.setCreated(i, o.Ref, o.Adopted)
	delete(h.tried, i)
	if o.Unseen || r.header.Format < journalFormat && r.d.Target.Limits(0).Reread > 0 {
		h.unseen[i] = item{change: i, key: key, ref: o.Ref, earlier: true, leftOut: rec.LeftOut[key], warnings: o.Warnings, since: rec.TenantAt}
		return
	}
	delete(h.unseen, i)
	h.setRest(i, o.Rest)
	r.defaults.replay(o.Rest)
	r.doneEarlier(i, slices.Concat(rec.LeftOut[key], o.Undone), o.Warnings)
}

// replayUpdate takes the update of a person over. What was not done of it gets another try, for a manager may
// have been created since.
func (r *runner) replayUpdate(rec *Record, i int, key string, o ItemOutcome) {
	switch failures := slices.Concat(rec.LeftOut[key], o.Undone); {
	case !o.OK:
	case o.Rest != nil:
		r.replayed.setRest(i, o.Rest)
	case len(failures) == 0:
		r.doneEarlier(i, nil, o.Warnings)
	}
}

// doneEarlier marks change i as carried out by an earlier process.
func (r *runner) doneEarlier(i int, links []LinkFailure, warnings []string) {
	if r.status(i) != Pending {
		return
	}
	r.done(i, links, warnings)
	r.counter.advance(1)
}
