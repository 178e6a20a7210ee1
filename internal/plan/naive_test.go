package plan_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// carryOut does a plan's changes to a copy of the target, in order and without a second thought. A
// user's teams follow the member lists. What SAC would refuse is a panic.
func carryOut(target identity.Snapshot, p *plan.Plan) identity.Snapshot {
	out := clone(target)
	for _, c := range p.Changes {
		if c.Entity == plan.User {
			changeUser(out, c)
		} else {
			changeTeam(out, c)
		}
	}
	return out
}

func changeUser(s identity.Snapshot, c plan.Change) {
	switch c.Op {
	case plan.Create:
		u := *c.User
		s.Users[c.Key] = &u
		mustExist(s, u.Manager)
	case plan.Delete:
		delete(s.Users, c.Key)
		for id, u := range s.Users {
			if u.Manager == c.Key {
				panic("the tenant deletes no manager of others: " + c.Key + " is that of " + id)
			}
		}
		for _, g := range s.Groups {
			if slices.Contains(g.Members, c.Key) {
				g.Members = append([]string{}, links(g.Members, []string{c.Key}, nil)...)
				g.Size--
			}
		}
	case plan.Update:
		u := s.Users[c.Key]
		for _, f := range c.Fields {
			setField(s.Tenant, u, f)
		}
		mustExist(s, u.Manager)
		u.Roles = links(u.Roles, c.RemoveRoles, c.AddRoles)
	}
}

// mustExist refuses a manager whom the tenant does not know, as SAC does.
func mustExist(s identity.Snapshot, manager string) {
	if manager != "" && s.Users[manager] == nil {
		panic("the tenant has no manager " + manager)
	}
}

func changeTeam(s identity.Snapshot, c plan.Change) {
	if c.Op == plan.Delete {
		delete(s.Groups, c.Key)
		for _, u := range s.Users {
			u.Teams = links(u.Teams, []string{c.Key}, nil)
		}
		return
	}
	if c.Op == plan.Create {
		s.Groups[c.Key] = &identity.Group{Name: c.Key, Description: cmp.Or(c.Group.Description, c.Key), Members: []string{}}
	}
	g := s.Groups[c.Key]
	if g == nil { // in the tenant, but not read
		g = &identity.Group{Name: c.Key}
	}
	for _, f := range c.Fields {
		g.Description = f.After
	}
	g.Roles = links(g.Roles, c.RemoveRoles, c.AddRoles)
	if g.Members != nil {
		g.Members = append([]string{}, links(g.Members, c.RemoveMembers, c.AddMembers)...)
		g.Size = len(g.Members)
	} else {
		g.Size += len(c.AddMembers) - len(c.RemoveMembers)
	}
	for _, id := range c.RemoveMembers {
		if u := s.Users[id]; u != nil {
			u.Teams = links(u.Teams, []string{c.Key}, nil)
		}
	}
	for _, id := range c.AddMembers {
		s.Users[id].Teams = links(s.Users[id].Teams, nil, []string{c.Key})
	}
}

// links takes some away and puts some in, keeping the list sorted and without repetitions.
func links(list, remove, add []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(remove, s) {
			out = append(out, s)
		}
	}
	for _, s := range add {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func setField(t identity.Tenant, u *identity.User, f plan.Field) {
	yes := f.After == "true"
	switch f.Name {
	case plan.FieldEmail:
		u.Email = f.After
		if t.SSO == "email" {
			u.LoginID = f.After
		}
	case plan.FieldLoginID:
		u.LoginID = f.After
	case plan.FieldGivenName:
		u.GivenName = f.After
	case plan.FieldFamilyName:
		u.FamilyName = f.After
	case plan.FieldDisplayName:
		u.DisplayName = f.After
	case plan.FieldActive:
		u.Active = yes
	case plan.FieldConcurrent:
		u.Concurrent = yes
	case plan.FieldLanguage:
		u.Language = f.After
	case plan.FieldDataLanguage:
		u.Settings.DataLanguage = f.After
	case plan.FieldDateFormat:
		u.Settings.DateFormat = f.After
	case plan.FieldTimeFormat:
		u.Settings.TimeFormat = f.After
	case plan.FieldNumberFormat:
		u.Settings.NumberFormat = f.After
	case plan.FieldCleanUpDays:
		u.Settings.CleanUpDays, _ = strconv.Atoi(f.After)
	case plan.FieldNotify:
		u.Settings.NotifyByEmail = yes
	case plan.FieldManager:
		u.Manager = f.After
	case plan.FieldPhotos:
		u.Photos = nil
		if f.After != "" {
			u.Photos = strings.Split(f.After, "\n")
		}
	case plan.FieldDescription:
		panic("a person has no description")
	}
}

// clone copies a snapshot so that nothing is shared but the elements of its lists.
func clone(s identity.Snapshot) identity.Snapshot {
	out := s
	out.Users, out.Groups = map[string]*identity.User{}, map[string]*identity.Group{}
	for id, u := range s.Users {
		c := *u
		c.Roles, c.Teams, c.Photos = slices.Clone(u.Roles), slices.Clone(u.Teams), slices.Clone(u.Photos)
		out.Users[id] = &c
	}
	for name, g := range s.Groups {
		c := *g
		c.Roles, c.Members = slices.Clone(g.Roles), slices.Clone(g.Members)
		out.Groups[name] = &c
	}
	return out
}
