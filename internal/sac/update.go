package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// UpdateUsers changes people: by v2 PATCH, several in one Bulk, which leaves role links alone unless
// they are named; on NEO by reading and writing the whole person.
func (t writer) UpdateUsers(ctx context.Context, updates []upstream.UserUpdate) []upstream.Outcome {
	outs := make([]upstream.Outcome, len(updates))
	if !t.hasV2() {
		for i, u := range updates {
			outs[i] = t.updateV1(ctx, u)
		}
		return outs
	}
	jobs := t.prepare(ctx, updates, outs)
	if len(jobs) > 1 {
		ops := make([]bulkOp, len(jobs))
		for k, j := range jobs {
			ops[k] = bulkOp{Method: http.MethodPatch, Path: "/Users/" + j.ref, Data: patchBody(j.ops), name: j.name()}
		}
		if errs, ok := t.bulkErrors(ctx, bulkName("update", len(ops)), ops); ok {
			t.updateSettled(ctx, jobs, outs, errs)
			return outs
		}
	}
	for _, j := range jobs {
		t.patchUser(ctx, j, &outs[j.at])
	}
	return outs
}

// userPatch is one update made ready.
type userPatch struct {
	at   int // index of the update
	u    upstream.UserUpdate
	ref  string
	ops  []patch
	boss string // the manager's user ID, for errors
}

func (j *userPatch) name() string { return fmt.Sprintf("update user %q", j.u.UserID) }

// prepare finds the UUIDs of people and managers in one look-up and writes the operations. Updates
// that cannot be sent get their outcome here.
func (t *Tenant) prepare(ctx context.Context, updates []upstream.UserUpdate, outs []upstream.Outcome) []*userPatch {
	ids := make([]string, 2*len(updates))
	for i, u := range updates {
		t.book.put(u.UserID, u.Ref)
		ids[2*i] = u.UserID
		if u.Manager != nil {
			ids[2*i+1] = u.Manager.After
		}
	}
	refs, err := t.refsOf(ctx, ids)
	var jobs []*userPatch
	for i, u := range updates {
		j := &userPatch{at: i, u: u, boss: ids[2*i+1]}
		if err != nil {
			outs[i].Err = classed(j.name(), err)
			continue
		}
		j.ref = refs[2*i]
		switch {
		case j.ref == "":
			outs[i].Err = &upstream.Error{Class: upstream.Gone, Op: j.name(), Cause: "the tenant has no such user"}
			continue
		case j.boss != "" && refs[2*i+1] == "":
			outs[i].Err = noBoss(j.name(), j.boss)
			continue
		}
		j.ops, outs[i].Warnings = t.patchesOf(u, refs[2*i+1])
		if len(j.ops) > 0 {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// updateSettled writes the outcomes of a Bulk of updates. Vague refusals get the repair; changes that
// an identity provider may own are checked by one look-up, for Bulk shows no result.
func (t *Tenant) updateSettled(ctx context.Context, jobs []*userPatch, outs []upstream.Outcome, errs []error) {
	var check []*userPatch
	for k, j := range jobs {
		e, _ := errors.AsType[*upstream.Error](errs[k])
		switch {
		case errs[k] == nil:
			if j.u.Email != nil && !t.loginIsEmail() {
				check = append(check, j)
			}
		case e != nil && isVague(e):
			t.repairAndPatch(ctx, j, &outs[j.at], errs[k])
		default:
			t.fail(j, &outs[j.at], errs[k])
		}
	}
	if len(check) == 0 {
		return
	}
	refs := make([]string, len(check))
	for i, j := range check {
		refs[i] = j.ref
	}
	rows, err := t.searchPeople(ctx, v2, anyOf("id", refs))
	if err != nil {
		t.log.DebugContext(ctx, "the check of changed e-mails failed", "error", err)
		return
	}
	for _, p := range rows {
		for _, j := range check {
			if p.user.Ref == j.ref {
				outs[j.at].Warnings = append(outs[j.at].Warnings, t.ignored(j.u, p.user)...)
			}
		}
	}
}

// fail writes the outcome of a refused update.
func (t *Tenant) fail(j *userPatch, out *upstream.Outcome, err error) {
	if upstream.ClassOf(err) == upstream.Gone {
		t.book.strike(j.u.UserID)
	}
	out.Err = explain(err, j.boss)
}

// patchUser sends one PATCH; a vague refusal gets one repair.
func (t *Tenant) patchUser(ctx context.Context, j *userPatch, out *upstream.Outcome) {
	err := t.sendPatch(ctx, j, out)
	if e, ok := errors.AsType[*upstream.Error](err); ok && isVague(e) {
		t.repairAndPatch(ctx, j, out, err)
		return
	}
	if err != nil {
		t.fail(j, out, err)
	}
}

// sendPatch sends one PATCH and notes what the tenant ignored.
func (t *Tenant) sendPatch(ctx context.Context, j *userPatch, out *upstream.Outcome) error {
	var p person
	_, err := t.do(ctx, session.Request{
		Op: j.name(), Method: http.MethodPatch, Path: userPath(v2, j.ref), Body: patchBody(j.ops),
		Decode: func(dec *json.Decoder) error {
			var err error
			p, err = t.decodePerson(dec, v2)
			return err
		},
	})
	if err == nil && p.user != nil {
		out.Warnings = append(out.Warnings, t.ignored(j.u, p.user)...)
	}
	return err
}

// repairAndPatch deals with the refusal that names no cause. A person whose e-mail and idpUserId differ
// refuses every PATCH until both are written alike (script 2402); the System Owner refuses for good.
func (t *Tenant) repairAndPatch(ctx context.Context, j *userPatch, out *upstream.Outcome, refusal error) {
	repaired, err := t.repair(ctx, j)
	if err != nil {
		t.fail(j, out, err)
		return
	}
	if !repaired {
		t.fail(j, out, evidence(refusal))
		return
	}
	if err := t.sendPatch(ctx, j, out); err != nil {
		t.fail(j, out, err)
		return
	}
	out.Warnings = append(out.Warnings, "e-mail and idpUserId differed in the tenant and were written alike first")
}

// evidence narrows a vague refusal down: who is consistent and not the System Owner.
func evidence(err error) error {
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		e.Cause = "e-mail and login ID of the person agree and it is not the System Owner, so the likely causes are a value " +
			"that the tenant does not take, or no licence left"
	}
	return err
}

// repair makes an inconsistent person consistent by PUT. It reports false where nothing was to repair.
func (t *Tenant) repair(ctx context.Context, j *userPatch) (bool, error) {
	raw, err := t.getRaw(ctx, "read user to repair it", userPath(v2, j.ref))
	if err != nil {
		return false, err
	}
	p, err := t.personOf(raw, v2)
	if err != nil {
		return false, classed(j.name(), err)
	}
	if ownerHeld(p.user) {
		return false, refused(j.name(), causeOwner)
	}
	email := strings.ToLower(p.user.Email)
	idp := t.idpOf(p.user.UserID, email, p.idp)
	if t.cfg.SSO == ssoCustom || (idp == p.idp && email == p.user.Email) {
		return false, nil
	}
	for _, key := range []string{"id", "meta", "groups"} {
		delete(raw, key)
	}
	if err := edit(raw, "emails", emailsOf(email)); err != nil {
		return false, classed(j.name(), err)
	}
	if err := editParams(raw, urnParamsV2, object{"idpUserId": idp}); err != nil {
		return false, classed(j.name(), err)
	}
	_, err = t.do(ctx, session.Request{
		Op: fmt.Sprintf("repair user %q", j.u.UserID), Method: http.MethodPut, Path: userPath(v2, j.ref), Body: raw,
	})
	return err == nil, err
}

// personOf reads a person out of its raw keys.
func (t *Tenant) personOf(raw map[string]json.RawMessage, v version) (person, error) {
	data, err := json.Marshal(raw)
	if err != nil {
		return person{}, fmt.Errorf("read user: %w", err)
	}
	var w wireUser
	if err := json.Unmarshal(data, &w); err != nil {
		return person{}, fmt.Errorf("read user: %w", err)
	}
	return t.person(&w, v), nil
}

// edit writes one key of a raw resource.
func edit(raw map[string]json.RawMessage, key string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	raw[key] = data
	return nil
}

// editParams writes keys of an extension and drops marketingEmailOptIn, which is not to be sent.
func editParams(raw map[string]json.RawMessage, urn string, values object) error {
	inner := map[string]json.RawMessage{}
	if len(raw[urn]) > 0 {
		if err := json.Unmarshal(raw[urn], &inner); err != nil {
			return fmt.Errorf("read %s: %w", urn, err)
		}
	}
	if inner == nil {
		inner = map[string]json.RawMessage{}
	}
	delete(inner, "marketingEmailOptIn")
	for _, key := range sortedKeys(values) {
		if err := edit(inner, key, values[key]); err != nil {
			return err
		}
	}
	return edit(raw, urn, inner)
}
