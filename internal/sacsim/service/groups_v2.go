package service

import (
	"net/http"
	"strings"
)

type groupParams struct {
	Description string `json:"description"`
}

// teamV2 names a team by its displayName. Members and the rest follow.
type teamV2 struct {
	Schemas     []string `json:"schemas"`
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	ExternalID  string   `json:"externalId,omitempty"`
	Meta        metaDoc  `json:"meta"`
}

// teamRestV2 holds the description in an extension.
type teamRestV2 struct {
	Roles  []roleDoc    `json:"roles,omitempty"`
	Params *groupParams `json:"urn:sap:params:scim:schemas:extension:sac:2.0:group-custom-parameters,omitempty"`
}

func renderTeamV2(t *team) rawJSON {
	head := teamV2{
		Schemas: []string{urnGroup, urnGroupV2, urnGroupRoles}, ID: t.uuid, DisplayName: t.name, ExternalID: t.externalID,
		Meta: metaDoc{Created: stamp(t.created), Location: v2Base + "/Groups/" + t.uuid, ResourceType: "Group"},
	}
	rest := teamRestV2{Roles: renderRoles(t.roles)}
	if t.display != "" {
		rest.Params = &groupParams{Description: t.display}
	}
	if t.members.len() == 0 {
		return splice(head, "members", nil, rest)
	}
	return splice(head, "members", [][]byte{t.members.encodedV2()}, rest)
}

func (s *Service) listTeamsV2(q *request) reply {
	return listing(q, q.urlQuery(), s.state.teams, s.state.teamAttr, (*team).order, renderTeamV2)
}

func (s *Service) searchTeamsV2(q *request) reply {
	return listing(q, q.bodyQuery(), s.state.teams, s.state.teamAttr, (*team).order, renderTeamV2)
}

func (s *Service) getTeamV2(q *request) reply {
	t := s.state.teamUUID[q.id]
	if t == nil {
		return q.missing("Group", q.id)
	}
	q.call.Work = Work{Kind: WorkGetTeam, Team: t.name, TeamSize: t.members.len()}
	return ok(renderTeamV2(t))
}

func (s *Service) deleteTeamV2(q *request) reply {
	return s.deleteTeam(q, s.state.teamUUID[q.id])
}

// createTeamV2 makes a folder unless the header says false; an existing folder does not stop it.
func (s *Service) createTeamV2(q *request) reply {
	nameValue, _ := q.body.get("displayName")
	name, err := text(nameValue)
	if err != nil || strings.TrimSpace(name) == "" {
		return q.invalid()
	}
	in, bad := s.parseTeamV2(q)
	if bad != nil {
		return *bad
	}
	if len(s.state.namesakes(name, s.cfg.Namespace)) > 0 {
		return q.refuse(s.settings.number(setTeamConflict), "uniqueness", "Group "+name+" already exists.")
	}
	t := &team{name: name, display: or(in.display, name)}
	s.finishTeam(q, t, in)
	if s.wantsFolder(q) {
		s.state.folders[name] = true
	}
	t.members.rememberV2()
	return reply{status: http.StatusCreated, body: renderTeamV2(t)}
}

func (s *Service) wantsFolder(q *request) bool {
	switch strings.ToLower(q.header.Get("x-sap-sac-create-team-folder")) {
	case "true":
		return true
	case "false":
		return false
	}
	return s.settings.on(setFolderDefault)
}

// parseTeamV2 reads a v2 team and checks it.
func (s *Service) parseTeamV2(q *request) (*teamInput, *reply) {
	in := &teamInput{}
	for key, v := range q.body {
		if err := s.setTeam(in, canonical(key), v); err != nil {
			out := q.invalid()
			return nil, &out
		}
	}
	if bad := s.checkTeam(q, in); bad != nil {
		return nil, bad
	}
	return in, nil
}

// setTeam reads one attribute of a v2 group by its canonical name; others are passed over.
func (s *Service) setTeam(in *teamInput, name string, v any) error {
	switch name {
	case "externalid":
		return setText(&in.externalID, v)
	case "ext.description":
		return setText(&in.display, v)
	case "ext":
		o := asObject(v)
		if d, has := o.get("description"); has {
			return setText(&in.display, d)
		}
	case "roles":
		return setList(&in.roles, v)
	case "grouproles":
		if o := asObject(v); o != nil {
			v, _ = o.get("roles")
		}
		return setList(&in.roles, v)
	case "members":
		ids, err := values(v)
		if err != nil {
			return err
		}
		s.resolve(in, ids, s.state.byUUID)
	}
	return nil
}

// putTeamV2 resets what the body leaves out; the name stays, since a team is named once.
func (s *Service) putTeamV2(q *request) reply {
	t := s.state.teamUUID[q.id]
	if t == nil {
		return q.missing("Group", q.id)
	}
	in, bad := s.parseTeamV2(q)
	if bad != nil {
		return *bad
	}
	fill(&in.display, "")
	fill(&in.externalID, "")
	fill(&in.roles, []string{})
	s.writeTeam(q, t, in)
	t.members.rememberV2()
	return ok(renderTeamV2(t))
}
