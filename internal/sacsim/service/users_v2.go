package service

type nameV2 struct {
	FamilyName string `json:"familyName,omitempty"`
	GivenName  string `json:"givenName,omitempty"`
	MiddleName string `json:"middleName,omitempty"`
	Formatted  string `json:"formatted,omitempty"`
}

type photoV2 struct {
	Value   string `json:"value"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

type roleDoc struct {
	Value   string `json:"value"`
	Display string `json:"display,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

type refDoc struct {
	Value string `json:"value"`
}

type enterpriseV2 struct {
	Manager refDoc `json:"manager"`
}

type paramsV2 struct {
	IdpUserID string `json:"idpUserId,omitempty"`
	paramsDoc
}

// userV2 leaves empty attributes out.
type userV2 struct {
	Schemas           []string      `json:"schemas"`
	ID                string        `json:"id"`
	Meta              metaDoc       `json:"meta"`
	UserName          string        `json:"userName"`
	ExternalID        string        `json:"externalId,omitempty"`
	Name              *nameV2       `json:"name,omitempty"`
	DisplayName       string        `json:"displayName,omitempty"`
	PreferredLanguage string        `json:"preferredLanguage,omitempty"`
	Active            bool          `json:"active"`
	Emails            []emailDoc    `json:"emails,omitempty"`
	Photos            []photoV2     `json:"photos,omitempty"`
	Groups            []groupRef    `json:"groups,omitempty"`
	Roles             []roleDoc     `json:"roles,omitempty"`
	Enterprise        *enterpriseV2 `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitempty"`
	Params            paramsV2      `json:"urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"`
}

func renderUserV2(u *user) userV2 {
	doc := userV2{
		Schemas: []string{urnUser, urnEnterprise, urnParamsV2}, ID: u.uuid, UserName: u.id, ExternalID: u.externalID,
		Meta:        metaDoc{Created: stamp(u.created), Location: v2Base + "/Users/" + u.uuid, ResourceType: "User"},
		DisplayName: u.display, PreferredLanguage: u.language, Active: u.active, Roles: renderRoles(u.roles),
		Params: paramsV2{IdpUserID: u.idp, paramsDoc: paramsDoc{params: u.params}},
	}
	if name := (nameV2{FamilyName: u.family, GivenName: u.given, MiddleName: u.middle, Formatted: u.fullName()}); name != (nameV2{}) {
		doc.Name = &name
	}
	if u.email != "" {
		doc.Emails = []emailDoc{{Value: u.email, Type: "work", Primary: true}}
	}
	for i, p := range u.photos {
		doc.Photos = append(doc.Photos, photoV2{Value: p, Type: "photo", Primary: i == 0})
	}
	for _, t := range u.teams {
		doc.Groups = append(doc.Groups, groupRef{Value: t.uuid, Display: t.name, Ref: v2Base + "/Groups/" + t.uuid})
	}
	if u.manager != nil {
		doc.Enterprise = &enterpriseV2{Manager: refDoc{Value: u.manager.uuid}}
	}
	return doc
}

func renderRoles(roles []string) []roleDoc {
	out := make([]roleDoc, len(roles))
	for i, r := range roles {
		out[i] = roleDoc{Value: r, Display: roleDisplay(r), Primary: i == 0}
	}
	return out
}

func (s *Service) listUsersV2(q *request) reply {
	s.creates.read(q.call.Actor)
	return listing(q, q.urlQuery(), s.state.users, s.state.userAttrV2, (*user).order, renderUserV2)
}

func (s *Service) searchUsersV2(q *request) reply {
	s.creates.read(q.call.Actor)
	return listing(q, q.bodyQuery(), s.state.users, s.state.userAttrV2, (*user).order, renderUserV2)
}

func (s *Service) getUserV2(q *request) reply {
	s.creates.read(q.call.Actor)
	u := s.state.byUUID[q.id]
	if u == nil {
		return q.missing("User", q.id)
	}
	q.call.Work = Work{Kind: WorkGetUser}
	return ok(renderUserV2(u))
}

func (s *Service) deleteUserV2(q *request) reply {
	return s.deleteUser(q, s.state.byUUID[q.id])
}
