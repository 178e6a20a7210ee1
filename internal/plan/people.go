package plan

import (
	"cmp"
	"slices"

	"sacbridge/internal/identity"
)

// draft is what the plan would do to one person, before conflicts are looked for.
type draft struct {
	p            *person
	fields       []Field        // update
	user         *identity.User // create
	come, gone   []string       // role links
	email, login string         // what would be written, "" where nothing is
}

// settlePeople writes the changes of people down.
func (m *maker) settlePeople(p *Plan) {
	var drafts []*draft
	for _, who := range m.sortedPeople() {
		if d := m.draft(who); d != nil {
			drafts = append(drafts, d)
		} else if who.old != nil && !who.stopped {
			p.Counts.UnchangedUsers++
		}
	}
	m.checkNames(drafts)
	var creates []*identity.User
	var updates []Change
	made := map[string]*draft{}
	for _, d := range drafts {
		switch {
		case d.p.stopped:
		case d.user != nil:
			m.finishUser(d)
			creates, made[d.p.id] = append(creates, d.user), d
		default:
			if c := m.updateChange(d); c != nil {
				updates = append(updates, *c)
			} else {
				p.Counts.UnchangedUsers++
			}
		}
	}
	ordered, ties := orderManagers(creates)
	p.Changes = make([]Change, 0, len(ordered)+len(updates)+len(m.teams))
	var later []Change
	for _, u := range ordered {
		d := made[u.UserID]
		p.Changes = append(p.Changes, Change{Entity: User, Op: Create, Key: u.UserID, User: u, ExactRoles: d.p.exact, Reasons: d.p.why})
		if c := m.afterCreate(d, ties[u.UserID]); c != nil {
			later = append(later, *c)
		}
	}
	slices.SortFunc(later, func(a, b Change) int { return cmp.Compare(a.Key, b.Key) })
	p.Changes = append(append(p.Changes, updates...), later...)
}

// afterCreate gives the update of a new person for what cannot be had at once, or nil: the manager of a
// loop, and an inactive state, for people are created active only (script 1101).
func (m *maker) afterCreate(d *draft, boss string) *Change {
	c := &Change{Entity: User, Op: Update, Key: d.p.id}
	if m.req.Options.Active == ActiveSource && !d.p.src.Active {
		c.Fields = append(c.Fields, Field{Name: FieldActive, Before: "true", After: "false"})
		c.Reasons = append(c.Reasons, "active follows the source: people are created active")
	}
	if boss != "" {
		c.Fields = append(c.Fields, Field{Name: FieldManager, After: boss})
		c.Reasons = append(c.Reasons, "managers in a loop: tied once all of it exist")
	}
	if len(c.Fields) == 0 {
		return nil
	}
	return c
}

// draft compares one person's picture with the target. It gives nil where nothing differs, or where the
// person is protected.
func (m *maker) draft(p *person) *draft {
	d := &draft{p: p}
	if p.create {
		d.user = newUser(p.src, m.source.Tenant, m.target.Tenant)
		d.email, d.login, d.come = d.user.Email, d.user.LoginID, p.roles
	} else {
		d.come, d.gone = identity.Diff(identity.Set(p.old.Roles), p.currentRoles())
		if p.sync {
			d.fields = fieldsOf(p.src, p.old, m.source.Tenant, m.target.Tenant, m.req.Options.Active)
			if p.src.Manager != p.old.Manager {
				d.fields = append(d.fields, Field{Name: FieldManager, Before: p.old.Manager, After: p.src.Manager})
			}
			d.email = valueOf(d.fields, FieldEmail)
			// Where the e-mail may change it is the login ID too; elsewhere one of the two is "".
			d.login = cmp.Or(valueOf(d.fields, FieldLoginID), d.email)
		}
		if len(d.fields)+len(d.come)+len(d.gone) == 0 {
			return nil
		}
	}
	if reason := m.guard.unchanged(p.id, p.create); reason != "" {
		m.skip(Finding{Code: reason, Entity: User, Key: p.id})
		p.stopped = true
		return nil
	}
	return d
}

// finishUser gives a new person those role links and that manager who exist.
func (m *maker) finishUser(d *draft) {
	d.user.Roles, _ = m.allowRoles(User, d.p.id, d.come, nil)
	if boss := d.p.src.Manager; boss != "" && m.bossExists(boss, d.p.id) {
		d.user.Manager = boss
	}
}

// updateChange finishes the draft of an existing person; nil where nothing of it is left.
func (m *maker) updateChange(d *draft) *Change {
	c := &Change{Entity: User, Op: Update, Key: d.p.id, Ref: d.p.old.Ref, Reasons: d.p.why}
	for _, f := range d.fields {
		if f.Name == FieldManager && f.After != "" && !m.bossExists(f.After, d.p.id) {
			continue
		}
		c.Fields = append(c.Fields, f)
	}
	c.AddRoles, c.RemoveRoles = m.allowRoles(User, d.p.id, d.come, d.gone)
	if len(c.AddRoles)+len(c.RemoveRoles) > 0 {
		c.RolesBefore, c.ExactRoles = identity.Set(d.p.old.Roles), d.p.exact
	}
	if c.idle() {
		return nil
	}
	return c
}

// bossExists reports whether the manager exists in the target once the plan is applied, and gathers who
// needs one that does not. Managers travel by user ID as they are (script 1903).
func (m *maker) bossExists(boss, report string) bool {
	if m.alive(boss) {
		return true
	}
	m.conflict(Finding{Code: MissingManager, Entity: User, Key: boss, Users: []string{report}})
	return false
}
