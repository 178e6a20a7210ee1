package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// patchUser sends one PATCH and judges it by the person in the answer.
func (t *Tenant) patchUser(ctx context.Context, j *userJob, read upstream.Moment) {
	echo, err := t.sendPatch(ctx, j, read)
	t.settlePatch(ctx, j, echo, err)
}

// sendPatch sends one PATCH and gives the person in the answer. Where it is made from a reading, which was
// at the time read, it is made anew from another one when it has to be sent again.
func (t *Tenant) sendPatch(ctx context.Context, j *userJob, read upstream.Moment) (person, error) {
	var echo person
	request := func() session.Request {
		return session.Request{
			Op: j.op.name, Method: http.MethodPatch, Path: userPath(v2, j.ref), Body: j.op.Data,
			Decode: func(dec *json.Decoder) error {
				var err error
				echo, err = t.decodePerson(dec, v2)
				return err
			},
		}
	}
	if j.now == nil && j.roleMode == singleRoles {
		_, err := t.do(ctx, request())
		return echo, err
	}
	_, err := t.readThenWrite(ctx, j.op.name, func(t *Tenant) (session.Request, error) {
		if session.Outdated(read) {
			if err := t.prepareAgain(ctx, []*userJob{j}); err != nil {
				return session.Request{}, fmt.Errorf("read before the update: %w", err)
			}
			if j.over {
				return session.Request{}, errNothing
			}
		}
		read = upstream.Moment{}
		return request(), nil
	})
	return echo, err
}

// settlePatch judges a PATCH by its answer, or by a reading where the answer does not show the change.
func (t *Tenant) settlePatch(ctx context.Context, j *userJob, echo person, err error) {
	if j.over {
		return
	}
	e, _ := errors.AsType[*upstream.Error](err)
	switch {
	case err == nil || e != nil && isNoAnswer(e):
		t.lookAtPatch(ctx, j, echo)
	case refusesSingleRoles(j, err):
		t.sendWholeRoles(ctx, j)
	case e != nil && isVague(e):
		t.repairAndPatch(ctx, j, err)
	default:
		t.failUser(j, err)
	}
}

// lookAtPatch judges an accepted PATCH. A probe is believed by a reading only.
func (t *Tenant) lookAtPatch(ctx context.Context, j *userJob, echo person) {
	answered := echo.user != nil && echo.user.Ref == j.ref
	if answered && j.roleMode != probeSingleRoles {
		if err := t.nameManagers(ctx, []*userJob{j}, map[string]person{j.asked.UserID: echo}); err == nil && len(j.rest.Missing(echo.user)) == 0 {
			t.judgeUser(ctx, j, echo.user, true)
			return
		}
	}
	found, err := t.readAfter(ctx, []*userJob{j})
	p, there := found[j.asked.UserID]
	switch {
	case err != nil:
		j.end(unseen(j.op.name, err))
	case !there:
		t.ids.forget(j.asked.UserID)
		j.end(gone(j.op.name))
	default:
		t.judgeUser(ctx, j, p.user, answered)
	}
}

// repairAndPatch deals with the refusal that names no cause. A person whose e-mail and idpUserId differ
// refuses every PATCH until both are written alike (script 2402); the System Owner refuses for good.
func (t *Tenant) repairAndPatch(ctx context.Context, j *userJob, refusal error) {
	repaired, err := t.repair(ctx, j)
	switch {
	case err != nil:
		t.failUser(j, err)
		return
	case !repaired:
		t.failUser(j, refineVagueRefusal(refusal))
		return
	}
	echo, err := t.sendPatch(ctx, j, upstream.Moment{})
	if err != nil {
		if e, _ := errors.AsType[*upstream.Error](err); e == nil || !isNoAnswer(e) {
			t.failUser(j, err)
			return
		}
	}
	j.out.Warnings = append(j.out.Warnings, "e-mail and idpUserId differed in the tenant and were written alike first")
	t.lookAtPatch(ctx, j, echo)
}

// refineVagueRefusal says more about a vague refusal: who is consistent and not the System Owner.
func refineVagueRefusal(err error) error {
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		e.Code = upstream.CodeUnexplained
		e.Cause = "e-mail and login ID of the person agree and it is not the System Owner, so the likely causes are a value " +
			"that the tenant does not take, or no licence left"
	}
	return err
}

// repair makes an inconsistent person consistent by PUT. It reports false where nothing was to repair.
func (t *Tenant) repair(ctx context.Context, j *userJob) (bool, error) {
	_, err := t.readThenWrite(ctx, j.op.name, func(t *Tenant) (session.Request, error) {
		raw, err := t.getRaw(ctx, "read user to repair it", userPath(v2, j.ref))
		if err != nil {
			return session.Request{}, err
		}
		if err := t.makeConsistent(j.op.name, raw); err != nil {
			return session.Request{}, err
		}
		return session.Request{
			Op: fmt.Sprintf("repair user %q", j.asked.UserID), Method: http.MethodPut, Path: userPath(v2, j.ref), Body: raw,
		}, nil
	})
	if errors.Is(err, errNothing) {
		return false, nil
	}
	return err == nil, err
}

// makeConsistent writes e-mail and idpUserId alike; errNothing where they are.
func (t *Tenant) makeConsistent(op string, raw map[string]json.RawMessage) error {
	p, err := t.personOf(raw, v2)
	if err != nil {
		return classed(op, err)
	}
	if p.user.IsSystemOwner() {
		return refused(op, upstream.CodeSystemOwner, causeOwner)
	}
	email := strings.ToLower(p.user.Email)
	idp := t.idpOf(p.user.UserID, email, p.login)
	if t.cfg.SSO == identity.SSOCustom || (idp == p.login && email == p.user.Email) {
		return errNothing
	}
	for _, key := range []string{"id", "meta", "groups"} {
		delete(raw, key)
	}
	if err := edit(raw, "emails", emailsOf(email)); err != nil {
		return classed(op, err)
	}
	if err := editParams(raw, urnParamsV2, object{"idpUserId": idp}); err != nil {
		return classed(op, err)
	}
	return nil
}
