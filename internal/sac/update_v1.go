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

// updateV1 reads one person, changes what is left to do and writes everything back. It gives the person
// as seen afterwards, nil where that failed or nothing was written.
func (t *Tenant) updateV1(ctx context.Context, u *upstream.UserUpdate) (out upstream.Outcome, seen *identity.User) {
	op := fmt.Sprintf("update user %q", u.UserID)
	var rest upstream.UserUpdate
	var echo person
	_, err := t.readThenWrite(ctx, op, func(t *Tenant) (session.Request, error) {
		var raw map[string]json.RawMessage
		var err error
		out = upstream.Outcome{}
		if rest, raw, err = t.changeV1(ctx, op, u, &out); err != nil {
			return session.Request{}, err
		}
		return session.Request{
			Op: op, Method: http.MethodPut, Path: userPath(v1, u.UserID), Header: keepRolesHeader(), Body: raw,
			Decode: func(dec *json.Decoder) error {
				var err error
				echo, err = t.decodePerson(dec, v1)
				return err
			},
		}, nil
	})
	e, _ := errors.AsType[*upstream.Error](err)
	switch {
	case errors.Is(err, errNothing):
		return out, nil
	case err != nil && (e == nil || !isNoAnswer(e)):
		out.Err = t.explainPutV1(ctx, classed(op, err), u)
		return out, nil
	}
	return t.seeV1(ctx, op, &rest, echo, out)
}

// changeV1 reads a person and writes into it what is left to do.
func (t *Tenant) changeV1(ctx context.Context, op string, u *upstream.UserUpdate, out *upstream.Outcome) (rest upstream.UserUpdate, raw map[string]json.RawMessage, err error) {
	if raw, err = t.getRaw(ctx, op, userPath(v1, u.UserID)); err != nil {
		return rest, nil, err
	}
	p, err := t.personOf(raw, v1)
	if err != nil {
		return rest, nil, classed(op, err)
	}
	if p.user.UserID != u.UserID {
		return rest, nil, otherAnswer(op)
	}
	if p.user.IsSystemOwner() {
		return rest, nil, refused(op, upstream.CodeSystemOwner, causeOwner)
	}
	if missing := missingSchema(raw); missing != "" {
		return rest, nil, refused(op, upstream.CodeIncomplete, "the tenant's answer lacks the schema "+missing+": writing it back could lose attributes")
	}
	rest, out.Kept, err = u.CompareWith(p.user)
	if err != nil {
		return rest, nil, err
	}
	out.Undone = t.dropUnsupportedLogin(&rest)
	if rest.Empty() {
		return rest, nil, errNothing
	}
	if err := t.editUserV1(raw, &rest, p.user.Roles); err != nil {
		return rest, nil, classed(op, err)
	}
	return rest, raw, nil
}

// seeV1 judges a PUT by the person in its answer, or by a reading where that does not show the change.
func (t *Tenant) seeV1(ctx context.Context, op string, rest *upstream.UserUpdate, echo person, out upstream.Outcome) (upstream.Outcome, *identity.User) {
	answered := echo.user != nil && echo.user.UserID == rest.UserID
	seen := echo.user
	if !answered || len(rest.Missing(seen)) > 0 {
		p, err := t.getPersonV1(ctx, rest.UserID)
		if err == nil && p.user.UserID != rest.UserID {
			err = otherAnswer(op)
		}
		switch {
		case upstream.ClassOf(err) == upstream.Gone:
			out.Err = gone(op)
			return out, nil
		case err != nil:
			out.Err = unseen(op, err)
			return out, nil
		}
		seen = p.user
	}
	undone := rest.Missing(seen)
	if !answered && len(undone) == parts(rest) {
		out.Err = notDone(op)
		return out, seen
	}
	t.facts.recordUndone(rest.Attributes(), undone)
	out.Undone = append(out.Undone, undone...)
	return out, seen
}

// missingSchema gives the first of the three schemas that a v1 user must name before it may be written
// back, as all SAP scripts check.
func missingSchema(raw map[string]json.RawMessage) string {
	var schemas []string
	if json.Unmarshal(raw["schemas"], &schemas) != nil {
		return urnUser
	}
	for _, urn := range []string{urnUser, urnManager, urnParamsV1} {
		if !slices.Contains(schemas, urn) {
			return urn
		}
	}
	return ""
}

// editUserV1 writes the changes into the raw person. Every key it does not know stays.
func (t *Tenant) editUserV1(raw map[string]json.RawMessage, u *upstream.UserUpdate, roles []string) error {
	values := map[string]any{}
	email := u.Email
	if t.cfg.SSO == identity.SSOEmail && email == nil {
		email = u.LoginID
	}
	if email != nil {
		lower := strings.ToLower(strings.TrimSpace(email.After))
		values["emails"] = emailsOf(lower)
		if t.cfg.SSO == identity.SSOEmail {
			values["userName"] = lower
		}
	}
	if u.LoginID != nil && t.cfg.SSO == identity.SSOCustom {
		values["userName"] = u.LoginID.After
	}
	if u.DisplayName != nil {
		values["displayName"] = u.DisplayName.After
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
		values["roles"] = setChange(roles, u.RemoveRoles, u.AddRoles)
	}
	if u.Manager != nil {
		values[urnManagerV1] = object{"manager": object{"managerId": u.Manager.After}}
	}
	for _, key := range sortedKeys(values) {
		if err := edit(raw, key, values[key]); err != nil {
			return err
		}
	}
	if err := editName(raw, u); err != nil {
		return err
	}
	params := changedParams(u)
	if u.Concurrent != nil {
		params["isConcurrent"] = u.Concurrent.After
	}
	return editParams(raw, urnParamsV1, params)
}

// editName writes the changes of a person's name.
func editName(raw map[string]json.RawMessage, u *upstream.UserUpdate) error {
	name := object{}
	if u.GivenName != nil {
		name["givenName"] = u.GivenName.After
	}
	if u.FamilyName != nil {
		name["familyName"] = u.FamilyName.After
	}
	if len(name) == 0 {
		return nil
	}
	return editInner(raw, "name", name)
}

// explainPutV1 names the cause of a refused v1 PUT. A 400 stands for an e-mail or a login ID of
// somebody else (script 1121, 1231), which a search by e-mail tells apart.
func (t *Tenant) explainPutV1(ctx context.Context, err error, u *upstream.UserUpdate) error {
	manager := ""
	if u.Manager != nil {
		manager = u.Manager.After
	}
	err = explain(err, manager)
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok || e.Status != http.StatusBadRequest || e.MissingRef != "" || e.Class == upstream.Conflict {
		return err
	}
	if u.Email != nil {
		rows, lookErr := t.searchPeople(ctx, v1, anyOf("email", []string{u.Email.After}))
		for _, p := range rows {
			if lookErr == nil && p.user.UserID != u.UserID && identity.Fold(p.user.Email) == identity.Fold(u.Email.After) {
				out := emailTaken(e.Op, p.user.UserID)
				out.Status, out.Detail = e.Status, e.Detail
				return out
			}
		}
	}
	if u.LoginID != nil && t.cfg.SSO == identity.SSOCustom {
		e.Class, e.Code = upstream.Conflict, upstream.CodeLoginTaken
		e.Cause = "the login ID seems to belong to someone else; after such a refusal the tenant may have left this person without one (script 1231): check and write it again"
	}
	return err
}
