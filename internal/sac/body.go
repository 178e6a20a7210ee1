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
	case ssoUserID:
		return userID
	case ssoCustom:
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
func (t *Tenant) newUserV2(u *identity.User, bossRef string) object {
	email := strings.ToLower(strings.TrimSpace(u.Email))
	params := paramsOf(u.Settings)
	params["idpUserId"], params["isConcurrent"] = t.idpOf(u.UserID, email, u.LoginID), u.Concurrent
	body := object{
		"schemas":  []string{urnUser, urnBoss, urnParamsV2},
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
	if bossRef != "" {
		body[urnBoss] = object{"manager": object{"value": bossRef}}
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
		"schemas":  []string{urnUser, urnBoss, urnParamsV1},
		"userName": login, "active": true, "emails": emailsOf(email),
		"name": object{"givenName": u.GivenName, "familyName": u.FamilyName}, "displayName": u.DisplayName,
		"roles": notNil(u.Roles), urnParamsV1: params,
		urnBossV1: object{"manager": object{"managerId": u.Manager}},
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

// patchesOf turns an update into the shapes that v2 is known to take (script 2402, 2666, 2667).
// notes are wishes that the tenant's SSO mode cannot grant.
func (t *Tenant) patchesOf(u upstream.UserUpdate, bossRef string) (ops []patch, notes []string) {
	set := func(path string, value any) { ops = append(ops, patch{Op: "replace", Path: path, Value: value}) }
	email, login := u.Email, u.LoginID
	if t.cfg.SSO == ssoEmail && email == nil {
		email = login // the two are one value
	}
	if email != nil {
		lower := strings.ToLower(strings.TrimSpace(email.After))
		set("emails", emailsOf(lower))
		if t.loginIsEmail() {
			set(urnParamsV2+":idpUserId", lower)
		}
	}
	switch {
	case login == nil:
	case t.cfg.SSO == ssoCustom:
		set(urnParamsV2+":idpUserId", login.After)
	case t.loginIsUserID() && login.After != u.UserID:
		notes = append(notes, "the login ID stays "+u.UserID+": under SSO "+t.cfg.SSO+" it is the user ID")
	}
	for _, n := range namesOf(&u) {
		set(n.v2, n.value)
	}
	if u.Active != nil {
		set("active", u.Active.After)
	}
	if u.Language != nil {
		set("preferredLanguage", u.Language.After)
	}
	params := changedParams(&u)
	for _, key := range sortedKeys(params) {
		set(urnParamsV2+":"+key, params[key])
	}
	if u.Concurrent != nil {
		set(urnParamsV2+".isConcurrent", u.Concurrent.After)
	}
	if u.Manager != nil {
		set(urnBoss+":manager.value", bossRef)
	}
	if u.Photos != nil {
		set("photos", photosOf(u.Photos.After))
	}
	if u.ChangesRoles() {
		set("roles", roleObjects(setChange(u.RolesBefore, u.RemoveRoles, u.AddRoles)))
	}
	return ops, notes
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

// changedName is one of a person's names that an update changes.
type changedName struct{ v2, value string }

// namesOf gives the names that u changes.
func namesOf(u *upstream.UserUpdate) []changedName {
	var out []changedName
	add := func(path string, e *upstream.Edit[string]) {
		if e != nil {
			out = append(out, changedName{path, e.After})
		}
	}
	add("name.givenName", u.GivenName)
	add("name.familyName", u.FamilyName)
	add("displayName", u.DisplayName)
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

// ignored compares what was asked for with the tenant's answer: attributes that the identity provider
// owns are accepted and left alone (script 2666), and some tenants ignore active in v1 (KBA 3323872).
func (t *Tenant) ignored(u upstream.UserUpdate, got *identity.User) []string {
	var notes []string
	note := func(what, have string) {
		notes = append(notes, "the tenant accepted the change and left "+what+" at "+have)
	}
	if u.Email != nil && identity.Fold(u.Email.After) != identity.Fold(got.Email) {
		note("the e-mail", `"`+got.Email+`": it seems to be mapped to the identity provider; take it out of Map SAML User Properties, write, and map it again`)
	}
	if u.LoginID != nil && t.cfg.SSO == ssoCustom && u.LoginID.After != got.LoginID {
		note("the login ID", `"`+got.LoginID+`"`)
	}
	if u.Active != nil && u.Active.After != got.Active {
		note("active", boolWord(got.Active))
	}
	if u.Concurrent != nil && u.Concurrent.After != got.Concurrent {
		note("the licence type", "concurrent="+boolWord(got.Concurrent))
	}
	if u.ChangesRoles() && !sameSet(setChange(u.RolesBefore, u.RemoveRoles, u.AddRoles), got.Roles) {
		note("the roles", strings.Join(got.Roles, ", "))
	}
	return notes
}

func boolWord(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// sameSet compares two lists as sets.
func sameSet(a, b []string) bool {
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}
