package sac

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// updateByBulk sends the jobs in as few Bulks as they take, side by side, and looks at what came of them:
// a Bulk answer shows no person. It is false where the tenant has no Bulk; nothing was sent then.
func (t *Tenant) updateByBulk(ctx context.Context, jobs []*userJob, read upstream.Moment) bool {
	size, _ := t.bulk.size()
	chunks := balanced(jobs, size)
	taken := make([]bool, len(chunks))
	var g errgroup.Group
	for i, chunk := range chunks {
		g.Go(func() error {
			taken[i] = t.sendUpdates(ctx, chunk, read)
			return nil
		})
	}
	_ = g.Wait() // failures are told through the jobs
	if !slices.Contains(taken, true) {
		return false
	}
	var sent []*userJob
	for i, chunk := range chunks {
		if taken[i] {
			sent = append(sent, open(chunk)...)
		}
	}
	t.lookAtBulk(ctx, sent)
	t.eachWorker(ctx, open(jobs), func(ctx context.Context, j *userJob) { t.patchUser(ctx, j, read) })
	return true
}

// balanced cuts list into the fewest pieces of at most size, all about equally long.
func balanced[T any](list []T, size int) [][]T {
	if len(list) == 0 {
		return nil
	}
	pieces := ceil(len(list), max(size, 1))
	return slices.Collect(slices.Chunk(list, ceil(len(list), pieces)))
}

// sendUpdates sends one Bulk. What has to be sent again is read again first.
func (t *Tenant) sendUpdates(ctx context.Context, jobs []*userJob, read upstream.Moment) bool {
	of := make(map[*bulkItem]*userJob, len(jobs))
	items := make([]*bulkItem, len(jobs))
	for i, j := range jobs {
		items[i], of[&j.bulkItem] = &j.bulkItem, j
	}
	run := bulkRun{t: t, op: bulkName("update", len(items)), queue: items, read: read}
	run.readAgain = func(ctx context.Context, t *Tenant, items []*bulkItem) ([]*bulkItem, error) {
		again := make([]*userJob, len(items))
		for i, item := range items {
			again[i] = of[item]
		}
		if err := t.prepareAgain(ctx, again); err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Clone(items), func(item *bulkItem) bool { return of[item].over }), nil
	}
	return run.send(ctx)
}

// prepareAgain reads the people of jobs once more and makes their operations anew. Single roles are then
// sent as a whole set made from this reading, unless the tenant is known to take them.
func (t *Tenant) prepareAgain(ctx context.Context, jobs []*userJob) error {
	var names []string
	for _, j := range jobs {
		names = append(names, j.manager())
	}
	if err := t.readJobs(ctx, jobs, names); err != nil {
		return err
	}
	for _, j := range jobs {
		if !j.over {
			j.roleMode = wholeRoles
		}
		t.prepareJob(j)
	}
	return nil
}

// lookAtBulk reads the people whose items were accepted, or of which the answer tells nothing, and judges
// the others by their errors.
func (t *Tenant) lookAtBulk(ctx context.Context, jobs []*userJob) {
	var look []*userJob
	for _, j := range jobs {
		e, _ := errors.AsType[*upstream.Error](j.err)
		switch {
		case j.err == nil || e != nil && isNoAnswer(e):
			look = append(look, j)
		case e != nil && isVague(e), refusesSingleRoles(j, j.err):
			t.settlePatch(ctx, j, person{}, j.err)
		default:
			t.failUser(j, j.err)
		}
	}
	if len(look) == 0 {
		return
	}
	found, err := t.readAfter(ctx, look)
	t.eachWorker(ctx, look, func(ctx context.Context, j *userJob) {
		if err != nil {
			j.end(unseen(j.op.name, err))
			return
		}
		p, there := found[j.asked.UserID]
		if !there {
			t.ids.forget(j.asked.UserID)
			j.end(gone(j.op.name))
			return
		}
		t.judgeUser(ctx, j, p.user, j.err == nil)
	})
}

// readAfter reads the people of jobs as the writes have left them.
func (t *Tenant) readAfter(ctx context.Context, jobs []*userJob) (map[string]person, error) {
	q := personQuery{}
	for _, j := range jobs {
		q.refs = append(q.refs, j.ref)
	}
	found, err := t.readNow(ctx, q)
	if err == nil {
		err = t.nameManagers(ctx, jobs, found)
	}
	return found, err
}

// failUser writes the outcome of a refused update.
func (t *Tenant) failUser(j *userJob, err error) {
	if upstream.ClassOf(err) == upstream.Gone {
		t.ids.forget(j.asked.UserID)
	}
	j.end(explain(err, j.manager()))
}

// isNoAnswer reports whether a write was answered with success and a body that is something else, so that
// nothing is known of its effect. A web page is somebody else's answer, which ends the run.
func isNoAnswer(e *upstream.Error) bool {
	return e.Class == upstream.Unknown && !e.Unreachable && (e.Code == upstream.CodeNoAnswer || e.Status == http.StatusOK || e.Status == http.StatusCreated)
}

// unseen is the outcome of a write that was accepted and whose effect could not be looked at.
func unseen(op string, err error) *upstream.Error {
	return &upstream.Error{
		Class: upstream.Unknown, Code: upstream.CodeNotSeen, Op: op, Err: err,
		Cause: "the tenant accepted the write, but what came of it could not be read",
	}
}

// notDone is the outcome of a write that was answered with something else and shows no effect.
func notDone(op string) *upstream.Error {
	return &upstream.Error{
		Class: upstream.Refused, Code: upstream.CodeNoAnswer, Op: op,
		Cause: "the tenant answered with success but with something else than was asked for, and nothing of the change is there: " +
			"does a proxy answer in its place?",
	}
}

// otherAnswer is the failure of a reading that was answered with somebody or something else.
func otherAnswer(op string) *upstream.Error {
	return &upstream.Error{
		Class: upstream.RetryLater, Code: upstream.CodeNoAnswer, Op: op,
		Cause: "the tenant answered with something else than was asked for: does a proxy answer in its place?",
	}
}

// parts counts what an update changes.
func parts(u *upstream.UserUpdate) int {
	return len(u.Attributes()) + len(u.AddRoles) + len(u.RemoveRoles)
}

// judgeUser settles a job by the person as read after the write. answered says that the tenant's answer
// was about this write.
func (t *Tenant) judgeUser(ctx context.Context, j *userJob, now *identity.User, answered bool) {
	undone := missingByV2(&j.rest, now)
	switch {
	case !answered && len(undone) == parts(&j.rest):
		j.end(notDone(j.op.name))
		return
	case j.roleMode != wholeRoles && !t.judgeRolePatch(ctx, j, now, undone):
		return // settled by writing the whole set
	}
	t.facts.recordUndone(j.rest.Attributes(), undone)
	if j.now == nil { // nobody has compared it with what the plan saw yet
		_, j.out.Kept, _ = j.asked.CompareWith(now) // it is written, so a contradiction comes too late
	}
	j.out.Undone = append(j.out.Undone, undone...)
	j.end(nil)
}

// missingByV2 gives what of a v2 update is not there afterwards. A v2 write is sent only where the
// manager's UUID was found, so a manager who is not taken is no unknown person: the tenant ignores the
// attribute.
func missingByV2(u *upstream.UserUpdate, now *identity.User) []upstream.Undone {
	undone := u.Missing(now)
	for i := range undone {
		if undone[i].Kind == upstream.ManagerPart && now.Manager == u.Manager.Before {
			undone[i].Kind, undone[i].Key, undone[i].Code = upstream.AttributePart, upstream.AttrManager, upstream.Ignored
		}
	}
	return undone
}

func bulkName(verb string, n int) string { return fmt.Sprintf("%s %d people", verb, n) }
