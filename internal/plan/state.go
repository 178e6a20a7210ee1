package plan

import (
	"slices"

	"sacbridge/internal/identity"
)

// person is somebody in the projected state whom a step is about.
type person struct {
	id     string
	source string // key in the source, "" where no step tells one
	copyOf string // user ID in the source of whom the person is a copy
	// old is the person as the target was read, nil where the target has none. now is the person in the
	// projected state, nil where there is none (yet, or any more); as long as nothing is edited it is old
	// itself. Memberships are kept with the teams.
	old, now *identity.User

	decidesAllRoles bool // an action decided about every role link
	toDelete        bool // a step deletes somebody who existed before
	wantedBack      bool // a later step wants the person all the same, which no plan can do
	clear           bool // reports lose this manager when the person is deleted
	inactive        bool // a new person who is to be inactive, by an update after the create
	stopped         bool // a conflict or a protection stops the person's own change
	why             []string
}

// created reports whether the plan makes the person.
func (p *person) created() bool { return p.old == nil && p.now != nil }

// edit gives the projected person for changing.
func (p *person) edit() *identity.User {
	if p.now == p.old {
		u := *p.old
		p.now = &u
	}
	return p.now
}

// setRoles puts role links into the projected state.
func (p *person) setRoles(action identity.Action, names []string) {
	now := identity.Set(p.now.Roles)
	p.decidesAllRoles = p.decidesAllRoles || action.Exact()
	if after := identity.Apply(action, now, names, nil); !slices.Equal(after, now) {
		p.edit().Roles = after
	}
}

// person gives the projected state of one person.
func (m *planner) person(id string) *person {
	p := m.people[id]
	if p == nil {
		old := m.target.Users[id]
		p = &person{id: id, old: old, now: old}
		m.people[id] = p
	}
	return p
}

// projected gives somebody as of now, nil where nobody has this user ID.
func (m *planner) projected(id string) *identity.User {
	if p := m.people[id]; p != nil {
		return p.now
	}
	return m.target.Users[id]
}

// team is a team in the projected state that a step is about.
type team struct {
	name    string
	source  string          // key in the source, "" where no step tells one
	old     *identity.Group // nil where the target lacks the team, or where it was not read
	existed bool            // before the plan
	exists  bool            // in the projected state
	primary bool            // a step is about this team itself, not just about a person in it

	description       string
	setDescription    bool
	roles             []string // in the projected state, once setRoles is true
	setRoles          bool
	decidesAllRoles   bool // an action decided about every role link
	decidesAllMembers bool // likewise of the members

	base  []string        // members before, sorted; nil where they were not read
	delta map[string]bool // members that differ from before: true has come, false has gone

	toDelete   bool     // a step deletes a team that existed before
	wantedBack bool     // a later step wants the team all the same
	absent     bool     // people leave because the source does not show them in it
	short      *Finding // why nobody may be removed: the source's list looks cut short
	why        []string
}

// created reports whether the plan makes the team.
func (t *team) created() bool { return !t.existed && t.exists }

// team gives the projected state of one team. exists says that the team is known to exist although it may
// not have been read, for instance because a person is in it.
func (m *planner) team(name string, exists bool) *team {
	t := m.teams[name]
	if t == nil {
		t = newTeam(name, m.target)
		m.teams[name] = t
	}
	if exists && !t.exists && !t.toDelete {
		t.existed, t.exists = true, true
	}
	return t
}

// newTeam gives a team as the target was read.
func newTeam(name string, target identity.Snapshot) *team {
	t := &team{name: name, old: target.Groups[name], delta: map[string]bool{}}
	if t.old != nil && t.old.Members != nil {
		t.base = sortedView(t.old.Members)
	}
	_, unreadable := target.Unreadable[name]
	t.existed = t.old != nil || unreadable
	t.exists = t.existed
	return t
}

// currentRoles gives the role links in the projected state.
func (t *team) currentRoles() []string {
	if t.setRoles || t.old == nil {
		return t.roles
	}
	return identity.Set(t.old.Roles)
}

// editRoles puts role links into the projected state. On a team that the plan creates remove and
// intersect leave nothing, as on any empty set. It reports whether anything changed.
func (t *team) editRoles(action identity.Action, names []string) bool {
	now := t.currentRoles()
	t.roles, t.setRoles = identity.Apply(action, now, names, nil), true
	t.decidesAllRoles = t.decidesAllRoles || action.Exact()
	return !slices.Equal(now, t.roles)
}

// was reports whether the person is a member of t in the target as it was read. A member list that was
// read decides; without one the person's own list of teams does.
func (m *planner) was(t *team, id string) bool {
	if t.base != nil {
		_, found := slices.BinarySearch(t.base, id)
		return found
	}
	u := m.target.Users[id]
	return u != nil && slices.Contains(u.Teams, t.name)
}

// isMember reports whether the person is a member of t in the projected state. Whether the person
// exists is another matter: it is looked at when the changes are written down.
func (m *planner) isMember(t *team, id string) bool {
	if in, changed := t.delta[id]; changed {
		return in
	}
	return m.was(t, id)
}

// setMember makes the person a member of t in the projected state, or not.
func (m *planner) setMember(t *team, id string, in bool, why string) {
	if m.isMember(t, id) == in {
		return
	}
	t.why = note(t.why, why)
	if _, changed := t.delta[id]; changed {
		delete(t.delta, id)
		return
	}
	t.delta[id] = in
	if in && m.trackJoins {
		m.joins[id] = append(m.joins[id], t.name)
	}
}

// membersOf gives the members of t in the projected state, as far as they are known.
func (m *planner) membersOf(t *team) []string {
	out := make([]string, 0, len(t.base)+len(t.delta))
	for _, id := range t.base {
		if in, changed := t.delta[id]; !changed || in {
			out = append(out, id)
		}
	}
	for id, in := range t.delta {
		if in {
			out = append(out, id)
		}
	}
	return identity.Set(out)
}

// teamsOf gives the teams that the person is in, in the projected state.
func (m *planner) teamsOf(id string) []string {
	var out []string
	if u := m.target.Users[id]; u != nil {
		for _, name := range u.Teams {
			if t := m.teams[name]; t == nil || !t.toDelete && m.isMember(t, id) {
				out = append(out, name)
			}
		}
	}
	for _, name := range m.joins[id] {
		if t := m.teams[name]; !t.toDelete && m.isMember(t, id) {
			out = append(out, name)
		}
	}
	return identity.Set(out)
}

// membersUnread gives how many members of an existing team were not read; 0 where all are known.
func (t *team) membersUnread() int {
	if t.old == nil || t.old.Members != nil {
		return 0
	}
	return t.old.Size
}

// sortedView gives the list itself where it is a set already, so that a team of 30,000 costs nothing.
func sortedView(list []string) []string {
	for i := range list {
		if list[i] == "" || i > 0 && list[i-1] >= list[i] {
			return identity.Set(list)
		}
	}
	return list
}
