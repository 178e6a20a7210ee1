package upstream

import (
	"sacbridge/internal/identity"
)

// Missing gives what of u is not there in a person as read after u was written.
func (u *UserUpdate) Missing(now *identity.User) []Undone {
	var out []Undone
	copied := *u
	for _, a := range copied.attributes(now) {
		if a.asked && !a.done {
			out = append(out, a.notTaken())
		}
	}
	for i := range out {
		if out[i].Key == AttrManager {
			out[i] = Undone{Kind: ManagerPart, Key: u.Manager.After, Code: Dropped, Cause: out[i].Cause}
		}
	}
	d := difference{add: u.AddRoles, remove: u.RemoveRoles}
	return append(out, d.missing(RolePart, now.Roles)...)
}

// Missing gives what of u is not there in a team as read after u was written. Members are looked at
// where now.Members is known.
func (u *GroupUpdate) Missing(now *identity.Group) []Undone {
	var out []Undone
	description := u.Description
	if a := compare(AttrDescription, &description, now.Description, same); a.asked && !a.done {
		out = append(out, a.notTaken())
	}
	roles := difference{add: u.AddRoles, remove: u.RemoveRoles}
	out = append(out, roles.missing(RolePart, now.Roles)...)
	if now.Members == nil {
		return out
	}
	members := difference{add: u.AddMembers, remove: u.RemoveMembers}
	return append(out, members.missing(MemberPart, now.Members)...)
}

// missing gives the links of d that are not as wanted in the set that is there.
func (d *difference) missing(kind UndoneKind, now []string) []Undone {
	var out []Undone
	add, remove := d.rest(now)
	for _, key := range add {
		out = append(out, Undone{Kind: kind, Key: key, Code: Dropped, Cause: "the tenant accepted the write and left this " + string(kind) + " out"})
	}
	for _, key := range remove {
		out = append(out, Undone{Kind: kind, Key: key, Code: Dropped, Cause: "the tenant accepted the write and kept this " + string(kind)})
	}
	return out
}

// NotAsWanted gives what a created person lacks. Roles beyond the wanted ones are the tenant's default
// roles, and the kind of licence follows from the roles: neither is judged.
func NotAsWanted(want, got *identity.User, t identity.Tenant) []Undone {
	u := UserUpdate{AddRoles: want.Roles}
	text := func(to **Edit[string], value string) {
		if value != "" {
			*to = &Edit[string]{After: value}
		}
	}
	text(&u.Email, want.Email)
	if t.SSO == identity.SSOCustom {
		text(&u.LoginID, want.LoginID)
	}
	text(&u.GivenName, want.GivenName)
	text(&u.FamilyName, want.FamilyName)
	text(&u.DisplayName, want.DisplayName)
	text(&u.Language, want.Language)
	text(&u.Manager, want.Manager)
	text(&u.DataLanguage, want.Settings.DataLanguage)
	text(&u.DateFormat, want.Settings.DateFormat)
	text(&u.TimeFormat, want.Settings.TimeFormat)
	text(&u.NumberFormat, want.Settings.NumberFormat)
	u.CleanUpDays = &Edit[int]{After: want.Settings.CleanUpDays}
	u.NotifyByEmail = &Edit[bool]{After: want.Settings.NotifyByEmail}
	u.Active = &Edit[bool]{After: want.Active}
	if len(want.Photos) > 0 {
		u.Photos = &Edit[[]string]{After: want.Photos}
	}
	return u.Missing(got)
}

// notTaken says that the write of an attribute was accepted without effect.
func (a *attribute) notTaken() Undone {
	code := Dropped
	if a.unchanged {
		code = Ignored
	}
	return Undone{Kind: AttributePart, Key: a.name, Code: code, Cause: "the tenant accepted the change and left " + a.name + " at " + a.is}
}
