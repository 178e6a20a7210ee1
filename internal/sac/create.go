package sac

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/upstream"
)

// CreateCalls implements upstream.Costs: one request, or by v1 one for each person and a read and a
// second write for those who cannot be made complete at once.
func (t *Tenant) CreateCalls(users []*identity.User) int {
	if t.hasV2() {
		alone := 0
		if len(users) > 1 && slices.ContainsFunc(users, func(u *identity.User) bool { return t.otherIDs.isUnproven(u.UserID) }) {
			alone = 1
		}
		return 1 + alone
	}
	calls := len(users)
	for _, u := range users {
		if t.needsUpdateV1(u) {
			calls += 2
		}
	}
	return calls
}

// CreateUsers creates people. CF takes them by v2 under any chosen user ID, in one Bulk where it
// offers that; a Bulk answer carries no UUIDs, so Outcome.Ref is then empty (Limits.Reread). NEO
// derives user IDs itself, so people are created there one by one, see createV1.
func (w writer) CreateUsers(ctx context.Context, users []*identity.User) []upstream.Outcome {
	outs := w.create(ctx, users)
	for i := range outs {
		if w.explainRole(ctx, outs[i].Err, users[i].Roles) {
			outs[i] = w.createWithoutRoles(ctx, users[i], outs[i])
		}
	}
	return outs
}

func (w writer) create(ctx context.Context, users []*identity.User) []upstream.Outcome {
	outs := make([]upstream.Outcome, len(users))
	if !w.hasV2() {
		for i, u := range users {
			outs[i] = w.createV1(ctx, u)
		}
		return outs
	}
	managers := make([]string, len(users))
	for i, u := range users {
		managers[i] = u.Manager
	}
	refs, err := w.refsOf(ctx, managers)
	var ops []bulkOp
	var at []int
	for i, u := range users {
		op := fmt.Sprintf("create user %q", u.UserID)
		switch {
		case err != nil:
			outs[i].Err = classed(op, err)
		case u.Manager != "" && refs[i] == "":
			outs[i].Err = noManager(op, u.Manager)
		default:
			ops = append(ops, bulkOp{Method: http.MethodPost, Path: "/Users", Data: w.newUserV2(u, refs[i]), name: op})
			at = append(at, i)
		}
	}
	w.createAll(ctx, users, outs, ops, at)
	return outs
}

// createAll sends the creates by Bulk as long as the tenant takes that, else one by one. No public
// source shows whether every tenant does (IPS lists its Bulk option for users without exception).
func (t *Tenant) createAll(ctx context.Context, users []*identity.User, outs []upstream.Outcome, ops []bulkOp, at []int) {
	ops, at = t.createUnproven(ctx, users, outs, ops, at)
	from := 0
	if len(ops) > 1 && t.bulk.createSize() > 1 {
		errs, ok := t.bulkErrors(ctx, bulkName("create", len(ops)), ops)
		if ok && t.tookCreates(errs) {
			t.settleCreates(users, outs, at, errs)
			return
		}
		if ok && !saysNoCreates(errs[0]) {
			// Everything was refused. Whether Bulk or the people are at fault, a single create shows.
			outs[at[0]] = t.createOne(ctx, ops[0], users[at[0]])
			if outs[at[0]].Err != nil {
				t.settleCreates(users, outs, at[1:], errs[1:])
				return
			}
			from = 1
		}
		if ok {
			t.bulk.set(func(b *bulkState) { b.noCreates = true })
		}
	}
	for k := from; k < len(ops); k++ {
		outs[at[k]] = t.createOne(ctx, ops[k], users[at[k]])
	}
}

// createUnproven creates those alone of whose user IDs it is not known whether the tenant keeps them, until one has
// shown it, and gives the others.
func (t *Tenant) createUnproven(ctx context.Context, users []*identity.User, outs []upstream.Outcome, ops []bulkOp, at []int) ([]bulkOp, []int) {
	var rest []bulkOp
	var restAt []int
	for k, op := range ops {
		if t.otherIDs.isUnproven(users[at[k]].UserID) {
			outs[at[k]] = t.createOne(ctx, op, users[at[k]])
			continue
		}
		rest, restAt = append(rest, op), append(restAt, at[k])
	}
	return rest, restAt
}

// tookCreates reports whether Bulk treated the creates as such: one of them went through, now or
// before, or one was refused for its own sake.
func (t *Tenant) tookCreates(errs []error) bool {
	for _, err := range errs {
		if err == nil {
			t.bulk.set(func(b *bulkState) { b.creates = true })
			return true
		}
		e, ok := errors.AsType[*upstream.Error](err)
		if !ok || e.Class != upstream.Refused || e.Status == http.StatusPreconditionRequired || e.Status == 0 {
			return true
		}
	}
	return t.bulk.get(func(b *bulkState) bool { return b.creates })
}

// saysNoCreates reports whether an item was refused because of its method.
func saysNoCreates(err error) bool {
	e, ok := errors.AsType[*upstream.Error](err)
	return ok && (e.Status == http.StatusNotImplemented || e.Status == http.StatusMethodNotAllowed)
}

// settleCreates writes the outcomes of a Bulk of creates.
func (t *Tenant) settleCreates(users []*identity.User, outs []upstream.Outcome, at []int, errs []error) {
	for k, err := range errs {
		if err == nil {
			t.ids.await(users[at[k]].UserID)
		}
		outs[at[k]] = upstream.Outcome{Err: explainCreate(err, users[at[k]].Manager)}
	}
}

// createOne makes one person and checks that it is the wanted one.
func (t *Tenant) createOne(ctx context.Context, op bulkOp, u *identity.User) upstream.Outcome {
	done, err := t.mayCreate(ctx, op.name, u.UserID)
	if err != nil {
		return upstream.Outcome{Err: err}
	}
	defer done()
	var p person
	begun := time.Now()
	_, err = t.do(ctx, session.Request{
		Op: op.name, Method: http.MethodPost, Path: pathV2 + "/Users", Body: op.Data,
		Decode: func(dec *json.Decoder) error {
			var err error
			p, err = t.decodePerson(dec, v2)
			return err
		},
	})
	if err == nil && (p.user == nil || p.user.UserID == "") {
		err = noAnswer(op.name)
	}
	if err != nil {
		return upstream.Outcome{Err: explainCreate(err, u.Manager)}
	}
	if p.user.UserID != u.UserID {
		return upstream.Outcome{Err: t.undoOtherID(ctx, op.name, u, u.Email, p.user, begun)}
	}
	t.otherIDs.created(u.UserID, u.UserID)
	t.ids.put(p.user.UserID, p.user.Ref)
	out := upstream.Outcome{Ref: p.user.Ref, Roles: slices.Concat([]string{}, p.user.Roles)}
	if len(t.lacking(u, p)) > 0 {
		out.Undone = t.lookAtCreated(ctx, u, p)
	}
	return out
}

// lacking gives what a created person lacks by an answer or a reading.
func (t *Tenant) lacking(want *identity.User, p person) []upstream.Undone {
	if p.managerRef != "" {
		p.user.Manager, _ = t.ids.userID(p.managerRef)
	}
	return upstream.NotAsWanted(want, p.user, t.who)
}

// lookAtCreated reads a created person whose answer lacks something and gives what it still lacks. Who
// cannot be read lacks what the answer lacked.
func (t *Tenant) lookAtCreated(ctx context.Context, want *identity.User, told person) []upstream.Undone {
	found, err := t.readNow(ctx, personQuery{refs: []string{told.user.Ref}})
	if p, there := found[want.UserID]; there && err == nil {
		return t.lacking(want, p)
	}
	return t.lacking(want, told)
}

// noAnswer is the outcome of a write that was answered with success and something else than was asked for.
func noAnswer(op string) *upstream.Error {
	return &upstream.Error{
		Class: upstream.Unknown, Code: upstream.CodeNoAnswer, Op: op,
		Cause: "the tenant answered with success but with something else than was asked for: look what came of it",
	}
}

// explainCreate names the cause of a refused create.
func explainCreate(err error, manager string) error {
	if err == nil {
		return nil
	}
	err = explain(err, manager)
	e, ok := errors.AsType[*upstream.Error](err)
	if ok && isNoAnswer(e) {
		e.Code = upstream.CodeNoAnswer
	}
	if ok && e.Class == upstream.Conflict && e.Cause == "" {
		e.Code = upstream.CodeUserExists
		e.Cause = "the user ID exists, or the e-mail or login ID belongs to someone else"
	}
	return err
}

func noManager(op, manager string) *upstream.Error {
	return &upstream.Error{
		Class: upstream.Refused, Code: upstream.CodeUnknownManager, Op: op, MissingRef: manager, Cause: "the tenant has no user " + manager + " to be the manager",
	}
}

// refsOf gives the UUIDs of people by user ID, "" where the tenant has no such person. Those the cache
// does not know are looked up together.
func (t *Tenant) refsOf(ctx context.Context, ids []string) ([]string, error) {
	var unknown []string
	for _, id := range ids {
		if _, ok := t.ids.ref(id); !ok && id != "" {
			unknown = append(unknown, id)
		}
	}
	if rest := len(unknown) % batchSize; rest > 0 {
		// The same search has room for those whom a Bulk has just made: managers among them, mostly.
		unknown = append(unknown, t.ids.awaiting(batchSize-rest)...)
	}
	if err := t.learn(ctx, unknown, nil); err != nil {
		return nil, fmt.Errorf("look up UUIDs: %w", err)
	}
	refs := make([]string, len(ids))
	for i, id := range ids {
		refs[i], _ = t.ids.ref(id)
	}
	return refs, nil
}
