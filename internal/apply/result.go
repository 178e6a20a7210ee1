package apply

import (
	"slices"

	"sacbridge/internal/plan"
)

// pendingResults gives the results of a plan of which nothing is done yet: one per change, then the skips.
func pendingResults(p *plan.Plan) []EntityResult {
	out := make([]EntityResult, 0, len(p.Changes)+len(p.Skips))
	for i := range p.Changes {
		c := &p.Changes[i]
		out = append(out, EntityResult{Entity: c.Entity, Key: c.Key, Op: c.Op, Status: Pending})
	}
	for i := range p.Skips {
		s := &p.Skips[i]
		out = append(out, EntityResult{Entity: s.Entity, Key: s.Key, Status: Skipped, Finding: s})
	}
	return out
}

// result gives what became of the run so far.
func (r *runner) result(interrupted bool) *Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Result{
		RunID: r.header.RunID, Entities: slices.Clone(r.results), Interrupted: interrupted,
		Unchanged: r.p.Counts.UnchangedUsers + r.p.Counts.UnchangedTeams,
		Calls:     r.tally.calls(), Started: r.header.Started, Ended: r.d.Now(),
	}
}

// done marks change i as carried out, except for links.
func (r *runner) done(i int, links []LinkFailure, warnings []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	res := &r.results[i]
	res.Status = Done
	res.Warnings = append(res.Warnings, warnings...)
	res.Links = append(res.Links, links...)
	if len(res.Links) > 0 {
		res.Status = Partly
	}
}

// failLinks adds failed links to change i, whatever its status is or will be.
func (r *runner) failLinks(i int, links ...LinkFailure) {
	if len(links) == 0 {
		return
	}
	r.mu.Lock()
	res := &r.results[i]
	res.Links = append(res.Links, links...)
	if res.Status == Done {
		res.Status = Partly
	}
	r.mu.Unlock()
	r.tally.fail(len(links))
}

// warn adds warnings to change i.
func (r *runner) warn(i int, warnings ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[i].Warnings = append(r.results[i].Warnings, warnings...)
}

// fail marks change i as failed.
func (r *runner) fail(i int, cause error) {
	r.mu.Lock()
	res := &r.results[i]
	res.Status, res.Cause = Failed, cause.Error()
	if res.Entity == plan.User && res.Op == plan.Create {
		r.absent[res.Key] = res.Cause
	}
	r.mu.Unlock()
	r.tally.fail(1)
}

// giveUp fails change i of a person without a call.
func (r *runner) giveUp(i int, cause error) {
	r.fail(i, cause)
	r.tally.advance(1)
}

// isFailed reports whether change i failed.
func (r *runner) isFailed(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.results[i].Status == Failed
}

// remember keeps the tenant's key of a created entity, where a later write of the run can use it.
func (r *runner) remember(i int, ref string) {
	c := &r.p.Changes[i]
	if ref == "" || (c.Entity == plan.User && !r.wantRef[c.Key]) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refs[refKey(c)] = ref
}

// ref gives the tenant's key of the entity of change i, if it is known.
func (r *runner) ref(i int) string {
	c := &r.p.Changes[i]
	if c.Ref != "" {
		return c.Ref
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refs[refKey(c)]
}

func refKey(c *plan.Change) string { return string(c.Entity) + ":" + c.Key }

// whyAbsent tells why a person could not be created; "" where nothing is known against them.
func (r *runner) whyAbsent(user string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.absent[user]
}

// anyAbsent reports whether some person could not be created.
func (r *runner) anyAbsent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.absent) > 0
}

// roleMissing reports whether the tenant has refused the role as unknown.
func (r *runner) roleMissing(role string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.noRole[role]
}

func (r *runner) setRoleMissing(role string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noRole[role] = true
}
