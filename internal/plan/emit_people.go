package plan

import (
	"cmp"
	"slices"

	"sacbridge/internal/identity"
)

// draft is what the plan would do to one person, before conflicts are looked for.
type draft struct {
	p            *person
	why          []string // besides the person's reasons
	fields       []Field  // update
	come, gone   []string // role links
	email, login string   // what would be written, "" where nothing is
}

// emitPeople writes the changes of people down and gives the deletions, which come last.
func (m *planner) emitPeople(p *Plan) (deletes []Change) {
	var drafts []*draft
	var toDelete []*person
	for _, who := range m.sortedPeople() {
		switch d := m.draft(who); {
		case who.toDelete:
			toDelete = append(toDelete, who)
		case d != nil:
			drafts = append(drafts, d)
		}
	}
	m.checkNames(drafts)
	drafts = append(drafts, m.clearDeletedManagers(toDelete, drafts)...)
	var creates []*identity.User
	var updates []Change
	made := map[string]*draft{}
	for _, d := range drafts {
		switch {
		case d.p.stopped:
		case d.p.created():
			creates, made[d.p.id] = append(creates, m.newUser(d)), d
		default:
			if c := m.updateChange(d); c != nil {
				updates = append(updates, *c)
			}
		}
	}
	p.Counts.UnchangedUsers = m.unchangedPeople(updates)
	slices.SortStableFunc(updates, func(a, b Change) int { return cmp.Compare(a.Key, b.Key) })
	m.emitCreates(p, creates, made, updates)
	return m.userDeletes(toDelete)
}

// unchangedPeople counts who was looked at and stays as is, for nothing stands in the way.
func (m *planner) unchangedPeople(updates []Change) int {
	n := -len(updates)
	for _, p := range m.people {
		if p.old != nil && !p.toDelete && !p.stopped {
			n++
		}
	}
	for i := range updates {
		if m.people[updates[i].Key].toDelete {
			n++
		}
	}
	return n
}

// emitCreates writes down who is created, managers first, who is updated, and what new people cannot have
// at once.
func (m *planner) emitCreates(p *Plan, creates []*identity.User, made map[string]*draft, updates []Change) {
	ordered, loopManagers := orderManagers(creates)
	p.Changes = make([]Change, 0, len(ordered)+len(updates)+len(m.teams))
	var later []Change
	for _, u := range ordered {
		who := made[u.UserID].p
		p.Changes = append(p.Changes, Change{
			Entity: User, Op: Create, Key: u.UserID, Source: who.otherKey(), User: u, DecidesAllRoles: who.decidesAllRoles, Reasons: who.why,
		})
		if c := m.afterCreate(who, loopManagers[u.UserID]); c != nil {
			later = append(later, *c)
		}
	}
	slices.SortFunc(later, func(a, b Change) int { return cmp.Compare(a.Key, b.Key) })
	p.Changes = append(append(p.Changes, updates...), later...)
}

// otherKey gives the person's key in the source, where it is another.
func (p *person) otherKey() string {
	if p.source == p.id {
		return ""
	}
	return p.source
}

// afterCreate gives the update of a new person for what cannot be had at once, or nil: the manager of a
// loop, and an inactive state, for people are created active only (script 1101).
func (m *planner) afterCreate(p *person, manager string) *Change {
	deactivate := p.inactive && !m.isIgnored(FieldActive, p.id)
	if !deactivate && manager == "" {
		return nil
	}
	c := &Change{Entity: User, Op: Update, Key: p.id, Source: p.otherKey()}
	if deactivate {
		c.Fields = append(c.Fields, Field{Name: FieldActive, Before: "true", After: "false"})
		c.Reasons = append(c.Reasons, "not active as wanted: people are created active")
	}
	if manager != "" {
		c.Fields = append(c.Fields, Field{Name: FieldManager, After: manager})
		c.Reasons = append(c.Reasons, "managers in a loop: tied once all of it exist")
	}
	return c
}

// draft compares one person's projected state with the target. It gives nil where nothing differs, where
// the person is to be deleted, and where the person is left alone.
func (m *planner) draft(p *person) *draft {
	if p.wantedBack {
		p.stopped, p.toDelete = true, false
		m.conflict(Finding{Code: DeletedAndWanted, Entity: User, Key: p.id})
	}
	d := &draft{p: p}
	switch {
	case p.now == nil && !p.toDelete, p.stopped:
		return nil
	case p.created():
		d.email, d.login, d.come = p.now.Email, p.now.LoginID, sortedView(p.now.Roles)
	case !p.toDelete:
		if p.now == p.old {
			return nil
		}
		d.come, d.gone = identity.Diff(sortedView(p.old.Roles), sortedView(p.now.Roles))
		d.fields = m.effective(fieldsBetween(p.old, p.now), p.id)
		d.email = valueOf(d.fields, FieldEmail)
		d.login = valueOf(d.fields, FieldLoginID)
		if emailIsLoginID(m.target.Tenant.SSO) {
			d.login = d.email
		}
		if len(d.fields)+len(d.come)+len(d.gone) == 0 {
			return nil
		}
	}
	if reason := m.protected.unchanged(p.id, p.created()); reason != "" {
		m.skip(Finding{Code: reason, Entity: User, Key: p.id})
		p.stopped, p.toDelete = true, false
		return nil
	}
	return d
}

// effective leaves out the changes that the target is known to ignore.
func (m *planner) effective(fields []Field, id string) []Field {
	return slices.DeleteFunc(fields, func(f Field) bool { return m.isIgnored(f.Name, id) })
}

// isIgnored reports whether the target is known to accept changes of the attribute without effect, and
// notes who would have got one.
func (m *planner) isIgnored(name FieldName, key string) bool {
	if !m.ignores(name) {
		return false
	}
	f := Finding{Code: AttributeIgnored, Entity: Attribute, Key: string(name), Since: m.rules.Ignored[name]}
	if name == FieldDescription {
		f.Teams = []string{key}
	} else {
		f.Users = []string{key}
	}
	m.skip(f)
	return true
}

func (m *planner) ignores(name FieldName) bool {
	_, known := m.rules.Ignored[name]
	return known
}

// newUser gives the person to create, with those role links and that manager who exist.
func (m *planner) newUser(d *draft) *identity.User {
	u := d.p.now
	d.p.inactive, u.Active = !u.Active, true
	u.Roles, _ = m.allowRoles(User, d.p.id, d.come, nil)
	if u.Manager != "" && !m.managerExists(u.Manager, d.p.id) {
		u.Manager = ""
	}
	return u
}

// updateChange finishes the draft of an existing person; nil where nothing of it is left.
func (m *planner) updateChange(d *draft) *Change {
	c := &Change{
		Entity: User, Op: Update, Key: d.p.id, Source: d.p.otherKey(), Ref: d.p.old.Ref, Created: d.p.old.Created,
		Reasons: slices.Concat(d.p.why, d.why),
	}
	for _, f := range d.fields {
		if f.Name == FieldManager && f.After != "" && !m.managerExists(f.After, d.p.id) {
			continue
		}
		c.Fields = append(c.Fields, f)
	}
	c.AddRoles, c.RemoveRoles = m.allowRoles(User, d.p.id, d.come, d.gone)
	if len(c.AddRoles)+len(c.RemoveRoles) > 0 {
		c.RolesBefore, c.DecidesAllRoles = identity.Set(d.p.old.Roles), d.p.decidesAllRoles
	}
	if c.idle() {
		return nil
	}
	return c
}

// managerExists reports whether the manager exists in the target once the plan is applied, and gathers who
// needs one that does not. Who is to be deleted is none, whether that comes to pass or not.
func (m *planner) managerExists(manager, report string) bool {
	if p := m.people[manager]; m.alive(manager) && (p == nil || !p.toDelete) {
		return true
	}
	m.conflict(Finding{Code: MissingManager, Entity: User, Key: manager, Users: []string{report}})
	return false
}
