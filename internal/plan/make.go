package plan

import (
	"maps"
	"slices"

	"sacbridge/internal/identity"
)

// Version is the version of the plan file format that this program writes and reads.
const Version = 1

// Make decides. It is deterministic: equal inputs, in any order of their maps and lists, give an equal
// plan. ID, Tool, Created and Calls are left for the caller. The plan shares memory with the
// snapshots, which must not change afterwards.
func Make(req Request, source, target identity.Snapshot, rules Rules) *Plan {
	m := &maker{
		req: req, source: source, target: target,
		roles:  newTranslator(req.Options, source.Tenant, target.Tenant),
		guard:  newKeeper(rules.Protect, target),
		rules:  rules,
		people: map[string]*person{}, teams: map[string]*team{},
	}
	m.trackJoins = slices.ContainsFunc(req.Steps, func(s Step) bool { return userTeams(s).Shrinks() })
	for _, s := range req.Steps {
		m.step(s)
	}
	p := &Plan{
		Version: Version, Source: source.Tenant, Target: target.Tenant, Request: req, Rules: rules,
		SourcePrints: prints(SourceScope(req), source),
		TargetPrints: prints(TargetScope(req, source, target.Tenant), target),
	}
	m.settle(p)
	p.Read = populationOf(target)
	p.Judge()
	return p
}

// maker holds the picture of the target while the steps are applied to it, and what was noticed.
type maker struct {
	req            Request
	source, target identity.Snapshot
	rules          Rules
	roles          translator
	guard          keeper

	people map[string]*person // by user ID; only those a step is about
	teams  map[string]*team   // by name; only those a step is about

	// joins lists the teams a person joins in the picture, for actions that make a person leave teams; it
	// is kept only where there is one.
	trackJoins bool
	joins      map[string][]string

	conflicts, skips []Finding
}

// step applies one row to the picture.
func (m *maker) step(s Step) {
	why := newReasons(s)
	switch {
	case s.CopyUser != nil:
		m.copyUser(*s.CopyUser, s.Origin, why)
	case s.CopyTeam != nil:
		m.copyTeam(*s.CopyTeam, s.Origin, why)
	}
}

// settle compares the picture with the snapshot and writes the changes down: people first, managers
// before reports, then teams.
func (m *maker) settle(p *Plan) {
	m.settlePeople(p)
	m.settleTeams(p)
	p.Conflicts, p.Skips = sortedFindings(m.conflicts), sortedFindings(m.skips)
	p.Counts.tally(p.Changes)
}

// conflict notes what only a person can answer.
func (m *maker) conflict(f Finding) { m.conflicts = append(m.conflicts, f) }

// skip notes what is deliberately not done.
func (m *maker) skip(f Finding) { m.skips = append(m.skips, f) }

// sortedPeople gives the people of the picture by user ID.
func (m *maker) sortedPeople() []*person {
	out := make([]*person, 0, len(m.people))
	for _, id := range slices.Sorted(maps.Keys(m.people)) {
		out = append(out, m.people[id])
	}
	return out
}

// alive reports whether the person exists in the target once the plan is applied.
func (m *maker) alive(id string) bool {
	if m.target.Users[id] != nil {
		return true
	}
	p := m.people[id]
	return p != nil && p.create && !p.stopped
}

// userTeams gives a step's action on the teams of single people.
func userTeams(s Step) identity.Action {
	switch {
	case s.CopyUser != nil:
		return s.CopyUser.Teams
	case s.CopyTeam != nil && s.CopyTeam.copiesUsers():
		return s.CopyTeam.UserTeams
	}
	return identity.Keep
}

// copiesUsers reports whether a row is about the team's members as people, too.
func (c CopyTeam) copiesUsers() bool { return c.Users == UsersMissing || c.Users == UsersAll }

// tally sums changes up. An update of a person whom the same plan creates is part of the creation.
func (c *Counts) tally(changes []Change) {
	created := map[string]bool{}
	for _, ch := range changes {
		c.AddRoles += len(ch.AddRoles)
		c.RemoveRoles += len(ch.RemoveRoles)
		c.AddMembers += len(ch.AddMembers)
		c.RemoveMembers += len(ch.RemoveMembers)
		if ch.Entity == Team {
			c.tallyTeam(ch)
			continue
		}
		switch ch.Op {
		case Create:
			created[ch.Key] = true
			c.CreateUsers++
			c.AddRoles += len(ch.User.Roles)
		case Update:
			if created[ch.Key] {
				continue
			}
			c.UpdateUsers++
			if slices.ContainsFunc(ch.Fields, deactivates) {
				c.DeactivateUsers++
			}
		case Delete:
			c.DeleteUsers++
		}
	}
}

func (c *Counts) tallyTeam(ch Change) {
	switch ch.Op {
	case Create:
		c.CreateTeams++
	case Update:
		c.UpdateTeams++
	case Delete:
		c.DeleteTeams++
	}
}

func deactivates(f Field) bool { return f.Name == FieldActive && f.After == "false" }
