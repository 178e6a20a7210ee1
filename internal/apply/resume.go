package apply

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// errUndone is what the journal says of a call that left no trace in the tenant.
var errUndone = &upstream.Error{
	Class: upstream.Unknown, Code: "interrupted", Op: "look at an interrupted call", Detail: "the tenant shows no effect of it",
}

// check refuses plans that no planner makes, before anything is sent.
func check(p *plan.Plan) error {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Entity == plan.User && c.Op == plan.Create && c.User == nil {
			return fmt.Errorf("the plan creates user %q without saying how", c.Key)
		}
		for _, f := range c.Fields {
			if f.Name != plan.FieldCleanUpDays {
				continue
			}
			if _, err := strconv.Atoi(f.After); err != nil {
				return fmt.Errorf("the plan sets %s of user %q: %w", f.Name, c.Key, err)
			}
		}
	}
	return nil
}

// encodePlan gives the plan as the journal keeps it: its file, compressed.
func encodePlan(p *plan.Plan) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(plan.Encode(z, p), z.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// StoredPlan gives the plan that a journal keeps; ErrNoRun where it holds no run.
func StoredPlan(ctx context.Context, j Journal) (*plan.Plan, error) {
	encoded, err := j.Plan(ctx)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(encoded))
	if err != nil {
		return nil, fmt.Errorf("read the plan in the journal: %w", err)
	}
	p, err := plan.Decode(z)
	if err != nil {
		return nil, fmt.Errorf("read the plan in the journal: %w", err)
	}
	return p, nil
}

// resume reads the journal, looks at the calls whose outcome is not known, and goes on.
func (r *runner) resume(ctx context.Context) error {
	r.replayed = newReplayed(r.p)
	var open []Record
	var broken error
	err := r.d.Journal.Records(ctx, func(rec Record) bool {
		if !rec.Settled {
			open = append(open, rec)
			return true
		}
		broken = r.replay(&rec)
		return broken == nil
	})
	if err = errors.Join(err, broken); err == nil {
		err = r.reconcile(ctx, open)
	}
	if err != nil {
		return fmt.Errorf("read the journal of run %s: %w", r.header.RunID, err)
	}
	if ctx.Err() != nil {
		return nil
	}
	for i := range r.p.Changes {
		if r.status(i) != Pending && r.replayed.remainingUpdate(i) == nil {
			r.notifySettled(i)
		}
	}
	return r.perform(ctx)
}

// reconcile settles the calls that the journal leaves open, by what the tenant shows, and finds out about
// creates that failed: they may have taken effect all the same. Where that is not possible the run
// stops. The error is about the journal.
func (r *runner) reconcile(ctx context.Context, open []Record) error {
	for i := range open {
		if open[i].Kind == KindCreateUsers {
			for _, key := range open[i].Keys {
				change, err := r.replayed.changeOf(&open[i], key)
				if err != nil {
					return err
				}
				r.replayed.try(change, &open[i], true)
			}
		}
	}
	found, ok := r.findTried(ctx)
	if !ok {
		return nil
	}
	for i := range open {
		outcomes, err := r.lookBack(ctx, &open[i], found)
		if err != nil || ctx.Err() != nil {
			return err
		}
		open[i].Settled, open[i].Outcomes = true, outcomes
		if !r.settleAs(open[i].Seq, outcomes) {
			return nil
		}
		if err := r.replay(&open[i]); err != nil {
			return err
		}
	}
	return r.noteFound(ctx, found)
}

// findTried looks at everybody whose creation was tried without known success, and gives those whom this run
// did create, by change.
func (r *runner) findTried(ctx context.Context) (found map[int]*item, ok bool) {
	found = map[int]*item{}
	var items []item
	for _, i := range slices.Sorted(maps.Keys(r.replayed.tried)) {
		if c := &r.p.Changes[i]; c.Entity == plan.User && c.Op == plan.Create {
			it := item{change: i, key: c.Key, user: c.User, earlier: true}
			it.since, it.unsure = r.replayed.triedBefore(i)
			items = append(items, it)
		}
	}
	l := r.d.Target.Limits(0)
	for _, batch := range split(items, max(l.Reread, l.Lookup)) {
		seen, err := retry(ctx, r, func() ([]lookResult, error) { return r.lookAtCreates(ctx, batch) })
		if err != nil {
			r.halt(fmt.Errorf("look at people whose creation is uncertain: %w", err))
			return nil, false
		}
		for n := range batch {
			if seen[n].done {
				batch[n].found(&seen[n])
				found[batch[n].change] = &batch[n]
			}
		}
	}
	people := slices.Collect(maps.Values(found))
	r.compareCreated(people)
	return found, true
}

// noteFound journals the people who were found though their create had failed.
func (r *runner) noteFound(ctx context.Context, found map[int]*item) error {
	var items []item
	for _, i := range slices.Sorted(maps.Keys(found)) {
		if _, tried := r.replayed.tried[i]; tried {
			items = append(items, *found[i])
		}
	}
	if len(items) == 0 || !r.noteLook(ctx, items) {
		return nil
	}
	rec := recordOf(call{kind: KindLookAtUsers}, items)
	for n := range items {
		rec.Outcomes = append(rec.Outcomes, items[n].outcome())
	}
	return r.replay(&rec)
}

// lookBack finds the outcomes of a call by reading. An update is not looked at: it begins with a reading
// when it is repeated.
func (r *runner) lookBack(ctx context.Context, rec *Record, found map[int]*item) ([]ItemOutcome, error) {
	undone := ItemOutcome{Error: errUndone.Error(), Class: string(errUndone.Class), Code: errUndone.Code}
	switch rec.Kind {
	case KindUpdateUsers, KindCorrectUsers, KindLookAtUsers:
		return []ItemOutcome{undone}, nil
	case KindCreateUsers:
		return r.lookBackAtCreates(rec, found, undone)
	case KindDescribeTeam, KindRemoveMembers, KindChangeRoles, KindAddMembers:
		return r.lookBackAtTeam(ctx, rec, undone)
	}
	c := r.callOf(rec.Kind)
	items := make([]item, len(rec.Keys))
	for n, key := range rec.Keys {
		i, err := r.replayed.changeOf(rec, key)
		if err != nil {
			return nil, err
		}
		items[n] = item{change: i, key: key, ref: r.ref(i), born: r.p.Changes[i].Created, since: rec.TenantAt}
	}
	seen, err := retry(ctx, r, func() ([]lookResult, error) { return c.look(ctx, items) })
	if err != nil {
		r.halt(fmt.Errorf("look at an interrupted call: %w", err))
		return nil, nil
	}
	outcomes := make([]ItemOutcome, len(items))
	for n := range items {
		if items[n].err = errUndone; seen[n].done {
			items[n].found(&seen[n])
		}
		outcomes[n] = items[n].outcome()
	}
	return outcomes, nil
}

// lookBackAtCreates gives the outcomes of a create of people who have been looked at.
func (r *runner) lookBackAtCreates(rec *Record, found map[int]*item, undone ItemOutcome) ([]ItemOutcome, error) {
	outcomes := []ItemOutcome{}
	for _, key := range rec.Keys {
		i, err := r.replayed.changeOf(rec, key)
		if err != nil {
			return nil, err
		}
		o := undone
		if it := found[i]; it != nil {
			for _, l := range rec.LeftOut[key] { // is not asked for twice
				it.undone = slices.DeleteFunc(it.undone, func(u LinkFailure) bool { return u.Kind == l.Kind && u.Key == l.Key })
			}
			o = it.outcome()
		}
		o.Key = key
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// lookBackAtTeam gives the outcomes of a write to a team.
func (r *runner) lookBackAtTeam(ctx context.Context, rec *Record, undone ItemOutcome) ([]ItemOutcome, error) {
	i, err := r.replayed.changeOf(rec, "")
	if err != nil {
		return nil, err
	}
	g, err := retry(ctx, r, func() (*identity.Group, error) { return r.readTeam(ctx, rec.Team) })
	if err != nil {
		r.halt(fmt.Errorf("look at an interrupted write: %w", err))
		return nil, nil
	}
	if g == nil {
		return []ItemOutcome{undone}, nil
	}
	u := r.writeOf(rec, i)
	return compareTeam(&u, g, undone), nil
}

// callOf gives the call of a kind of record that is looked at item by item.
func (r *runner) callOf(kind string) call {
	switch kind {
	case KindDeleteUsers:
		return r.deleteCall()
	case KindCreateTeam:
		return r.createTeamCall(new(bool))
	default:
		return r.deleteTeamCall()
	}
}

// writeOf rebuilds the write to a team that a record stands for.
func (r *runner) writeOf(rec *Record, i int) upstream.GroupUpdate {
	var u upstream.GroupUpdate
	switch rec.Kind {
	case KindRemoveMembers:
		u.RemoveMembers = rec.Keys
	case KindAddMembers:
		u.AddMembers = rec.Keys
	case KindChangeRoles:
		for _, key := range rec.Keys {
			if slices.Contains(r.p.Changes[i].RemoveRoles, key) {
				u.RemoveRoles = append(u.RemoveRoles, key)
			} else {
				u.AddRoles = append(u.AddRoles, key)
			}
		}
	}
	if rec.Describe {
		u.Description = newTeamWrites(&r.p.Changes[i]).description
	}
	return u
}
