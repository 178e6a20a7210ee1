package sac

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// UpdateUsers changes people: by v2 PATCH, many in Bulks side by side, on NEO by reading and writing the
// whole person. One reading right before the writes serves them all.
func (w writer) UpdateUsers(ctx context.Context, updates []upstream.UserUpdate) []upstream.Outcome {
	outs := w.update(ctx, updates)
	for i := range outs {
		if w.explainRole(ctx, outs[i].Err, updates[i].AddRoles) {
			outs[i] = w.updateWithoutRoles(ctx, updates[i], outs[i])
		}
	}
	return outs
}

func (w writer) update(ctx context.Context, updates []upstream.UserUpdate) []upstream.Outcome {
	outs := make([]upstream.Outcome, len(updates))
	if !w.hasV2() {
		for i := range updates {
			outs[i], _ = w.updateV1(ctx, &updates[i])
		}
		return outs
	}
	jobs := make([]*userJob, len(updates))
	for i := range updates {
		jobs[i] = newUserJob(updates[i], &outs[i])
	}
	// One call keeps all workers busy, and a second one beside it would only age its reading.
	unlock, err := w.updates.lock(ctx, bulkName("update", len(updates)), w.permission)
	if err != nil {
		failAll(jobs, err)
		return outs
	}
	defer unlock()
	w.updateV2(ctx, jobs)
	return outs
}

// userJob is one person's update on its way by v2.
type userJob struct {
	bulkItem
	asked upstream.UserUpdate
	out   *upstream.Outcome

	now      *identity.User      // as read before; nil where nobody was read
	rest     upstream.UserUpdate // what is still to be done
	ref      string
	roleMode roleWriteMode
	whole    bool // single roles were tried in vain
	over     bool // the outcome is known
}

func newUserJob(u upstream.UserUpdate, out *upstream.Outcome) *userJob {
	j := &userJob{asked: u, rest: u, ref: u.Ref, out: out}
	j.op.name = fmt.Sprintf("update user %q", u.UserID)
	return j
}

// end settles the job with an error, or with success where err is nil.
func (j *userJob) end(err error) {
	j.out.Err, j.over = err, true
}

// manager is the manager that the job sets, "" for none.
func (j *userJob) manager() string {
	if j.asked.Manager == nil {
		return ""
	}
	return j.asked.Manager.After
}

func failAll(jobs []*userJob, err error) {
	for _, j := range jobs {
		if !j.over {
			j.end(itemFailure(j.op.name, err))
		}
	}
}

// open leaves out the jobs whose outcome is known.
func open(jobs []*userJob) []*userJob {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *userJob) bool { return j.over })
}

// needsReading reports whether an update can be made only from a reading: where an attribute changes, for
// somebody else may have changed it, and where roles are sent as a whole.
func (t *Tenant) needsReading(u *upstream.UserUpdate) bool {
	return u.DecidesAllRoles && u.ChangesRoles() || len(u.Attributes()) > 0 ||
		u.ChangesRoles() && t.facts.rolePatch() != upstream.Yes
}

// updateV2 reads, writes and looks at what came of it.
func (t *Tenant) updateV2(ctx context.Context, jobs []*userJob) {
	if err := t.Discover(ctx); err != nil {
		failAll(jobs, err)
		return
	}
	if err := t.readBefore(ctx, jobs); err != nil {
		failAll(jobs, classed("read people before the update", err))
		return
	}
	read := upstream.Now()
	jobs = open(jobs)
	probe := t.chooseProbe(jobs)
	if probe != nil {
		defer t.facts.endProbe()
	}
	if size, _ := t.bulk.size(); len(jobs) > 1 && size > 1 && t.updateByBulk(ctx, jobs, read) {
		return
	}
	t.eachWorker(ctx, jobs, func(ctx context.Context, j *userJob) { t.patchUser(ctx, j, read) })
}

// eachWorker does the jobs side by side.
func (t *Tenant) eachWorker(ctx context.Context, jobs []*userJob, do func(ctx context.Context, j *userJob)) {
	var g errgroup.Group
	g.SetLimit(t.workers())
	for _, j := range jobs {
		g.Go(func() error {
			do(ctx, j)
			return nil
		})
	}
	_ = g.Wait() // do tells its failures through the jobs
}

// readBefore reads the people who have to be read, along with the UUIDs that are not known yet, and takes
// what is left to do for each.
func (t *Tenant) readBefore(ctx context.Context, jobs []*userJob) error {
	var read []*userJob
	var names []string
	for _, j := range jobs {
		t.ids.put(j.asked.UserID, j.ref)
		names = append(names, j.manager())
		if t.needsReading(&j.asked) {
			read = append(read, j)
		} else {
			names = append(names, j.asked.UserID)
		}
	}
	if err := t.readJobs(ctx, read, names); err != nil {
		return err
	}
	for _, j := range jobs {
		t.prepareJob(j)
	}
	return nil
}

// readJobs reads the people of jobs as they are now, and in the same requests those of names whose UUIDs
// are not known.
func (t *Tenant) readJobs(ctx context.Context, jobs []*userJob, names []string) error {
	q := personQuery{}
	for _, j := range jobs {
		q.add(t, j.asked.UserID)
	}
	for _, name := range names {
		if _, known := t.ids.ref(name); name != "" && !known {
			q.add(t, name)
		}
	}
	found, err := t.readNow(ctx, q)
	if err != nil {
		return err
	}
	if err := t.nameManagers(ctx, jobs, found); err != nil {
		return err
	}
	for _, j := range jobs {
		p, there := found[j.asked.UserID]
		if !there {
			t.ids.forget(j.asked.UserID)
			j.end(gone(j.op.name))
			continue
		}
		j.reduceToRemaining(p.user)
	}
	return nil
}

// personQuery asks for people by UUID, or by user ID where that is not known.
type personQuery struct{ refs, userIDs []string }

func (q *personQuery) add(t *Tenant, userID string) {
	if ref, known := t.ids.ref(userID); known {
		q.refs = append(q.refs, ref)
	} else if !slices.Contains(q.userIDs, userID) {
		q.userIDs = append(q.userIDs, userID)
	}
}

// readNow reads people as they are now, by user ID.
func (t *Tenant) readNow(ctx context.Context, q personQuery) (map[string]person, error) {
	found := make(map[string]person, len(q.refs)+len(q.userIDs))
	room := t.batchSize()
	for len(q.refs)+len(q.userIDs) > 0 {
		refs := q.refs[:min(room, len(q.refs))]
		userIDs := q.userIDs[:min(room-len(refs), len(q.userIDs))]
		q.refs, q.userIDs = q.refs[len(refs):], q.userIDs[len(userIDs):]
		var parts []string
		if len(refs) > 0 {
			parts = append(parts, anyOf("id", refs))
		}
		if len(userIDs) > 0 {
			parts = append(parts, anyOf("userName", userIDs))
		}
		rows, err := t.searchPeople(ctx, v2, joinOr(parts))
		if err != nil {
			return nil, err
		}
		for _, p := range rows {
			t.ids.put(p.user.UserID, p.user.Ref)
			found[p.user.UserID] = p
		}
	}
	return found, nil
}

// nameManagers turns the managers' UUIDs of those whose manager changes into user IDs.
func (t *Tenant) nameManagers(ctx context.Context, jobs []*userJob, found map[string]person) error {
	var unknown []string
	for _, j := range jobs {
		p, there := found[j.asked.UserID]
		if !there || j.asked.Manager == nil || p.managerRef == "" {
			continue
		}
		if _, known := t.ids.userID(p.managerRef); !known {
			unknown = append(unknown, p.managerRef)
		}
	}
	if err := t.learn(ctx, nil, unknown); err != nil {
		return fmt.Errorf("look up managers: %w", err)
	}
	for _, p := range found {
		p.user.Manager, _ = t.ids.userID(p.managerRef)
	}
	return nil
}

// reduceToRemaining takes what is left to do for a person who is there as now.
func (j *userJob) reduceToRemaining(now *identity.User) {
	if now.IsSystemOwner() {
		j.end(refused(j.op.name, upstream.CodeSystemOwner, causeOwner))
		return
	}
	rest, kept, err := j.asked.CompareWith(now)
	j.now, j.rest, j.out.Kept = now, rest, kept
	if err != nil || rest.Empty() {
		j.end(err)
	}
}

// prepareJob makes the operation of a job that is still to be sent.
func (t *Tenant) prepareJob(j *userJob) {
	if j.over {
		return
	}
	ref, there := t.ids.ref(j.asked.UserID)
	managerRef, managed := t.ids.ref(j.manager())
	switch {
	case !there:
		j.end(gone(j.op.name))
		return
	case j.rest.Manager != nil && j.manager() != "" && !managed:
		j.end(noManager(j.op.name, j.manager()))
		return
	}
	j.out.Undone = t.dropUnsupportedLogin(&j.rest)
	if j.rest.Empty() {
		j.end(nil)
		return
	}
	j.ref = ref
	if !j.whole && t.facts.rolePatch() == upstream.Yes {
		j.roleMode = singleRoles
	}
	t.makeOp(j, managerRef)
}

func (t *Tenant) makeOp(j *userJob, managerRef string) {
	j.op.Method, j.op.Path = http.MethodPatch, "/Users/"+j.ref
	j.op.Data = patchBody(t.patchesOf(&j.rest, j.now, j.roleMode, managerRef))
}

func gone(op string) *upstream.Error {
	return &upstream.Error{Class: upstream.Gone, Code: upstream.CodeGone, Op: op, Cause: "the tenant has no such user"}
}
