package plan

import "cmp"

// deleteUser applies one row that deletes people.
func (m *planner) deleteUser(d *DeleteUser, origin string, why reasons) {
	if d.UserID != "" && m.projected(d.UserID) == nil {
		m.skip(Finding{Code: AlreadyGone, Entity: User, Key: d.UserID})
		return
	}
	for _, id := range m.find(d.Who, origin) {
		m.deletePerson(m.person(id), d, why)
	}
}

func (m *planner) deletePerson(p *person, d *DeleteUser, why reasons) {
	if p.created() {
		for _, t := range m.teams { // who is created anew is in no team
			if t.delta[p.id] {
				delete(t.delta, p.id)
			}
		}
	}
	p.source = cmp.Or(p.source, d.Source)
	p.toDelete = p.old != nil
	p.now, p.decidesAllRoles = nil, false
	p.clear = p.clear || d.ClearReports
	p.why = []string{why.remove}
}

// deleteTeam applies one row that deletes a team.
func (m *planner) deleteTeam(d DeleteTeam, why reasons) {
	t := m.team(d.Team, false)
	if !t.exists {
		m.skip(Finding{Code: AlreadyGone, Entity: Team, Key: d.Team})
		return
	}
	if t.created() {
		*t = *newTeam(d.Team, m.target)
		return
	}
	t.source = cmp.Or(t.source, d.Source)
	t.exists, t.toDelete = false, true
	t.why = []string{why.remove}
}
