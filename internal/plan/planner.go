package plan

import (
	"maps"
	"slices"

	"sacbridge/internal/identity"
)

// Version is the version of the plan file format that this program writes. It reads earlier ones, too.
const Version = 2

// Make decides. It is deterministic: equal inputs, in any order of their maps and lists, give an equal
// plan. ID, Tool, Created and Calls are left for the caller. The plan shares memory with the
// snapshots, which must not change afterwards. source may be empty where no step copies.
func Make(req Request, source, target identity.Snapshot, rules Rules) *Plan {
	m := newPlanner(req, source, target, rules)
	for _, s := range req.Steps {
		m.step(s)
	}
	p := &Plan{
		Version: Version, Source: source.Tenant, Target: target.Tenant, Request: req, Rules: rules,
		SourceFingerprints: fingerprints(SourceScope(req), source),
		TargetFingerprints: fingerprints(TargetScope(req, source, target.Tenant), target),
		Read:               populationOf(target),
	}
	m.emit(p)
	p.Judge()
	return p
}

// planner holds the projected state of the target while the steps edit it, and what was noticed.
type planner struct {
	req            Request
	source, target identity.Snapshot
	rules          Rules
	roles          translator
	protected      protection
	counterparts   Counterparts

	people map[string]*person // by user ID; only those a step is about
	teams  map[string]*team   // by name; only those a step is about

	// joins lists the teams a person joins in the projected state, for actions that make a person leave
	// teams; it is kept only where there is one.
	trackJoins bool
	joins      map[string][]string

	// byEmail and byLogin find people by name. They are made when first asked for; who has lost a name is
	// still listed under it.
	byEmail, byLogin map[string][]string

	readIn map[string]int // people who were read, by the teams they say they are in; made when first asked for

	conflicts, skips, warnings []Finding
}

func newPlanner(req Request, source, target identity.Snapshot, rules Rules) *planner {
	return &planner{
		req: req, source: source, target: target, rules: rules,
		roles:        newTranslator(req.Options, source.Tenant, target.Tenant),
		protected:    newProtection(rules.Protect, target),
		counterparts: req.counterparts(),
		people:       map[string]*person{}, teams: map[string]*team{}, joins: map[string][]string{},
		trackJoins: slices.ContainsFunc(req.Steps, func(s Step) bool { return s.userTeams().Shrinks() }),
	}
}

// step applies one row to the projected state.
func (m *planner) step(s Step) {
	why := newReasons(s)
	switch {
	case s.CopyUser != nil:
		m.copyUser(*s.CopyUser, s.Origin, why)
	case s.CopyTeam != nil:
		m.copyTeam(*s.CopyTeam, s.Origin, why)
	case s.SetUser != nil:
		m.setUser(s.SetUser, s.Origin, why)
	case s.SetTeam != nil:
		m.setTeam(s.SetTeam, s.Origin, why)
	case s.DeleteUser != nil:
		m.deleteUser(s.DeleteUser, s.Origin, why)
	case s.DeleteTeam != nil:
		m.deleteTeam(*s.DeleteTeam, why)
	}
}

// emit compares the projected state with the snapshot and writes the changes down: people first, managers
// before reports, then teams, then what is deleted: reports before managers, people before teams.
func (m *planner) emit(p *Plan) {
	deletes := m.emitPeople(p)
	m.emitTeams(p)
	p.Changes = append(append(p.Changes, deletes...), m.teamDeletes()...)
	p.Conflicts, p.Skips, p.Warnings = sortedFindings(m.conflicts), sortedFindings(m.skips), sortedFindings(m.warnings)
	p.Counts.tally(p.Changes)
}

// conflict notes what only a person can answer.
func (m *planner) conflict(f Finding) { m.conflicts = append(m.conflicts, f) }

// skip notes what is deliberately not done.
func (m *planner) skip(f Finding) { m.skips = append(m.skips, f) }

// warn notes what is done and cannot be undone, or not quite as asked.
func (m *planner) warn(f Finding) { m.warnings = append(m.warnings, f) }

// sortedPeople gives the people of the projected state by user ID.
func (m *planner) sortedPeople() []*person {
	out := make([]*person, 0, len(m.people))
	for _, id := range slices.Sorted(maps.Keys(m.people)) {
		out = append(out, m.people[id])
	}
	return out
}

// alive reports whether the person exists in the target once the plan is applied, as far as people have
// been written down.
func (m *planner) alive(id string) bool {
	p := m.people[id]
	switch {
	case p == nil:
		return m.target.Users[id] != nil
	case p.old != nil:
		return !p.toDelete || p.stopped
	}
	return p.now != nil && !p.stopped
}

// counterparts gathers who is who.
func (r Request) counterparts() Counterparts {
	c := Counterparts{Users: map[string]string{}, Teams: map[string]string{}}
	note := func(to map[string]string, source, target string) {
		if _, known := to[source]; !known && source != "" {
			to[source] = target
		}
	}
	maps.Copy(c.Users, r.Counterparts.Users)
	maps.Copy(c.Teams, r.Counterparts.Teams)
	for _, s := range r.Steps {
		switch {
		case s.CopyUser != nil:
			note(c.Users, s.CopyUser.SourceID, s.CopyUser.UserID)
		case s.CopyTeam != nil:
			note(c.Teams, s.CopyTeam.SourceTeam, s.CopyTeam.Team)
		}
	}
	return c
}

// user gives the user ID in the target of somebody of the source.
func (c Counterparts) user(source string) string { return counterpart(c.Users, source) }

// users does so for a list.
func (c Counterparts) users(source []string) []string { return counterpartsOf(c.Users, source) }

// teams gives the names in the target of teams of the source.
func (c Counterparts) teams(source []string) []string { return counterpartsOf(c.Teams, source) }

func counterpart(known map[string]string, key string) string {
	if other, ok := known[key]; ok {
		return other
	}
	return key
}

func counterpartsOf(known map[string]string, keys []string) []string {
	if len(known) == 0 {
		return keys
	}
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = counterpart(known, key)
	}
	return out
}
