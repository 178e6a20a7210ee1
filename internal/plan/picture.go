package plan

import (
	"slices"

	"sacbridge/internal/identity"
)

// person is somebody in the picture of the target whom a step is about.
type person struct {
	id     string
	src    *identity.User // the source's; fields come from it where create or sync is set
	old    *identity.User // the target's; nil where the target lacks the person
	create bool           // by this plan
	sync   bool           // fields follow the source
	exact  bool           // an action decided about every role link

	roles    []string // in the picture, once setRoles is true
	setRoles bool

	why     []string
	stopped bool // a conflict or a protection stops the person's own change
}

// person gives the picture of one person.
func (m *maker) person(src *identity.User) *person {
	p := m.people[src.UserID]
	if p == nil {
		p = &person{id: src.UserID, src: src, old: m.target.Users[src.UserID]}
		m.people[src.UserID] = p
	}
	return p
}

// currentRoles gives the role links in the picture.
func (p *person) currentRoles() []string {
	if p.setRoles || p.old == nil {
		return p.roles
	}
	return identity.Set(p.old.Roles)
}

// team is a team in the picture of the target that a step is about.
type team struct {
	name    string
	old     *identity.Group // nil where the target lacks the team, or where it was not read
	exists  bool            // before the plan
	create  bool            // by this plan
	primary bool            // a step is about this team itself, not just about a person in it

	description    string
	setDescription bool
	roles          []string // in the picture, once setRoles is true
	setRoles       bool
	exactRoles     bool // an action decided about every role link
	exactMembers   bool // likewise of the members

	base  []string        // members before, sorted; nil where they were not read
	delta map[string]bool // members that differ from before: true has come, false has gone

	short *Finding // why nobody may be removed: the source's list looks cut short
	why   []string
}

// team gives the picture of one team. exists says that the team is known to exist although it may not
// have been read, for instance because a person is in it.
func (m *maker) team(name string, exists bool) *team {
	t := m.teams[name]
	if t == nil {
		t = &team{name: name, old: m.target.Groups[name], delta: map[string]bool{}}
		if t.old != nil && t.old.Members != nil {
			t.base = sortedView(t.old.Members)
		}
		_, unreadable := m.target.Unreadable[name]
		t.exists = t.old != nil || unreadable
		m.teams[name] = t
	}
	t.exists = t.exists || exists && !t.create
	return t
}

// currentRoles gives the role links in the picture.
func (t *team) currentRoles() []string {
	if t.setRoles || t.old == nil {
		return t.roles
	}
	return identity.Set(t.old.Roles)
}

// was reports whether the person is a member of t in the target as it was read. A member list that was
// read decides; without one the person's own list of teams does.
func (m *maker) was(t *team, id string) bool {
	if t.base != nil {
		_, found := slices.BinarySearch(t.base, id)
		return found
	}
	u := m.target.Users[id]
	return u != nil && slices.Contains(u.Teams, t.name)
}

// isMember reports whether the person is a member of t in the picture.
func (m *maker) isMember(t *team, id string) bool {
	if in, changed := t.delta[id]; changed {
		return in
	}
	return m.was(t, id)
}

// setMember makes the person a member of t in the picture, or not.
func (m *maker) setMember(t *team, id string, in bool, why string) {
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
		if m.joins == nil {
			m.joins = map[string][]string{}
		}
		m.joins[id] = append(m.joins[id], t.name)
	}
}

// membersOf gives the members of t in the picture, as far as they are known.
func (m *maker) membersOf(t *team) []string {
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

// teamsOf gives the teams that the person is in, in the picture.
func (m *maker) teamsOf(id string) []string {
	var out []string
	if u := m.target.Users[id]; u != nil {
		for _, name := range u.Teams {
			if t := m.teams[name]; t == nil || m.isMember(t, id) {
				out = append(out, name)
			}
		}
	}
	for _, name := range m.joins[id] {
		if m.isMember(m.teams[name], id) {
			out = append(out, name)
		}
	}
	return identity.Set(out)
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
