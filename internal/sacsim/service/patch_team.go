package service

import (
	"fmt"
)

// memberStep is one change of the members, worked out before anything is written.
type memberStep struct {
	wipe    bool // everybody goes before the step
	add     []*user
	remove  []string             // UUIDs
	matches func(x element) bool // members to remove by another filter
}

// teamPatch is a whole PATCH of a team, checked and ready to be written.
type teamPatch struct {
	in       teamInput
	steps    []memberStep
	removing map[string]bool
	wiped    bool
}

// patchTeamV2 adds and removes. A bare "remove members" empties the team whatever its value says,
// and one request may remove 98 members (script 2666; IPS documents the limit).
func (s *Service) patchTeamV2(q *request) reply {
	t := s.state.teamUUID[q.id]
	if t == nil {
		return q.missing("Group", q.id)
	}
	p, err := s.planTeam(q, t)
	if err != nil {
		return q.invalid()
	}
	if p.wiped {
		q.call.violate("remove on members without a filter")
	}
	if limit := s.settings.number(setMaxRemovals); len(p.removing) > limit {
		q.call.violate(fmt.Sprintf("removal of %d members in one PATCH, %d are allowed", len(p.removing), limit))
		return q.invalid()
	}
	if bad := s.checkTeam(q, &p.in); bad != nil {
		return *bad
	}
	s.applyTeamPatch(q, t, p)
	t.members.rememberV2()
	return ok(renderTeamV2(t))
}

// planTeam works out what the operations want of the team.
func (s *Service) planTeam(q *request, t *team) (*teamPatch, error) {
	ops, err := parsePatch(q.body)
	if err != nil {
		return nil, err
	}
	p := &teamPatch{removing: map[string]bool{}}
	for _, op := range ops {
		if err := s.planTeamOp(t, p, op); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s *Service) planTeamOp(t *team, p *teamPatch, op patchOp) error {
	switch op.path.attr {
	case "members":
		return s.planMembers(t, p, op)
	case "roles", "grouproles", "grouproles.roles":
		if o := asObject(op.value); o != nil {
			if inner, has := o.get("roles"); has {
				op.value = inner
			}
		}
		next, err := patchValues(or(p.in.roles, t.roles), op)
		p.in.roles = &next
		return err
	case "displayname", "id", "meta", "ext":
		if op.op == "remove" {
			return errUnknownAttribute(op.path.attr)
		}
		return s.setTeam(&p.in, op.path.attr, op.value) // a team keeps its name
	case "externalid", "ext.description":
		if op.op == "remove" {
			op.value = nil
		}
		return s.setTeam(&p.in, op.path.attr, op.value)
	}
	return errUnknownAttribute(op.path.attr)
}

func (s *Service) planMembers(t *team, p *teamPatch, op patchOp) error {
	if op.op == "remove" {
		if op.path.filter == nil {
			p.wiped = true
			p.steps = append(p.steps, memberStep{wipe: true})
			return nil
		}
		return planRemoval(t, p, op.path)
	}
	if op.path.filter != nil {
		return fmt.Errorf("%w: %s of members with a filter", errPatch, op.op)
	}
	ids, err := values(op.value)
	if err != nil {
		return err
	}
	wanted := teamInput{}
	s.resolve(&wanted, ids, s.state.byUUID)
	if p.in.unknown == "" {
		p.in.unknown = wanted.unknown
	}
	p.steps = append(p.steps, memberStep{wipe: op.op == "replace", add: wanted.members})
	return nil
}

// planRemoval takes the usual or-chain of UUIDs apart and runs any other filter over the members.
func planRemoval(t *team, p *teamPatch, path patchPath) error {
	if path.sub != "" {
		return errUnknownAttribute(path.sub)
	}
	if ids, plain := listedValues(path.filter); plain {
		for _, id := range ids {
			p.removing[id] = true
		}
		p.steps = append(p.steps, memberStep{remove: ids})
		return nil
	}
	inner, err := compile(path.filter, elementAttr)
	if err != nil {
		return err
	}
	for e := range teamMembers(t) {
		if inner.match(e) {
			p.removing[e.value] = true
		}
	}
	p.steps = append(p.steps, memberStep{matches: inner.match})
	return nil
}

// listedValues reads value eq "a" or value eq "b" …
func listedValues(n *node) ([]string, bool) {
	kids := []*node{n}
	if n.op == "or" {
		kids = n.kids
	}
	out := make([]string, 0, len(kids))
	for _, k := range kids {
		if k.op != "eq" || k.attr != "value" || k.val.kind != 's' {
			return nil, false
		}
		out = append(out, k.val.text)
	}
	return out, true
}

func (s *Service) applyTeamPatch(q *request, t *team, p *teamPatch) {
	work := Work{Kind: WorkTeam, Team: t.name, TeamSize: t.members.len()}
	s.describe(t, &p.in)
	for _, step := range p.steps {
		work.MemberChanges += s.applyMembers(t, step)
	}
	if p.in.roles != nil {
		work.RoleChanges = t.setRoles(s.granted(t.roles, *p.in.roles))
	}
	q.call.Work = work
	s.record(q, "TEAM", t.name, "Update")
}

func (s *Service) applyMembers(t *team, step memberStep) int {
	if step.wipe {
		return s.state.setMembers(t, s.admitted(t, step.add))
	}
	changes := 0
	for u := range s.leaving(t, step) {
		if s.state.leave(t, u) {
			changes++
		}
	}
	for _, u := range s.admitted(t, step.add) {
		if s.state.join(t, u) {
			changes++
		}
	}
	return changes
}

// leaving gives the members that a step without a wipe takes out.
func (s *Service) leaving(t *team, step memberStep) map[*user]bool {
	gone := map[*user]bool{}
	for _, id := range step.remove {
		if u := s.state.byUUID[id]; u != nil && t.members.has(u) {
			gone[u] = true
		}
	}
	if step.matches != nil {
		for u := range t.members.each() {
			if step.matches(memberElement(u)) {
				gone[u] = true
			}
		}
	}
	return gone
}
