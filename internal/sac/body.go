package sac

import (
	"slices"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// object is a JSON object that is about to be sent.
type object map[string]any

// emailsOf is the one work address that SAC uses.
func emailsOf(email string) []object {
	return []object{{"value": email, "type": "work", "primary": true}}
}

// roleObjects are role links as v2 takes them.
func roleObjects(roles []string) []object {
	out := make([]object, len(roles))
	for i, r := range roles {
		out[i] = object{"value": r}
	}
	return out
}

func photosOf(urls []string) []object {
	out := make([]object, len(urls))
	for i, u := range urls {
		out[i] = object{"value": u, "type": "photo", "primary": i == 0}
	}
	return out
}

// notNil keeps null out of bodies.
func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// paramsOf are the display preferences under their wire names, alike in v1 and v2. marketingEmailOptIn
// is never sent: SAP took it out of its samples because it may be refused one day.
func paramsOf(s identity.Settings) object {
	out := object{"cleanUpNotificationsNumberOfDays": s.CleanUpDays, "systemNotificationsEmailOptIn": s.NotifyByEmail}
	for key, value := range map[string]string{
		"dataAccessLanguage": s.DataLanguage, "dateFormatting": s.DateFormat,
		"timeFormatting": s.TimeFormat, "numberFormatting": s.NumberFormat,
	} {
		if value != "" {
			out[key] = value
		}
	}
	return out
}

// idpOf is the idpUserId that v2 demands (KBA 3562962): exactly the e-mail under default and email,
// exactly the user ID under userid.
func (t *Tenant) idpOf(userID, email, login string) string {
	switch t.cfg.SSO {
	case identity.SSOUserID:
		return userID
	case identity.SSOCustom:
		if login != "" {
			return login
		}
		return userID
	default:
		return email
	}
}

// newUserV2 is the body of a v2 create. E-mails go in lower case, since SAC lower-cases the
// idpUserId beside them and then refuses every update of a pair that differs (script 2402).
func (t *Tenant) newUserV2(u *identity.User, managerRef string) object {
	email := strings.ToLower(strings.TrimSpace(u.Email))
	params := paramsOf(u.Settings)
	params["idpUserId"], params["isConcurrent"] = t.idpOf(u.UserID, email, u.LoginID), u.Concurrent
	body := object{
		"schemas":  []string{urnUser, urnManager, urnParamsV2},
		"userName": u.UserID, "active": u.Active, "emails": emailsOf(email),
		"name": object{"givenName": u.GivenName, "familyName": u.FamilyName}, "displayName": u.DisplayName,
		urnParamsV2: params,
	}
	if len(u.Roles) > 0 {
		body["roles"] = roleObjects(u.Roles)
	}
	if u.Language != "" {
		body["preferredLanguage"] = u.Language
	}
	if managerRef != "" {
		body[urnManager] = object{"manager": object{"value": managerRef}}
	}
	if len(u.Photos) > 0 {
		body["photos"] = photosOf(u.Photos)
	}
	if u.ExternalID != "" {
		body["externalId"] = u.ExternalID
	}
	return body
}

// newUserV1 is the body of a v1 create (script 1101): no id, for the tenant derives it.
func newUserV1(u *identity.User, login, email string) object {
	params := paramsOf(u.Settings)
	params["isConcurrent"] = u.Concurrent
	body := object{
		"schemas":  []string{urnUser, urnManager, urnParamsV1},
		"userName": login, "active": true, "emails": emailsOf(email),
		"name": object{"givenName": u.GivenName, "familyName": u.FamilyName}, "displayName": u.DisplayName,
		"roles": notNil(u.Roles), urnParamsV1: params,
		urnManagerV1: object{"manager": object{"managerId": u.Manager}},
	}
	if u.Language != "" {
		body["preferredLanguage"] = u.Language
	}
	return body
}

// patch is one operation of a PATCH (RFC 7644 §3.5.2).
type patch struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

func patchBody(ops []patch) object {
	return object{"schemas": []string{urnPatch}, "Operations": ops}
}

// patchesOf turns an update into the shapes that v2 is known to take (script 2402, 2666, 2667). now is the
// person as read, which role links written as a whole need.
func (t *Tenant) patchesOf(u *upstream.UserUpdate, now *identity.User, mode roleWriteMode, managerRef string) []patch {
	var ops []patch
	set := func(path string, value any) { ops = append(ops, patch{Op: "replace", Path: path, Value: value}) }
	email, login := u.Email, u.LoginID
	if t.cfg.SSO == identity.SSOEmail && email == nil {
		email = login // the two are one value
	}
	if email != nil {
		lower := strings.ToLower(strings.TrimSpace(email.After))
		set("emails", emailsOf(lower))
		if t.loginIsEmail() {
			set(urnParamsV2+":idpUserId", lower)
		}
	}
	if login != nil && t.cfg.SSO == identity.SSOCustom {
		set(urnParamsV2+":idpUserId", login.After)
	}
	for _, text := range []struct {
		path string
		edit *upstream.Edit[string]
	}{
		{"name.givenName", u.GivenName},
		{"name.familyName", u.FamilyName},
		{"displayName", u.DisplayName},
		{"preferredLanguage", u.Language},
	} {
		if text.edit != nil {
			set(text.path, text.edit.After)
		}
	}
	if u.Active != nil {
		set("active", u.Active.After)
	}
	params := changedParams(u)
	for _, key := range sortedKeys(params) {
		set(urnParamsV2+":"+key, params[key])
	}
	if u.Concurrent != nil {
		set(urnParamsV2+".isConcurrent", u.Concurrent.After)
	}
	if u.Manager != nil {
		set(urnManager+":manager.value", managerRef)
	}
	if u.Photos != nil {
		set("photos", photosOf(u.Photos.After))
	}
	return append(ops, rolePatches(u, now, mode)...)
}

// dropUnsupportedLogin takes a login ID out of an update that the tenant's SSO mode cannot grant.
func (t *Tenant) dropUnsupportedLogin(u *upstream.UserUpdate) []upstream.Undone {
	login := u.LoginID
	switch {
	case login == nil:
	case t.loginIsUserID():
		u.LoginID = nil
		if login.After != u.UserID {
			return []upstream.Undone{{
				Kind: upstream.AttributePart, Key: upstream.AttrLoginID, Code: upstream.Ignored,
				Cause: "the login ID stays " + u.UserID + ": under SSO " + t.cfg.SSO + " it is the user ID",
			}}
		}
	case t.cfg.SSO == identity.SSOEmail && u.Email != nil:
		u.LoginID = nil // it follows the e-mail
	}
	return nil
}

// changedParams are the display preferences that u changes, under their wire names.
func changedParams(u *upstream.UserUpdate) object {
	out := object{}
	for key, e := range map[string]*upstream.Edit[string]{
		"dataAccessLanguage": u.DataLanguage, "dateFormatting": u.DateFormat,
		"timeFormatting": u.TimeFormat, "numberFormatting": u.NumberFormat,
	} {
		if e != nil {
			out[key] = e.After
		}
	}
	if u.CleanUpDays != nil {
		out["cleanUpNotificationsNumberOfDays"] = u.CleanUpDays.After
	}
	if u.NotifyByEmail != nil {
		out["systemNotificationsEmailOptIn"] = u.NotifyByEmail.After
	}
	return out
}

func sortedKeys(o object) []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
