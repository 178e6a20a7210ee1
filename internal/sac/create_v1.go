package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// createV1 makes one person where there is no v2. The tenant derives the user ID from userName, so
// under SSO email the person is made with a temporary address that gives the right ID, and the wanted
// address follows at once (scripts 13x and 23x); under custom the same holds for the login ID.
func (t *Tenant) createV1(ctx context.Context, u *identity.User) upstream.Outcome {
	op := fmt.Sprintf("create user %q", u.UserID)
	done, err := t.mayCreate(ctx, op, u.UserID)
	if err != nil {
		return upstream.Outcome{Err: err}
	}
	defer done()
	email := strings.ToLower(strings.TrimSpace(u.Email))
	login, first, follow := t.temporaryLogin(u, email)
	begun := time.Now()
	made, err := t.postUserV1(ctx, op, newUserV1(u, login, first))
	if err == nil && made.user.UserID == "" {
		err = noAnswer(op)
	}
	switch {
	case err != nil && follow && t.isIncompleteCreate(ctx, err, u, login, first):
		// Who was made under a temporary login must not stay so: the wanted names follow now.
	case err != nil:
		return upstream.Outcome{Err: explainCreate(err, u.Manager)}
	case made.user.UserID != u.UserID:
		return upstream.Outcome{Err: t.undoOtherID(ctx, op, u, first, made.user, begun)}
	default:
		t.otherIDs.created(u.UserID, u.UserID)
	}
	var roles []string // by the answer to the create; a failed one showed nobody
	if err == nil {
		roles = slices.Concat([]string{}, made.user.Roles)
	}
	if !t.needsUpdateV1(u) {
		return upstream.Outcome{Roles: roles, Undone: t.lookAtCreatedV1(ctx, u, made.user)}
	}
	change := upstream.UserUpdate{UserKey: upstream.UserKey{UserID: u.UserID}}
	if follow {
		change.Email = &upstream.Edit[string]{Before: first, After: email}
		if t.cfg.SSO == identity.SSOCustom {
			change.LoginID = &upstream.Edit[string]{Before: login, After: u.LoginID}
		}
	}
	if !u.Active {
		change.Active = &upstream.Edit[bool]{Before: true, After: u.Active}
	}
	if len(u.Photos) > 0 {
		change.Photos = &upstream.Edit[[]string]{After: u.Photos}
	}
	out, seen := t.updateV1(ctx, &change)
	out.Err, out.Undone, out.Roles = afterCreate(out.Err), nil, roles
	if out.Err == nil {
		out.Undone = t.lookAtCreatedV1(ctx, u, seen)
	}
	if out.Err != nil && follow {
		out.Warnings = append(out.Warnings, "the person exists under user ID "+u.UserID+" with temporary e-mail "+first+" and login ID "+login)
	}
	return out
}

// lookAtCreatedV1 gives what a created person lacks, by an answer and, where that lacks something, by a
// reading.
func (t *Tenant) lookAtCreatedV1(ctx context.Context, want, told *identity.User) []upstream.Undone {
	if told != nil && len(upstream.NotAsWanted(want, told, t.who)) == 0 {
		return nil
	}
	p, err := t.getPersonV1(ctx, want.UserID)
	if err == nil && p.user.UserID == want.UserID {
		told = p.user
	}
	if told == nil {
		return nil // not read: the caller reads created people again
	}
	return upstream.NotAsWanted(want, told, t.who)
}

// needsUpdateV1 reports whether a create has to be followed by an update: v1 makes everybody active and
// takes no photos then, and a temporary login must not stay.
func (t *Tenant) needsUpdateV1(u *identity.User) bool {
	_, _, follow := t.temporaryLogin(u, strings.ToLower(strings.TrimSpace(u.Email)))
	return follow || !u.Active || len(u.Photos) > 0
}

// isIncompleteCreate tells whether the person of a failed create exists under the temporary login: made by
// this very call, whose answer was lost, or by an earlier one that got no further. Anybody else with this user ID has
// another e-mail, login ID or name and is left alone.
func (t *Tenant) isIncompleteCreate(ctx context.Context, err error, u *identity.User, login, first string) bool {
	if c := upstream.ClassOf(err); c != upstream.Unknown && c != upstream.Conflict {
		return false
	}
	p, gone := t.getPersonV1(ctx, u.UserID)
	return gone == nil && p.user != nil && identity.Fold(p.user.Email) == identity.Fold(first) &&
		identity.Fold(p.user.LoginID) == identity.Fold(login) && p.user.GivenName == u.GivenName &&
		p.user.FamilyName == u.FamilyName && p.user.DisplayName == u.DisplayName
}

// afterCreate makes a failure that came after the person was made an unknown outcome, for the call as a
// whole was not without effect: whoever repeats it has to look first. What the tenant refuses for good
// stays refused.
func afterCreate(err error) error {
	e, ok := errors.AsType[*upstream.Error](err)
	if ok && (e.Class != upstream.Refused && e.Class != upstream.Conflict || e.Code == upstream.CodeNoAnswer) {
		e.Class = upstream.Unknown
	}
	return err
}

// temporaryLogin gives the login ID and e-mail to create with, and whether the wanted ones have to follow.
func (t *Tenant) temporaryLogin(u *identity.User, email string) (login, first string, follow bool) {
	switch t.cfg.SSO {
	case identity.SSOEmail:
		at := strings.IndexByte(email, '@')
		if at < 0 {
			return email, email, false
		}
		first = u.UserID + email[at:]
		if strings.EqualFold(first, email) && identity.DerivedUserID(t.cfg.SSO, email) == u.UserID {
			return email, email, false
		}
		return first, first, true
	case identity.SSOCustom:
		// A login ID in capitals becomes the user ID as it is; the e-mail needs no temporary one then.
		return u.UserID, email, u.LoginID != "" && u.LoginID != u.UserID
	default:
		return u.UserID, email, false
	}
}

func (t *Tenant) postUserV1(ctx context.Context, op string, body object) (person, error) {
	var p person
	_, err := t.do(ctx, session.Request{
		Op: op, Method: http.MethodPost, Path: pathV1 + "/Users", Body: body,
		Decode: func(dec *json.Decoder) error {
			var err error
			p, err = t.decodePerson(dec, v1)
			return err
		},
	})
	return p, err
}
