package service

import (
	"iter"
	"slices"
)

// groupV3 is one group of v3, where teams and roles are one resource type: team says which.
type groupV3 struct {
	team *team
	role *role
	seq  int
}

// groupV3Doc is thinly documented: help.sap.com says that roles and teams are in it, public clients
// read type, displayName, description and members. These follow, and then the kind.
type groupV3Doc struct {
	Schemas     []string `json:"schemas"`
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	Description string   `json:"description,omitempty"`
	Meta        metaDoc  `json:"meta"`
}

type groupRestV3 struct {
	Kind kindV3 `json:"urn:ietf:params:scim:schemas:extension:sap:2.0:Group"`
}

type kindV3 struct {
	Type string `json:"type"` // userGroup or authorization
}

func (g groupV3) kind() string {
	if g.team != nil {
		return "userGroup"
	}
	return "authorization"
}

func (g groupV3) id() string {
	if g.team != nil {
		return g.team.uuid
	}
	return g.role.uuid
}

func (g groupV3) name() string {
	if g.team != nil {
		return g.team.name
	}
	return g.role.name
}

func (g groupV3) order() int { return g.seq }

// groupsV3 lists the teams, then the roles.
func (st *state) groupsV3() []groupV3 {
	out := make([]groupV3, 0, len(st.teams)+len(st.roleOrder))
	for _, t := range st.teams {
		out = append(out, groupV3{team: t, seq: len(out)})
	}
	for _, r := range st.roleOrder {
		out = append(out, groupV3{role: r, seq: len(out)})
	}
	return out
}

func groupAttrV3(name string) (attr[groupV3], bool) {
	switch canonical(name) {
	case "id":
		return attr[groupV3]{one: groupV3.id}, true
	case "displayname":
		return attr[groupV3]{one: groupV3.name}, true
	case "type", "urn:ietf:params:scim:schemas:extension:sap:2.0:group:type", "urn:ietf:params:scim:schemas:extension:sap:2.0:group.type":
		return attr[groupV3]{one: groupV3.kind}, true
	case "members", "members.value":
		return attr[groupV3]{elems: membersV3}, true
	}
	return attr[groupV3]{}, false
}

func membersV3(g groupV3) iter.Seq[element] {
	if g.team != nil {
		return teamMembers(g.team)
	}
	return func(func(element) bool) {}
}

func (s *Service) renderV3(g groupV3) rawJSON {
	head := groupV3Doc{
		Schemas: []string{urnGroup, urnSAPGroup}, ID: g.id(), DisplayName: g.name(),
		Meta: metaDoc{Created: stamp(seedEpoch), Location: v3Base + "/Groups/" + g.id(), ResourceType: "Group"},
	}
	if g.team != nil {
		head.Description, head.Meta.Created = g.team.display, stamp(g.team.created)
	}
	var list [][]byte // v3 leaves an empty one out
	if members := appendMembers(nil, v3Base, s.holders(g)); len(members) > 0 {
		list = [][]byte{members}
	}
	return splice(head, "members", list, groupRestV3{Kind: kindV3{Type: g.kind()}})
}

// holders are the members of a team, or the people who hold a role.
func (s *Service) holders(g groupV3) iter.Seq[*user] {
	if g.team != nil {
		return g.team.members.each()
	}
	return func(yield func(*user) bool) {
		for _, u := range s.state.users {
			if slices.Contains(u.roles, g.role.name) && !yield(u) {
				return
			}
		}
	}
}

func (s *Service) listGroupsV3(q *request) reply {
	return listing(q, q.urlQuery(), s.state.groupsV3(), groupAttrV3, groupV3.order, s.renderV3)
}

func (s *Service) getGroupV3(q *request) reply {
	for _, g := range s.state.groupsV3() {
		if g.id() == q.id {
			q.call.Work = Work{Kind: WorkGetTeam, Team: g.name()}
			return ok(s.renderV3(g))
		}
	}
	return q.missing("Group", q.id)
}
