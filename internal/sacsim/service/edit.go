package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Edit is one change that another administrator makes in the tenant's own pages, past the API. It names
// one user or one team, and does in this order: create, set, roles, members, delete.
type Edit struct {
	User string `json:"user,omitempty"` // USERID
	Team string `json:"team,omitempty"` // name; of another namespace as namespace:name

	Create bool    `json:"create,omitempty"` // who is there already is an error
	Delete bool    `json:"delete,omitempty"`
	Set    EditSet `json:"set,omitzero"`

	AddRoles      []string `json:"addRoles,omitempty"`
	RemoveRoles   []string `json:"removeRoles,omitempty"`
	AddMembers    []string `json:"addMembers,omitempty"`    // of a team
	RemoveMembers []string `json:"removeMembers,omitempty"` // of a team
}

// EditSet holds attributes by their names in a seed; nil leaves one alone. A team has a display name only.
type EditSet struct {
	Email             *string         `json:"email,omitempty"`
	UserName          *string         `json:"userName,omitempty"` // the login ID
	GivenName         *string         `json:"givenName,omitempty"`
	FamilyName        *string         `json:"familyName,omitempty"`
	DisplayName       *string         `json:"displayName,omitempty"`
	PreferredLanguage *string         `json:"preferredLanguage,omitempty"`
	Active            *bool           `json:"active,omitempty"`
	Manager           *string         `json:"manager,omitempty"` // USERID; "" for nobody
	Photos            *[]string       `json:"photos,omitempty"`
	ExternalID        *string         `json:"externalId,omitempty"`
	Params            json.RawMessage `json:"params,omitempty"` // merged over those the user has
}

// otherAdmin is the name under which edits stand in the activity log.
const otherAdmin = "ADMINISTRATOR"

// Edit makes changes as another administrator does, one after the other; it stops at the first that can't
// be made. Roles that do not exist yet come to be.
func (s *Service) Edit(edits ...Edit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range edits {
		if err := s.edit(e); err != nil {
			return fmt.Errorf("edit %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *Service) edit(e Edit) error {
	if (e.User == "") == (e.Team == "") {
		return errors.New(`want either "user" or "team"`)
	}
	if err := checkRoles("addRoles", e.AddRoles); err != nil {
		return err
	}
	s.state.addRoles(e.AddRoles)
	if e.User != "" {
		return s.editUser(e)
	}
	return s.editTeam(e)
}

func (s *Service) editUser(e Edit) error {
	u := s.state.byID[e.User]
	if (u == nil) != e.Create {
		return fmt.Errorf("user %q: there %t, to be created %t", e.User, u != nil, e.Create)
	}
	if e.Create {
		made, err := seedUser{ID: e.User, place: "user"}.user(s.cfg)
		if err != nil {
			return err
		}
		u = made
		u.created = s.now().UTC()
		s.state.addUser(u)
	}
	if err := s.setByAdmin(u, e.Set); err != nil {
		return fmt.Errorf("user %q: %w", e.User, err)
	}
	s.state.change(u, func() { u.roles = edited(u.roles, e.AddRoles, e.RemoveRoles) })
	if e.Delete {
		if u.managesOthers() {
			return fmt.Errorf("user %q is the manager of others", e.User)
		}
		s.state.removeUser(u)
	}
	s.recordAs(otherAdmin, "USER", u.id, "Update")
	return nil
}

// setByAdmin writes attributes. The tenant's pages keep login ID and e-mail in step where the SSO mode
// wants them equal.
func (s *Service) setByAdmin(u *user, set EditSet) error {
	next := u.params
	if len(set.Params) > 0 {
		if err := strictJSON(set.Params, &next); err != nil {
			return fmt.Errorf("params: %w", err)
		}
	}
	manager := u.manager
	if set.Manager != nil {
		if manager = s.state.byID[*set.Manager]; manager == nil && *set.Manager != "" {
			return fmt.Errorf("manager: %q is not a user", *set.Manager)
		}
	}
	s.state.change(u, func() {
		u.params = next
		s.state.setManager(u, manager)
		s.renameLogin(u, set)
		put(&u.given, set.GivenName)
		put(&u.family, set.FamilyName)
		put(&u.display, set.DisplayName)
		put(&u.language, set.PreferredLanguage)
		put(&u.active, set.Active)
		put(&u.externalID, set.ExternalID)
		if set.Photos != nil {
			u.photos = nonEmpty(*set.Photos)
		}
	})
	return nil
}

func (s *Service) renameLogin(u *user, set EditSet) {
	put(&u.email, set.Email)
	put(&u.login, set.UserName)
	switch s.cfg.SSO {
	case SSODefault:
		u.idp = or(set.Email, u.idp)
	case SSOEmail:
		u.login, u.idp = or(set.Email, u.login), or(set.Email, u.idp)
	case SSOUserID, SSOCustom:
		u.idp = or(set.UserName, u.idp)
	}
}

func (s *Service) editTeam(e Edit) error {
	i := slices.IndexFunc(s.state.teams, func(t *team) bool { return t.key(s.cfg.Namespace) == e.Team })
	if (i < 0) != e.Create {
		return fmt.Errorf("team %q: there %t, to be created %t", e.Team, i >= 0, e.Create)
	}
	var t *team
	if e.Create {
		t = &team{name: e.Team, display: e.Team, namespace: s.cfg.Namespace, created: s.now().UTC()}
		s.state.addTeam(t)
	} else {
		t = s.state.teams[i]
	}
	put(&t.display, e.Set.DisplayName)
	t.setRoles(edited(t.roles, e.AddRoles, e.RemoveRoles))
	for _, id := range slices.Concat(e.AddMembers, e.RemoveMembers) {
		if s.state.byID[id] == nil {
			return fmt.Errorf("team %q: member %q is not a user", e.Team, id)
		}
	}
	for _, id := range e.AddMembers {
		s.state.join(t, s.state.byID[id])
	}
	for _, id := range e.RemoveMembers {
		s.state.leave(t, s.state.byID[id])
	}
	if e.Delete {
		s.state.removeTeam(t)
	}
	s.recordAs(otherAdmin, "TEAM", t.name, "Update")
	return nil
}

// edited is a list with some values added and others taken out.
func edited(list, add, remove []string) []string {
	return slices.DeleteFunc(unique(slices.Concat(list, add)), func(v string) bool { return slices.Contains(remove, v) })
}
