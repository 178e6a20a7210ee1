package apply

import (
	"slices"
	"sync"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// defaultRoles are the roles that the tenant gives to everybody who is created, as far as the run knows them: no
// API lists them. A role that somebody grants to a person later looks the same, so a role is taken for a default role
// only where the answer to a create showed it, unasked; where all of several people had it, unasked, whom this process
// looked at right after the creation; or where an earlier process of the run judged so.
type defaultRoles struct {
	mu        sync.Mutex
	answered  map[string]bool // shown unasked by the answer to a create
	looked    int             // people who were looked at
	common    map[string]bool // had by everybody
	unasked   map[string]bool // had by somebody for whom the plan did not want it
	journaled map[string]bool
}

func newDefaultRoles() *defaultRoles {
	return &defaultRoles{answered: map[string]bool{}, common: map[string]bool{}, unasked: map[string]bool{}, journaled: map[string]bool{}}
}

// learn takes in people who were looked at. What an earlier process created says nothing: somebody may have
// granted roles since.
func (d *defaultRoles) learn(r *runner, people []*item) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, it := range people {
		if it.err != nil || it.person == nil || it.earlier {
			continue
		}
		for _, role := range it.roles {
			if !slices.Contains(r.changeOf(it).User.Roles, role) {
				d.answered[role] = true
			}
		}
		has := identity.Lookup(it.person.Roles)
		for role := range has {
			if d.looked == 0 {
				d.common[role] = true
			}
			if !slices.Contains(r.changeOf(it).User.Roles, role) {
				d.unasked[role] = true
			}
		}
		for role := range d.common {
			if !has[role] {
				delete(d.common, role)
			}
		}
		d.looked++
	}
}

// replay takes in what an earlier process decided to correct of a person whom it had created.
func (d *defaultRoles) replay(correction *plan.Change) {
	if correction == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, role := range correction.RemoveRoles {
		d.journaled[role] = true
	}
}

// grantedTo gives the roles of the person of change i that stay because somebody may have granted them.
func (r *runner) grantedTo(i int) []LinkFailure {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.results[i].Links), func(l LinkFailure) bool { return l.Code != CodeGranted })
}

// has reports whether a role is known to be a default role.
func (d *defaultRoles) has(role string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.journaled[role] || d.answered[role] || d.looked > 1 && d.common[role] && d.unasked[role]
}
