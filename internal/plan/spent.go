package plan

import "time"

// DefaultWindow is how long what a run did counts against the guards of later ones.
const DefaultWindow = 24 * time.Hour

// Amounts is how much of each guarded kind a plan, or a run, changes.
type Amounts struct {
	Create        int `json:"create,omitempty"`
	Update        int `json:"update,omitempty"`
	Deactivate    int `json:"deactivate,omitempty"`
	Delete        int `json:"delete,omitempty"`
	RoleRemoval   int `json:"roleRemoval,omitempty"`
	MemberRemoval int `json:"memberRemoval,omitempty"`
}

// Amounts gives what the counts come to for the guards.
func (c Counts) Amounts() Amounts {
	return Amounts{
		Create: c.CreateUsers, Update: c.UpdateUsers, Deactivate: c.DeactivateUsers, Delete: c.DeleteUsers + c.DeleteTeams,
		RoleRemoval: c.RemoveRoles, MemberRemoval: c.RemoveMembers,
	}
}

// AmountsOf gives what a list of changes comes to, for instance of those that a run carried out.
func AmountsOf(changes []Change) Amounts {
	var c Counts
	c.tally(changes)
	return c.Amounts()
}

// Spends gives what a run of the whole plan adds to the ledger: all kinds but those that a person
// allowed for this plan alone.
func (p *Plan) Spends() Amounts { return p.unallowed(p.Counts.Amounts()) }

// SpentBy gives what a run of the plan adds to the ledger once it has ended, from the changes that it
// carried out.
func (p *Plan) SpentBy(done []Change) Amounts { return p.unallowed(AmountsOf(done)) }

// unallowed takes out what a person allowed for this plan alone.
func (p *Plan) unallowed(a Amounts) Amounts {
	for _, k := range limitedKinds() {
		if k.guard(p.Rules.Guards).Once {
			*k.amount(&a) = 0
		}
	}
	return a
}

// Spent is what earlier runs of a window used up, by all runs on the tenant and by the job's own.
type Spent struct {
	Since  time.Time `json:"since,omitzero"` // the begin of the window
	Tenant Amounts   `json:"tenant,omitzero"`
	Job    Amounts   `json:"job,omitzero"` // zero where the plan belongs to no job
}

// Entry is one run in the ledger that SpentIn sums up. A caller keeps one for every run that began to
// write: while it goes on, and where its end is not known, with all that its plan does (Plan.Spends); once
// it has ended with what it did (Plan.SpentBy).
type Entry struct {
	At      time.Time // of its last write, or of now while it goes on
	Tenant  string    // the tenant's URL, as for leases
	Job     string    // "" where it belonged to no job
	Amounts Amounts
	Allowed bool // a person allowed this very run although a guard held it: it does not count
}

// SpentIn sums up what the window before now holds. An entry of the future, written by a clock that runs
// ahead, counts. A job counts what it did to this tenant.
func SpentIn(ledger []Entry, now time.Time, window time.Duration, tenant, job string) Spent {
	s := Spent{Since: now.Add(-window)}
	for _, e := range ledger {
		if e.Allowed || e.Tenant != tenant || !e.At.After(s.Since) {
			continue
		}
		s.Tenant.add(e.Amounts)
		if job != "" && e.Job == job {
			s.Job.add(e.Amounts)
		}
	}
	return s
}

func (a *Amounts) add(b Amounts) {
	for _, k := range limitedKinds() {
		*k.amount(a) += *k.amount(&b)
	}
}
