package service

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// teamV1 names a team by its id and calls its description displayName. Members and roles follow.
type teamV1 struct {
	Schemas     []string `json:"schemas"`
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	Meta        metaDoc  `json:"meta"`
}

type teamRolesV1 struct {
	Roles []string `json:"roles"`
}

func renderTeamV1(t *team) rawJSON {
	if t.roles == nil {
		return encodeTeamV1(t, []string{})
	}
	return encodeTeamV1(t, t.roles)
}

// renderListedTeamV1 differs in one thing: a listed team without roles has null (script 1601).
func renderListedTeamV1(t *team) rawJSON {
	if len(t.roles) == 0 {
		return encodeTeamV1(t, nil)
	}
	return encodeTeamV1(t, t.roles)
}

func encodeTeamV1(t *team, roles []string) rawJSON {
	head := teamV1{
		Schemas: []string{urnGroup}, ID: t.name, DisplayName: t.display,
		Meta: metaDoc{Created: stamp(t.created), Location: v1Base + "/Groups/" + pathID(t.name), ResourceType: "Group"},
	}
	return splice(head, "members", [][]byte{t.members.encodedV1()}, teamRolesV1{Roles: roles})
}

func (t *team) order() int { return t.seq }

// listTeamsV1 shows every team, those that v1 cannot read by id too (script 1654).
func (s *Service) listTeamsV1(q *request) reply {
	l := q.urlQuery()
	l.filter = "" // v1 teams know no filter
	return listing(q, l, s.state.teams, s.state.teamAttr, (*team).order, renderListedTeamV1)
}

// readableV1 finds the team v1 means by a bare name, letter case included. v1 sees the teams it
// made itself; the two tenant settings show it more, and NEO has no hidden teams.
func (s *Service) readableV1(name string) *team {
	found := s.state.teamNames[name]
	if s.cfg.Platform != NEO && !s.settings.on(setIgnoreNS) {
		found = slices.DeleteFunc(slices.Clone(found), func(t *team) bool {
			return !t.madeByV1 && (t.seeded || !s.settings.on(setWorkaround))
		})
	}
	if len(found) != 1 {
		return nil // two of a name: "team not found"
	}
	return found[0]
}

func (s *Service) getTeamV1(q *request) reply {
	t := s.readableV1(q.id)
	if t == nil {
		return q.missing("Group", q.id)
	}
	q.call.Work = Work{Kind: WorkGetTeam, Team: t.name, TeamSize: t.members.len()}
	return ok(renderTeamV1(t))
}

func (s *Service) deleteTeamV1(q *request) reply {
	return s.deleteTeam(q, s.readableV1(q.id))
}

// deleteTeam leaves the users and the team's folder behind (script 1801).
func (s *Service) deleteTeam(q *request, t *team) reply {
	if t == nil {
		return q.missing("Group", q.id)
	}
	q.call.Work = Work{Kind: WorkDeleteTeam, Team: t.name, TeamSize: t.members.len()}
	s.state.removeTeam(t)
	s.record(q, "TEAM", t.name, "Delete")
	return reply{status: http.StatusNoContent}
}

// teamInput is what a write wants of a team; nil means that the request says nothing about it.
type teamInput struct {
	display, externalID *string
	members             []*user
	unknown             string // the first member the tenant does not know
	roles               *[]string
}

// createTeamV1 always makes a folder too, and an existing folder of that name stops it (script 1501).
func (s *Service) createTeamV1(q *request) reply {
	idValue, _ := q.body.get("id")
	name, err := text(idValue)
	if err != nil || strings.TrimSpace(name) == "" {
		return q.invalidBecause("id is mandatory.")
	}
	in, bad := s.parseTeamV1(q)
	if bad != nil {
		return *bad
	}
	if len(s.state.namesakes(name, s.cfg.Namespace)) > 0 {
		return q.refuse(s.settings.number(setTeamConflict), "uniqueness", "Team "+name+" already exists.")
	}
	if s.state.folders[name] {
		return q.refuse(s.settings.number(setTeamConflict), "uniqueness", "Folder "+name+" already exists.")
	}
	t := &team{name: name, display: or(in.display, name), madeByV1: true}
	s.finishTeam(q, t, in)
	s.state.folders[name] = true
	t.members.rememberV1()
	return reply{status: http.StatusCreated, body: renderTeamV1(t)}
}

// finishTeam puts a new team into the tenant's own namespace.
func (s *Service) finishTeam(q *request, t *team, in *teamInput) {
	t.namespace, t.created = s.cfg.Namespace, s.now().UTC()
	t.externalID = or(in.externalID, "")
	s.state.addTeam(t)
	q.call.Work = Work{Kind: WorkTeam, Team: t.name}
	q.call.Work.MemberChanges = s.state.setMembers(t, s.admitted(t, in.members))
	if in.roles != nil {
		q.call.Work.RoleChanges = t.setRoles(s.granted(t.roles, *in.roles))
	}
	s.record(q, "TEAM", t.name, "Create")
}

// parseTeamV1 reads a v1 team and checks it. Members the tenant does not know are skipped silently,
// which a client notices by counting (script 1103).
func (s *Service) parseTeamV1(q *request) (*teamInput, *reply) {
	display, hasDisplay := q.body.get("displayName")
	in := &teamInput{}
	if hasDisplay {
		if err := setText(&in.display, display); err != nil {
			out := q.invalidBecause(textInvalid + " displayName")
			return nil, &out
		}
	}
	members, _ := q.body.get("members")
	ids, err := values(members)
	if err != nil {
		out := q.invalidBecause(textInvalid + " members")
		return nil, &out
	}
	s.resolve(in, ids, s.state.byID)
	if roles, has := q.body.get("roles"); has {
		if err := setList(&in.roles, roles); err != nil {
			out := q.invalidBecause(textInvalid + " roles")
			return nil, &out
		}
	}
	if bad := s.checkTeam(q, in); bad != nil {
		return nil, bad
	}
	return in, nil
}

// resolve finds the members among the tenant's users.
func (s *Service) resolve(in *teamInput, ids []string, index map[string]*user) {
	in.members = make([]*user, 0, len(ids))
	for _, id := range ids {
		switch u := index[id]; {
		case u != nil:
			in.members = append(in.members, u)
		case in.unknown == "":
			in.unknown = id
		}
	}
}

// checkTeam holds the limits and references of every whole-team write.
func (s *Service) checkTeam(q *request, in *teamInput) *reply {
	var out reply
	switch role, unknown := s.state.unknownRole(or(in.roles, nil)); {
	case unknown:
		out = q.invalidBecause(textRole + role + ".")
	case in.unknown != "" && s.settings.on(setRefuseMembers):
		out = q.invalidBecause("User " + in.unknown + " not found.")
	case utf8.RuneCountInString(or(in.display, "")) > s.settings.number(setMaxDisplay):
		out = q.invalidBecause("displayName is too long.")
	case len(in.members) > s.settings.number(setMaxMembers):
		out = q.invalidBecause("There are too many members.")
	default:
		return nil
	}
	return &out
}

// putTeamV1 replaces members and roles; roles that are not named go unless the header keeps them.
func (s *Service) putTeamV1(q *request) reply {
	t := s.readableV1(q.id)
	if t == nil {
		return q.missing("Group", q.id)
	}
	if _, has := q.body.get("roles"); !has && !keepsRoles(q) {
		q.call.violate("PUT of a v1 team without roles and without x-ignore-roles-if-missing")
	}
	in, bad := s.parseTeamV1(q)
	if bad != nil {
		return *bad
	}
	if in.roles == nil && !keepsRoles(q) {
		in.roles = &[]string{}
	}
	s.writeTeam(q, t, in)
	t.members.rememberV1()
	return ok(renderTeamV1(t))
}

// writeTeam replaces a team's facts and tells what it cost.
func (s *Service) writeTeam(q *request, t *team, in *teamInput) {
	work := Work{Kind: WorkTeam, Team: t.name, TeamSize: t.members.len()}
	s.describe(t, in)
	work.MemberChanges = s.state.setMembers(t, s.admitted(t, in.members))
	if in.roles != nil {
		work.RoleChanges = t.setRoles(s.granted(t.roles, *in.roles))
	}
	q.call.Work = work
	s.record(q, "TEAM", t.name, "Update")
}

// describe writes a team's texts.
func (s *Service) describe(t *team, in *teamInput) {
	if !s.settings.has(setIgnored, "team.description") {
		put(&t.display, in.display)
	}
	put(&t.externalID, in.externalID)
}
