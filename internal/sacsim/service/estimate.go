package service

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// TeamWork tells what a PUT, PATCH or DELETE of one team would cost as things stand, without carrying it
// out. It is false for every other request and for a team the tenant does not find. A body that will be
// refused changes nothing.
func (s *Service) TeamWork(r *http.Request, body []byte) (Work, bool) {
	base, name := path.Split(strings.TrimSuffix(r.URL.EscapedPath(), "/"))
	id, err := url.PathUnescape(name)
	if err != nil {
		return Work{}, false
	}
	q := &request{call: &Call{}, v1: base == v1Base+"/Groups/", id: id, header: r.Header, raw: body}
	if r.Method == http.MethodPut || r.Method == http.MethodPatch {
		if q.body, err = parseObject(body); err != nil {
			q.body = nil
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var t *team
	switch base {
	case v1Base + "/Groups/":
		t = s.readableV1(id)
	case v2Base + "/Groups/":
		t = s.state.teamUUID[id]
	}
	if t == nil {
		return Work{}, false
	}
	work := Work{Kind: WorkTeam, Team: t.name, TeamSize: t.members.len(), Users: len(s.state.users)}
	switch {
	case r.Method == http.MethodDelete:
		work.Kind = WorkDeleteTeam
	case r.Method == http.MethodPatch && !q.v1:
		work.MemberChanges, work.RoleChanges = s.estimatePatch(q, t)
	case r.Method == http.MethodPut:
		work.MemberChanges, work.RoleChanges = s.estimatePut(q, t)
	default:
		return Work{}, false
	}
	return work, true
}

// estimatePut counts what a whole team changes.
func (s *Service) estimatePut(q *request, t *team) (members, roles int) {
	parse := s.parseTeamV2
	if q.v1 {
		parse = s.parseTeamV1
	}
	in, bad := parse(q)
	if q.body == nil || bad != nil {
		return 0, 0
	}
	if in.roles != nil || !q.v1 || !keepsRoles(q) {
		roles = differences(t.roles, or(in.roles, nil))
	}
	return t.members.replaced(in.members), roles
}

// estimatePatch counts what each operation changes of the team as it stands.
func (s *Service) estimatePatch(q *request, t *team) (members, roles int) {
	p, err := s.planTeam(q, t)
	if err != nil {
		return 0, 0
	}
	for _, step := range p.steps {
		switch {
		case step.wipe:
			members += t.members.replaced(step.add)
		default:
			members += len(s.leaving(t, step))
			for _, u := range step.add {
				if !t.members.has(u) {
					members++
				}
			}
		}
	}
	if p.in.roles != nil {
		roles = differences(t.roles, *p.in.roles)
	}
	return members, roles
}

// replaced counts who would come and go if want were the members.
func (m *memberSet) replaced(want []*user) int {
	stay, come := map[*user]bool{}, map[*user]bool{}
	for _, u := range want {
		if m.has(u) {
			stay[u] = true
		} else {
			come[u] = true
		}
	}
	return m.len() - len(stay) + len(come)
}
