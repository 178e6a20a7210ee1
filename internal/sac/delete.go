package sac

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// DeleteUsers deletes people, in one Bulk where the tenant has it. Who is gone already is a success.
func (w writer) DeleteUsers(ctx context.Context, users []upstream.UserKey) []upstream.Outcome {
	outs := make([]upstream.Outcome, len(users))
	if len(users) > 1 && w.hasV2() && w.deleteBulk(ctx, users, outs) {
		return outs
	}
	for i, u := range users {
		if w.hasV2() && (u.Ref != "" || !w.mayV1()) {
			outs[i] = w.deleteV2(ctx, u)
		} else {
			outs[i] = w.deleteV1(ctx, u)
		}
	}
	return outs
}

// deleteBulk reports false where the tenant has no Bulk; nothing has been deleted then.
func (t *Tenant) deleteBulk(ctx context.Context, users []upstream.UserKey, outs []upstream.Outcome) bool {
	if n, _ := t.bulk.size(); n < 2 {
		return false
	}
	ids := make([]string, len(users))
	for i, u := range users {
		t.ids.put(u.UserID, u.Ref)
		ids[i] = u.UserID
	}
	refs, err := t.refsOf(ctx, ids)
	var ops []bulkOp
	var at []int
	for i, u := range users {
		op := deleteName(u)
		switch {
		case err != nil:
			outs[i].Err = classed(op, err)
		case refs[i] != "":
			ops = append(ops, bulkOp{Method: http.MethodDelete, Path: "/Users/" + refs[i], name: op})
			at = append(at, i)
		}
	}
	if len(ops) == 0 {
		return true
	}
	errs, ok := t.bulkErrors(ctx, bulkName("delete", len(ops)), ops)
	if !ok {
		return false
	}
	for k, err := range errs {
		outs[at[k]] = t.deleted(users[at[k]], err)
	}
	return true
}

func deleteName(u upstream.UserKey) string { return fmt.Sprintf("delete user %q", u.UserID) }

// deleteV2 deletes by UUID, which is looked up where the key has none.
func (t *Tenant) deleteV2(ctx context.Context, u upstream.UserKey) upstream.Outcome {
	if u.Ref == "" {
		refs, err := t.refsOf(ctx, []string{u.UserID})
		if err != nil {
			return upstream.Outcome{Err: classed(deleteName(u), err)}
		}
		if u.Ref = refs[0]; u.Ref == "" {
			return upstream.Outcome{}
		}
	}
	return t.deleteAt(ctx, u, userPath(v2, u.Ref))
}

// deleteV1 deletes by user ID, which somebody else may have by now: it reads the person right before.
func (t *Tenant) deleteV1(ctx context.Context, u upstream.UserKey) upstream.Outcome {
	resp, err := t.readThenWrite(ctx, deleteName(u), func(t *Tenant) (session.Request, error) {
		p, err := t.getPersonV1(ctx, u.UserID)
		switch {
		case err != nil:
			return session.Request{}, classed(deleteName(u), err)
		case p.user.UserID != u.UserID:
			return session.Request{}, otherAnswer(deleteName(u))
		}
		return deleteRequest(u, userPath(v1, u.UserID)), u.Same(p.user)
	})
	return t.judgeDelete(u, resp, err)
}

// deleteAt deletes by a path that nobody else can come to have.
func (t *Tenant) deleteAt(ctx context.Context, u upstream.UserKey, path string) upstream.Outcome {
	resp, err := t.do(ctx, deleteRequest(u, path))
	return t.judgeDelete(u, resp, err)
}

func deleteRequest(u upstream.UserKey, path string) session.Request {
	return session.Request{Op: deleteName(u), Method: http.MethodDelete, Path: path}
}

// judgeDelete gives the outcome of a DELETE, which is seen to be done by 204 or 404 alone.
func (t *Tenant) judgeDelete(u upstream.UserKey, resp *session.Response, err error) upstream.Outcome {
	if err == nil && resp.Status != http.StatusNoContent {
		err = noAnswer(deleteName(u))
	}
	return t.deleted(u, err)
}

// deleted turns the answer to a delete into an outcome. A manager of others cannot be deleted (script
// 2666); which status says so is not documented.
func (t *Tenant) deleted(u upstream.UserKey, err error) upstream.Outcome {
	if err == nil || upstream.ClassOf(err) == upstream.Gone {
		t.ids.forget(u.UserID)
		return upstream.Outcome{}
	}
	if e, ok := errors.AsType[*upstream.Error](err); ok && e.Class == upstream.Refused && e.Cause == "" {
		e.Code = upstream.CodeManagesOthers
		e.Cause = "likely causes: other people have this person as their manager, so change or delete them first; or the person is the System Owner (KBA 3718579)"
	}
	return upstream.Outcome{Err: err}
}
