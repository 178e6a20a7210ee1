package service

import (
	"net/http"
)

type metaDoc struct {
	Created      string `json:"created"`
	Location     string `json:"location"`
	ResourceType string `json:"resourceType"`
}

type nameV1 struct {
	GivenName  string `json:"givenName"`
	FamilyName string `json:"familyName"`
}

type emailDoc struct {
	Value   string `json:"value"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

type photoV1 struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

type groupRef struct {
	Value   string `json:"value"`
	Display string `json:"display"`
	Ref     string `json:"$ref"`
}

// paramsDoc shows marketingEmailOptIn, which the tenant no longer uses.
type paramsDoc struct {
	params
	Marketing bool `json:"marketingEmailOptIn"`
}

type managerV1 struct {
	ManagerID string `json:"managerId"`
}

type enterpriseV1 struct {
	Manager managerV1 `json:"manager"`
}

// userV1 keeps empty attributes, unlike v2; userName is null after a clash under custom SSO.
type userV1 struct {
	Schemas           []string     `json:"schemas"`
	UserName          *string      `json:"userName"`
	ID                string       `json:"id"`
	PreferredLanguage string       `json:"preferredLanguage"`
	Meta              metaDoc      `json:"meta"`
	Name              nameV1       `json:"name"`
	DisplayName       string       `json:"displayName"`
	Active            bool         `json:"active"`
	Emails            []emailDoc   `json:"emails"`
	Photos            []photoV1    `json:"photos"`
	Roles             []string     `json:"roles"`
	Groups            []groupRef   `json:"groups"`
	Params            paramsDoc    `json:"urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0"`
	Enterprise        enterpriseV1 `json:"urn:scim:schemas:extension:enterprise:1.0"`
}

func schemasV1() []string { return []string{urnUser, urnEnterprise, urnParamsV1} }

func renderUserV1(u *user) userV1 {
	location := v1Base + "/Users/" + pathID(u.id)
	doc := userV1{
		Schemas: schemasV1(), ID: u.id, PreferredLanguage: u.language, DisplayName: u.display, Active: u.active,
		Meta:   metaDoc{Created: stamp(u.created), Location: location, ResourceType: "User"},
		Name:   nameV1{GivenName: u.given, FamilyName: u.family},
		Emails: []emailDoc{{Value: u.email, Type: "work", Primary: true}},
		Photos: []photoV1{}, Roles: u.roles, Groups: make([]groupRef, 0, len(u.teams)), Params: paramsDoc{params: u.params},
	}
	if u.login != "" {
		login := u.login
		doc.UserName = &login
	}
	for _, p := range u.photos {
		doc.Photos = append(doc.Photos, photoV1{Value: p, Type: "photo"})
	}
	if len(u.photos) == 0 {
		doc.Photos = append(doc.Photos, photoV1{Type: "photo"})
	}
	if len(u.roles) == 0 {
		doc.Roles = []string{""} // no roles read as one empty string (script 1112)
	}
	for _, t := range u.teams {
		doc.Groups = append(doc.Groups, groupRef{Value: t.name, Display: t.display, Ref: v1Base + "/Groups/" + pathID(t.name)})
	}
	if u.manager != nil {
		doc.Enterprise.Manager.ManagerID = u.manager.id
	}
	return doc
}

func (s *Service) listUsersV1(q *request) reply {
	s.creates.read(q.call.Actor)
	return listing(q, q.urlQuery(), s.state.users, s.state.userAttrV1, (*user).order, renderUserV1)
}

func (s *Service) searchUsersV1(q *request) reply {
	s.creates.read(q.call.Actor)
	return listing(q, q.bodyQuery(), s.state.users, s.state.userAttrV1, (*user).order, renderUserV1)
}

func (u *user) order() int { return u.seq }

func (s *Service) getUserV1(q *request) reply {
	s.creates.read(q.call.Actor)
	u := s.state.byID[q.id]
	if u == nil {
		return q.missing("User", q.id)
	}
	q.call.Work = Work{Kind: WorkGetUser}
	return reply{status: http.StatusOK, body: renderUserV1(u)}
}

func (s *Service) deleteUserV1(q *request) reply {
	return s.deleteUser(q, s.state.byID[q.id])
}

// deleteUser refuses managers of others (script 2666) and the System Owner.
func (s *Service) deleteUser(q *request, u *user) reply {
	if u == nil {
		return q.missing("User", q.id)
	}
	if u.managesOthers() {
		return q.refuse(s.settings.number(setManagerDelete), "invalidValue", "User "+u.id+" is the manager of other users.")
	}
	if u.owner() {
		return q.invalid()
	}
	s.state.removeUser(u)
	s.record(q, "USER", u.id, "Delete")
	q.call.Work = Work{Kind: WorkDeleteUser}
	return reply{status: http.StatusNoContent}
}
