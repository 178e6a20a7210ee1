package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// keepRoles makes a v1 PUT without roles keep them (SAP note 3092730). Roles are sent as read all the
// same; the header is for what cannot be read.
const keepRoles = "X-Ignore-Roles-If-Missing"

func keepRolesHeader() http.Header { return http.Header{keepRoles: {"true"}} }

// updateV1 reads one person, changes the wanted keys and writes everything back.
func (t *Tenant) updateV1(ctx context.Context, u upstream.UserUpdate) upstream.Outcome {
	op := fmt.Sprintf("update user %q", u.UserID)
	raw, err := t.getRaw(ctx, op, userPath(v1, u.UserID))
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	p, err := t.personOf(raw, v1)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	if ownerHeld(p.user) {
		return upstream.Outcome{Err: refused(op, causeOwner)}
	}
	if missing := missingSchema(raw); missing != "" {
		return upstream.Outcome{Err: refused(op, "the tenant's answer lacks the schema "+missing+": writing it back could lose attributes")}
	}
	notes, err := t.editUserV1(raw, u)
	if err != nil {
		return upstream.Outcome{Err: classed(op, err)}
	}
	got, err := t.putUserV1(ctx, op, u.UserID, raw)
	if err != nil {
		return upstream.Outcome{Err: t.explainPutV1(ctx, err, u)}
	}
	return upstream.Outcome{Warnings: append(notes, t.ignored(u, got)...)}
}

// missingSchema gives the first of the three schemas that a v1 user must name before it may be written
// back, as all SAP scripts check.
func missingSchema(raw map[string]json.RawMessage) string {
	var schemas []string
	if json.Unmarshal(raw["schemas"], &schemas) != nil {
		return urnUser
	}
	for _, urn := range []string{urnUser, urnBoss, urnParamsV1} {
		if !slices.Contains(schemas, urn) {
			return urn
		}
	}
	return ""
}

// editUserV1 writes the wanted changes into the raw person. Every key it does not know stays.
func (t *Tenant) editUserV1(raw map[string]json.RawMessage, u upstream.UserUpdate) ([]string, error) {
	var notes []string
	values := map[string]any{}
	email := u.Email
	if t.cfg.SSO == ssoEmail && email == nil {
		email = u.LoginID
	}
	if email != nil {
		lower := strings.ToLower(strings.TrimSpace(email.After))
		values["emails"] = emailsOf(lower)
		if t.cfg.SSO == ssoEmail {
			values["userName"] = lower
		}
	}
	switch {
	case u.LoginID == nil:
	case t.cfg.SSO == ssoCustom:
		values["userName"] = u.LoginID.After
	case t.loginIsUserID() && u.LoginID.After != u.UserID:
		notes = append(notes, "the login ID stays "+u.UserID+": under SSO "+t.cfg.SSO+" it is the user ID")
	}
	if u.Active != nil {
		values["active"] = u.Active.After
	}
	if u.Language != nil {
		values["preferredLanguage"] = u.Language.After
	}
	if u.Photos != nil {
		values["photos"] = photosOf(u.Photos.After)
	}
	if u.ChangesRoles() {
		values["roles"] = setChange(u.RolesBefore, u.RemoveRoles, u.AddRoles)
	}
	if u.Manager != nil {
		values[urnBossV1] = object{"manager": object{"managerId": u.Manager.After}}
	}
	for _, key := range sortedKeys(values) {
		if err := edit(raw, key, values[key]); err != nil {
			return nil, err
		}
	}
	params := changedParams(&u)
	if u.Concurrent != nil {
		params["isConcurrent"] = u.Concurrent.After
	}
	return notes, editParams(raw, urnParamsV1, params)
}

// putUserV1 writes a whole person and gives the tenant's echo.
func (t *Tenant) putUserV1(ctx context.Context, op, userID string, raw map[string]json.RawMessage) (*identity.User, error) {
	var p person
	_, err := t.do(ctx, session.Request{
		Op: op, Method: http.MethodPut, Path: userPath(v1, userID), Header: keepRolesHeader(), Body: raw,
		Decode: func(dec *json.Decoder) error {
			var err error
			p, err = t.decodePerson(dec, v1)
			return err
		},
	})
	if err == nil && p.user == nil {
		return &identity.User{}, nil
	}
	return p.user, err
}

// explainPutV1 names the cause of a refused v1 PUT. A 400 stands for an e-mail or a login ID of
// somebody else (script 1121, 1231), which a search by e-mail tells apart.
func (t *Tenant) explainPutV1(ctx context.Context, err error, u upstream.UserUpdate) error {
	boss := ""
	if u.Manager != nil {
		boss = u.Manager.After
	}
	err = explain(err, boss)
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok || e.Status != http.StatusBadRequest || e.MissingRef != "" || e.Class == upstream.Conflict {
		return err
	}
	if u.Email != nil {
		rows, lookErr := t.searchPeople(ctx, v1, anyOf("email", []string{u.Email.After}))
		for _, p := range rows {
			if lookErr == nil && p.user.UserID != u.UserID && identity.Fold(p.user.Email) == identity.Fold(u.Email.After) {
				out := taken(e.Op, "e-mail", p.user.UserID)
				out.Status, out.Detail = e.Status, e.Detail
				return out
			}
		}
	}
	if u.LoginID != nil && t.cfg.SSO == ssoCustom {
		e.Class = upstream.Conflict
		e.Cause = "the login ID seems to belong to someone else; after such a refusal the tenant may have left this person without one (script 1231): check and write it again"
	}
	return err
}
