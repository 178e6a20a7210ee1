package plan

import (
	"strconv"

	"sacbridge/internal/identity"
)

// The SSO modes of a tenant that the planner tells apart.
const (
	ssoUserID = "userid"
	ssoEmail  = "email"
	ssoCustom = "custom"
)

// newUser gives the person to create for src, with everything but role links and manager, which are
// settled later. The e-mail goes in lower case: a person whose e-mail and login ID differ in case
// cannot be patched (script 2402).
func newUser(src *identity.User, from, to identity.Tenant) *identity.User {
	return &identity.User{
		UserID: src.UserID, LoginID: newLoginID(src, from.SSO, to.SSO), Email: identity.Fold(src.Email),
		GivenName: src.GivenName, FamilyName: src.FamilyName, DisplayName: src.DisplayName,
		Active: true, Concurrent: src.Concurrent, Language: src.Language, Settings: src.Settings,
		Photos: src.Photos,
	}
}

// newLoginID gives the login ID of a new person, by how the target maps its people (script 1933).
func newLoginID(src *identity.User, from, to string) string {
	switch to {
	case ssoUserID:
		return src.UserID
	case ssoCustom:
		if from == ssoCustom && src.LoginID != "" {
			return src.LoginID
		}
		return src.UserID
	}
	return identity.Fold(src.Email)
}

// fieldsOf gives what differs between the target's person and the source's and has to follow the
// source, but for the manager. Names and the display name never follow (script 1903). A text that the
// source does not tell is not copied.
func fieldsOf(src, old *identity.User, from, to identity.Tenant, active ActiveMode) []Field {
	var out []Field
	text := func(name FieldName, before, after string) {
		if before != after && after != "" {
			out = append(out, Field{Name: name, Before: before, After: after})
		}
	}
	if to.SSO != ssoUserID && to.SSO != ssoCustom && identity.Fold(src.Email) != identity.Fold(old.Email) {
		text(FieldEmail, old.Email, identity.Fold(src.Email))
	}
	if to.SSO == ssoCustom && (from.SSO == ssoCustom || from.SSO == ssoEmail) {
		text(FieldLoginID, old.LoginID, newLoginID(src, from.SSO, to.SSO))
	}
	text(FieldActive, strconv.FormatBool(old.Active), strconv.FormatBool(wantActive(src, old, active)))
	text(FieldConcurrent, strconv.FormatBool(old.Concurrent), strconv.FormatBool(src.Concurrent))
	text(FieldLanguage, old.Language, src.Language)
	is, was := src.Settings, old.Settings
	text(FieldDataLanguage, was.DataLanguage, is.DataLanguage)
	text(FieldDateFormat, was.DateFormat, is.DateFormat)
	text(FieldTimeFormat, was.TimeFormat, is.TimeFormat)
	text(FieldNumberFormat, was.NumberFormat, is.NumberFormat)
	text(FieldCleanUpDays, strconv.Itoa(was.CleanUpDays), strconv.Itoa(is.CleanUpDays))
	text(FieldNotify, strconv.FormatBool(was.NotifyByEmail), strconv.FormatBool(is.NotifyByEmail))
	if before, after := photos(old), photos(src); before != after { // no photo is copied, too
		out = append(out, Field{Name: FieldPhotos, Before: before, After: after})
	}
	return out
}

func photos(u *identity.User) string { return identity.JoinLines(identity.Set(u.Photos)) }

// wantActive gives the active flag that an existing person is to have.
func wantActive(src, old *identity.User, mode ActiveMode) bool {
	switch mode {
	case ActiveSource:
		return src.Active
	case ActiveTrue:
		return true
	case ActiveKeep:
	}
	return old.Active
}

// valueOf gives the new value of a field, or "" where it does not change.
func valueOf(fields []Field, name FieldName) string {
	for _, f := range fields {
		if f.Name == name {
			return f.After
		}
	}
	return ""
}
