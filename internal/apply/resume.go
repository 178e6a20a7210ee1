package apply

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// errUndone is what the journal says of a call that left no trace in the tenant.
var errUndone = &upstream.Error{
	Class: upstream.Unknown, Op: "look at an interrupted call", Detail: "the tenant shows no effect of it",
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

// resume reads the journal, looks at the calls that were in flight, and goes on.
func (r *runner) resume(ctx context.Context) error {
	r.past = newHistory(r.p)
	var open []Record
	var broken error
	err := r.d.Journal.Records(ctx, func(rec Record) bool {
		if !rec.Settled {
			open = append(open, rec)
			return true
		}
		broken = r.absorb(&rec)
		return broken == nil
	})
	if err = errors.Join(err, broken); err != nil {
		return fmt.Errorf("read the journal of run %s: %w", r.header.RunID, err)
	}
	for i := range open {
		if err := r.reconcile(ctx, &open[i]); err != nil {
			return fmt.Errorf("read the journal of run %s: %w", r.header.RunID, err)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	return r.perform(ctx)
}

// targetOf tells which change a record's key belongs to.
func (r *runner) targetOf(rec *Record, key string) (int, error) {
	ids := []changeID{}
	switch rec.Kind {
	case KindCreateUsers, KindCorrectUsers:
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
		if i, ok := r.past.index[id]; ok {
			return i, nil
		}
	}
	return 0, fmt.Errorf("record %d (%s %s%s) is about nothing in the plan", rec.Seq, rec.Kind, rec.Team, key)
}

// absorb takes a settled record over: what succeeded is done, what failed stays to be tried once more.
func (r *runner) absorb(rec *Record) error {
	switch rec.Kind {
	case KindCreateUsers, KindCorrectUsers:
	default:
		r.past.later = true
	}
	switch rec.Kind {
	case KindDescribeTeam, KindRemoveMembers, KindChangeRoles, KindAddMembers:
		i, err := r.targetOf(rec, "")
		if err == nil {
			r.past.team(i).absorb(rec.Kind, rec)
		}
		return err
	}
	for _, key := range rec.Keys {
		i, err := r.targetOf(rec, key)
		if err != nil {
			return err
		}
		o, _ := rec.Outcome(key)
		r.absorbItem(rec, i, key, o)
	}
	return nil
}

// absorbItem takes one item of a settled record over.
func (r *runner) absorbItem(rec *Record, i int, key string, o ItemOutcome) {
	r.remember(i, o.Ref)
	switch {
	case rec.Kind == KindCorrectUsers:
		r.past.unfixed = r.past.unfixed || !o.OK
	case !o.OK:
		r.past.unsure[i] = r.past.unsure[i] || o.Class == string(upstream.Unknown)
	case rec.Kind == KindCreateTeam:
		r.past.team(i).created = true
		r.warn(i, o.Warnings...)
	case rec.Kind == KindUpdateUsers && len(rec.LeftOut[key])+len(o.Undone) > 0:
		// What was not done gets another try with the rest, for a manager may have been created since; an
		// update may be repeated.
	default:
		failures := slices.Concat(rec.LeftOut[key], o.Undone)
		r.past.earlier[i] = true
		r.done(i, failures, o.Warnings)
		r.tally.fail(len(failures))
		r.tally.advance(1)
	}
}

// reconcile looks in the tenant what became of a call that the journal does not settle, and settles it.
// Where that is not possible the run stops. The error is about the journal.
func (r *runner) reconcile(ctx context.Context, rec *Record) error {
	outcomes, err := r.lookBack(ctx, rec)
	if err != nil || ctx.Err() != nil {
		return err
	}
	rec.Settled, rec.Outcomes = true, outcomes
	if !r.settle(rec.Seq, outcomes) {
		return nil
	}
	return r.absorb(rec)
}

// lookBack finds the outcomes of a call by reading. A correction of created people is not looked at:
// the run reads these people again anyway.
func (r *runner) lookBack(ctx context.Context, rec *Record) ([]ItemOutcome, error) {
	undone := ItemOutcome{Error: errUndone.Error(), Class: string(errUndone.Class)}
	switch rec.Kind {
	case KindCorrectUsers:
		return []ItemOutcome{undone}, nil
	case KindDescribeTeam, KindRemoveMembers, KindChangeRoles, KindAddMembers:
		i, err := r.targetOf(rec, "")
		if err != nil {
			return nil, err
		}
		u := r.writeOf(rec, i)
		g, err := retry(ctx, r, func() (*identity.Group, error) { return r.readTeam(ctx, rec.Team) })
		if err != nil {
			r.halt(fmt.Errorf("look at an interrupted write: %w", err))
			return nil, nil
		}
		if g == nil {
			return []ItemOutcome{undone}, nil
		}
		return sightOf(&u, g, undone), nil
	}
	return r.lookBackAtItems(ctx, rec)
}

// lookBackAtItems is lookBack for calls whose items stand for themselves.
func (r *runner) lookBackAtItems(ctx context.Context, rec *Record) ([]ItemOutcome, error) {
	batch := make([]int, len(rec.Keys))
	for n, key := range rec.Keys {
		i, err := r.targetOf(rec, key)
		if err != nil {
			return nil, err
		}
		batch[n] = i
	}
	st := r.stageOf(rec.Kind)
	if ctx.Err() != nil {
		return nil, nil
	}
	items := r.items(st, batch)
	for n := range items {
		for _, l := range rec.LeftOut[items[n].key] {
			_ = items[n].leaveRole(l.Key, l.Cause) || items[n].leaveManager(l.Key, l.Cause)
		}
	}
	found, err := retry(ctx, r, func() ([]sight, error) { return st.look(ctx, items) })
	if err != nil {
		r.halt(fmt.Errorf("look at an interrupted call: %w", err))
		return nil, nil
	}
	outcomes := make([]ItemOutcome, len(items))
	for n := range items {
		if items[n].ref = found[n].ref; !found[n].done {
			items[n].err = errUndone
		}
		outcomes[n] = outcomeOf(&items[n])
	}
	return outcomes, nil
}

// stageOf gives the stage of a kind of record whose items stand for themselves.
func (r *runner) stageOf(kind string) stage {
	switch kind {
	case KindCreateUsers:
		return r.createStage()
	case KindUpdateUsers:
		return r.updateStage()
	case KindDeleteUsers:
		return r.deleteStage()
	case KindCreateTeam:
		return r.createTeamStage(new(bool))
	default:
		return r.deleteTeamStage()
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
		q := newQueue(&r.p.Changes[i])
		u.Description = q.description
	}
	return u
}
