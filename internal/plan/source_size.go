package plan

// minTrusted is how many members a target team must have before the share that is left of them counts.
const minTrusted = 10

// checkSourceSize marks a team of which nobody may be removed, because the source's list of members is
// smaller than the rules trust. read is how many it has, size how many it should have. Removing a few of
// many is what removing is for, so that the share counts only where the list replaces the team's.
func (m *planner) checkSourceSize(t *team, replaces bool, read, size int) {
	had := t.sizeBefore()
	short := Finding{Entity: Team, Key: t.name, Count: read}
	g := m.rules.Guards.MinSourceSize
	switch {
	case t.short != nil:
		return
	case size > read && read > 0:
		short.Code, short.Of = SourceReadShort, size
	case g.Count != nil && read < *g.Count:
		short.Code, short.Limit = SourceTooSmall, *g.Count
	case replaces && g.Percent != nil && had >= minTrusted && float64(read)*100 < *g.Percent*float64(had):
		short.Code, short.Of, short.Percent = SourceShareTooSmall, had, *g.Percent
	default:
		return
	}
	t.short = &short
}

// emptied gives the reason why nobody may leave a team whose people leave one by one, because the source
// shows each of them without it: where hardly anybody is left, the source's lists of teams look cut
// short. Of a team that was not read only those count who were read as people.
func (m *planner) emptied(t *team, c *Change) *Finding {
	had := max(t.sizeBefore(), m.readMembers(t))
	left := had - len(c.RemoveMembers) + len(c.AddMembers)
	g := m.rules.Guards.MinSourceSize
	f := Finding{Code: TeamEmptied, Entity: Team, Key: t.name, Count: left, Of: had}
	switch {
	case had < minTrusted:
		return nil
	case g.Count != nil && left < *g.Count:
		f.Limit = *g.Count
	case g.Percent != nil && float64(left)*100 < *g.Percent*float64(had):
		f.Percent = *g.Percent
	default:
		return nil
	}
	return &f
}

// sizeBefore gives how many members the team had, as far as it was read.
func (t *team) sizeBefore() int {
	if t.old == nil {
		return 0
	}
	return max(len(t.base), t.old.Size)
}

// readMembers gives how many people were read who say that they are in the team.
func (m *planner) readMembers(t *team) int {
	if t.old != nil {
		return 0
	}
	if m.readIn == nil {
		m.readIn = map[string]int{}
		for _, u := range m.target.Users {
			for _, name := range sortedView(u.Teams) {
				m.readIn[name]++
			}
		}
	}
	return m.readIn[t.name]
}
