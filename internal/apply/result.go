package apply

import (
	"fmt"
	"slices"
	"time"

	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// Status is what became of one entity.
type Status string

// The statuses of an entity after a run.
const (
	Done      Status = "done"
	Partly    Status = "done in part" // done, but for the links that EntityResult.Links names
	Unchanged Status = "unchanged"
	Failed    Status = "failed"
	Skipped   Status = "skipped"
	Pending   Status = "pending" // not reached, or not completely: the run was interrupted
)

// LinkKind says what a link leads to.
type LinkKind string

// The kinds of links.
const (
	RoleLink      LinkKind = "role"
	ManagerLink   LinkKind = "manager"
	MemberLink    LinkKind = "member"
	AttributeLink LinkKind = "attribute" // that the tenant accepted and did not take over
	LicenceLink   LinkKind = "licence"   // the kind of BI licence, which default roles can flip
	DetailLink    LinkKind = "detail"    // photos and login ID, where a create takes several requests
)

// LinkFailure is a link that could not be made or unmade though its entity was written.
type LinkFailure struct {
	Kind  LinkKind `json:"kind"`
	Key   string   `json:"key"` // role ID, user ID or attribute, "default roles" or "concurrent"
	Cause string   `json:"cause"`
	Code  string   `json:"code,omitempty"` // a short word that stays the same for equal causes
}

// EntityResult is what became of one change, or of something the plan skips (Op is empty then).
type EntityResult struct {
	Entity   plan.Entity   `json:"entity"`
	Key      string        `json:"key"`
	Op       plan.Op       `json:"op,omitempty"`
	Ref      string        `json:"ref,omitempty"`     // the tenant's own key of who or what was created, where it is known
	Adopted  bool          `json:"adopted,omitempty"` // this run or somebody else created it, the tenant does not tell: it must never be deleted as our own
	Status   Status        `json:"status"`
	Cause    string        `json:"cause,omitempty"`
	CauseKey string        `json:"causeKey,omitempty"` // class and code of the cause, the same for equal failures
	Finding  *plan.Finding `json:"finding,omitempty"`  // why it was skipped
	Links    []LinkFailure `json:"links,omitempty"`
	Warnings []string      `json:"warnings,omitempty"`
}

// Result is what became of a run.
type Result struct {
	RunID       string         `json:"runId"`
	Entities    []EntityResult `json:"entities"`    // one per change in the plan's order, then the plan's skips
	Unchanged   int            `json:"unchanged"`   // entities the plan looked at and leaves alone
	Interrupted bool           `json:"interrupted"` // resumable
	Calls       int            `json:"calls"`       // requests of this process, counted as Estimate does
	Started     time.Time      `json:"started"`
	Ended       time.Time      `json:"ended"`
}

// Complete reports whether all that the plan asked for is done.
func (r *Result) Complete() bool {
	for i := range r.Entities {
		switch r.Entities[i].Status {
		case Failed, Partly, Pending:
			return false
		case Done, Unchanged, Skipped:
		}
	}
	return !r.Interrupted
}

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
		Calls:     r.counter.calls(), Started: r.header.Started, Ended: r.d.Now(),
	}
}

// done marks change i as carried out, except for links.
func (r *runner) done(i int, links []LinkFailure, warnings []string) {
	r.mu.Lock()
	res := &r.results[i]
	res.Status = Done
	res.Warnings = append(res.Warnings, warnings...)
	res.Links = append(res.Links, links...)
	if len(res.Links) > 0 {
		res.Status = Partly
	}
	r.mu.Unlock()
	r.counter.fail(len(links))
}

// setCreated keeps what the tenant calls the entity of change i.
func (r *runner) setCreated(i int, ref string, adopted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	res := &r.results[i]
	res.Adopted = res.Adopted || adopted
	if ref != "" {
		res.Ref = ref
	}
}

// setLinks says which links of the finished change i are not made.
func (r *runner) setLinks(i int, links []LinkFailure) {
	r.mu.Lock()
	res := &r.results[i]
	more := len(links) - len(res.Links)
	res.Links, res.Status = links, Done
	if len(links) > 0 {
		res.Status = Partly
	}
	r.mu.Unlock()
	r.counter.fail(more)
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
	r.counter.fail(len(links))
}

// warn adds warnings to change i, each once.
func (r *runner) warn(i int, warnings ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	res := &r.results[i]
	for _, w := range warnings {
		if !slices.Contains(res.Warnings, w) {
			res.Warnings = append(res.Warnings, w)
		}
	}
}

// fail marks change i as failed and tells the hook.
func (r *runner) fail(i int, cause error) {
	if r.p.Changes[i].Op == plan.Update && upstream.ClassOf(cause) == upstream.Gone {
		cause = fmt.Errorf("%w (it was deleted since the plan was made: make a new plan)", cause)
	}
	r.mu.Lock()
	res := &r.results[i]
	res.Status, res.Cause, res.CauseKey = Failed, cause.Error(), causeKey(cause)
	if res.Entity == plan.User && res.Op == plan.Create {
		r.absent[res.Key] = res.Cause
	}
	r.mu.Unlock()
	r.counter.fail(1)
	r.notifySettled(i)
}

// notifySettled lets the hook know that nothing more comes to the entity of change i.
func (r *runner) notifySettled(i int) {
	r.mu.Lock()
	res := r.results[i]
	r.mu.Unlock()
	r.counter.settled(res)
}

// status gives what is known of change i.
func (r *runner) status(i int) Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.results[i].Status
}

// ref gives the tenant's key of the entity of change i, if it is known.
func (r *runner) ref(i int) string {
	c := &r.p.Changes[i]
	if c.Ref != "" {
		return c.Ref
	}
	if c.Entity == plan.User && c.Op == plan.Update {
		created, ok := r.createOf[c.Key]
		if !ok {
			return ""
		}
		i = created
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.results[i].Ref
}

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
	return r.unknownRoles[role]
}

func (r *runner) setRoleMissing(role string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unknownRoles[role] = true
}
