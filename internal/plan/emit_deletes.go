package plan

import (
	"cmp"
	"maps"
	"slices"

	"sacbridge/internal/identity"
)

// clearDeletedManagers looks whose manager each person to delete is. The tenant deletes no manager of others: those
// who stay keep the manager from being deleted, unless the step said that they lose the link first. It
// gives drafts for who loses it and had no other change.
func (m *planner) clearDeletedManagers(toDelete []*person, drafts []*draft) (more []*draft) {
	if len(toDelete) == 0 {
		return nil
	}
	drafted := make(map[string]*draft, len(drafts))
	for _, d := range drafts {
		drafted[d.p.id] = d
	}
	clearManager := func(report, why string) {
		d := drafted[report]
		if d == nil {
			d = &draft{p: m.person(report)}
			drafted[report], more = d, append(more, d)
		}
		if wanted := valueOf(d.fields, FieldManager); wanted != "" {
			m.managerExists(wanted, report) // it does not, else the report had left; now it is told
		}
		d.fields = slices.DeleteFunc(d.fields, func(f Field) bool { return f.Name == FieldManager })
		d.fields = append(d.fields, Field{Name: FieldManager, Before: d.p.old.Manager})
		d.why = append(d.why, why)
	}
	// Who is not deleted after all keeps their own manager, so this ends once it changes nothing more.
	for again := true; again; {
		again = false
		reports := m.reportsOf(toDelete, drafted)
		for _, p := range toDelete {
			if p.stopped || len(reports[p.id]) == 0 {
				continue
			}
			staying := slices.DeleteFunc(reports[p.id], func(id string) bool { return p.clear && m.mayLoseManager(id) })
			if len(staying) > 0 {
				p.stopped, again = true, true
				m.conflict(Finding{Code: ManagesOthers, Entity: User, Key: p.id, Users: staying})
			}
		}
	}
	reports := m.reportsOf(toDelete, drafted)
	for _, p := range toDelete {
		if !p.stopped {
			for _, id := range reports[p.id] {
				clearManager(id, "manager "+p.id+" is deleted")
			}
		}
	}
	_, loops := m.orderDeletes(toDelete)
	for _, id := range slices.Sorted(maps.Keys(loops)) {
		clearManager(id, "managers in a loop are deleted: one loses the link first")
	}
	return more
}

// orderDeletes gives who is deleted, reports before managers, and who of a loop must lose the manager
// first.
func (m *planner) orderDeletes(toDelete []*person) (ordered []*identity.User, loops map[string]string) {
	var gone []*identity.User
	for _, p := range toDelete {
		if !p.stopped {
			u := *p.old
			gone = append(gone, &u)
		}
	}
	ordered, loops = orderManagers(gone)
	level := levels(ordered)
	slices.SortStableFunc(ordered, func(a, b *identity.User) int { return cmp.Compare(level[b.UserID], level[a.UserID]) })
	return ordered, loops
}

// reportsOf gives, by manager among the people to delete, the people who will still exist and have that manager, as
// far as the target was read.
func (m *planner) reportsOf(toDelete []*person, drafted map[string]*draft) map[string][]string {
	out := map[string][]string{}
	for _, p := range toDelete {
		out[p.id] = nil
	}
	for _, id := range slices.Sorted(maps.Keys(m.target.Users)) {
		manager := m.target.Users[id].Manager
		if _, isToDelete := out[manager]; !isToDelete || !m.alive(id) {
			continue
		}
		if d := drafted[id]; d != nil && !d.p.stopped && m.leaves(d) {
			continue
		}
		out[manager] = append(out[manager], id)
	}
	return out
}

// leaves reports whether a draft gives a person another manager who exists, or none.
func (m *planner) leaves(d *draft) bool {
	i := slices.IndexFunc(d.fields, func(f Field) bool { return f.Name == FieldManager })
	if i < 0 {
		return false
	}
	after := d.fields[i].After
	p := m.people[after]
	return after == "" || m.alive(after) && (p == nil || !p.toDelete)
}

// mayLoseManager reports whether a person may lose the manager by this plan.
func (m *planner) mayLoseManager(id string) bool {
	if m.protected.unchanged(id, false) != "" || m.ignores(FieldManager) {
		return false
	}
	p := m.people[id]
	return p == nil || !p.stopped && !p.toDelete
}

// userDeletes gives the deletions of people.
func (m *planner) userDeletes(toDelete []*person) []Change {
	ordered, _ := m.orderDeletes(toDelete)
	var out []Change
	for _, u := range ordered {
		p := m.people[u.UserID]
		lost := *p.old
		lost.Roles, lost.Teams, lost.Photos = identity.Set(lost.Roles), identity.Set(lost.Teams), identity.Set(lost.Photos)
		out = append(out, Change{
			Entity: User, Op: Delete, Key: p.id, Source: p.otherKey(), Ref: p.old.Ref, Created: p.old.Created, User: &lost, Reasons: p.why,
		})
		m.warn(Finding{Code: ContentLost, Entity: User, Users: []string{p.id}})
	}
	return out
}

// teamDeletes gives the deletions of teams.
func (m *planner) teamDeletes() []Change {
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(m.teams)) {
		t := m.teams[name]
		if !t.toDelete || !m.allowTeamDelete(t) {
			continue
		}
		lost := identity.Group{Name: name}
		if t.old != nil {
			lost = *t.old
			lost.Roles, lost.Members = identity.Set(lost.Roles), t.base
		}
		out = append(out, Change{
			Entity: Team, Op: Delete, Key: name, Source: t.otherKey(), Ref: lost.Ref, Created: lost.Created, Group: &lost,
			Size: t.sizeBefore(), Reasons: t.why,
		})
	}
	return out
}

// allowTeamDelete notes what stands against deleting a team. A protected person's membership would go with
// it; the System Owner's may.
func (m *planner) allowTeamDelete(t *team) bool {
	if t.wantedBack {
		m.conflict(Finding{Code: DeletedAndWanted, Entity: Team, Key: t.name})
		return false
	}
	if m.protected.teams[t.name] {
		m.skip(Finding{Code: ProtectedTeam, Entity: Team, Key: t.name})
		return false
	}
	if c := m.teamConflict(t, nil); c != nil {
		m.conflict(*c)
		return false
	}
	protectedMembers := slices.DeleteFunc(slices.Clone(t.base), func(id string) bool { return !m.protected.users[id] })
	if len(protectedMembers) > 0 {
		m.skip(Finding{Code: ProtectedMembers, Entity: Team, Key: t.name, Users: protectedMembers})
	}
	return len(protectedMembers) == 0
}
