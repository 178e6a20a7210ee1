package sac

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"golang.org/x/sync/errgroup"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// errEnough ends a reading whose caller has seen enough.
var errEnough = errors.New("enough")

// FindUsers yields the people that match q: by or-joined searches, by pages of the whole list or by
// single reads, whichever takes the fewest requests. v2 is used where it exists, since only it tells
// UUIDs; managers come as user IDs in either case.
func (t *Tenant) FindUsers(ctx context.Context, q upstream.UserQuery) iter.Seq2[*identity.User, error] {
	return func(yield func(*identity.User, error) bool) {
		err := t.eachPerson(ctx, newWantedPeople(q, nil), func(u *identity.User) bool { return yield(u, nil) })
		if err != nil {
			yield(nil, classed("read people", err))
		}
	}
}

// eachPerson hands out everybody that w asks for, once.
func (t *Tenant) eachPerson(ctx context.Context, w *wantedPeople, yield func(*identity.User) bool) error {
	q := &userQuery{t: t, w: w, seen: map[string]bool{}, yield: yield, v: v1}
	if t.hasV2() {
		q.v = v2
	}
	err := q.run(ctx)
	if err == nil {
		err = q.yieldWaiting(ctx)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// userQuery is one reading of people.
type userQuery struct {
	t       *Tenant
	w       *wantedPeople
	v       version
	seen    map[string]bool
	waiting []person // their manager's UUID is not known yet
	yield   func(*identity.User) bool
}

// run reads pages or searches. Where two calls or more are ahead and the tenant's size is unknown,
// the first page of the plain list tells it; its rows are kept.
func (q *userQuery) run(ctx context.Context) error {
	if q.w.all {
		return q.readAll(ctx, nil, list{})
	}
	if !q.w.open() {
		return nil
	}
	if b := q.namedCalls(); b > 0 && b < ceil(q.t.people(), pageSize) {
		if err := q.searchNames(ctx); err != nil {
			return err
		}
	}
	calls := q.calls()
	if calls == 0 {
		return nil
	}
	if total := q.t.people(); calls > 1 && total > 0 {
		if ceil(total, pageSize) < calls {
			return q.readAll(ctx, nil, list{})
		}
		return q.search(ctx)
	}
	if calls < 2 {
		return q.search(ctx)
	}
	rows, l, err := q.t.listPeople(ctx, q.v, "", 1)
	if err != nil {
		return err
	}
	q.t.setPeople(l.Total)
	if ceil(l.Total, pageSize)-1 < q.callsAfter(rows) {
		return q.readAll(ctx, rows, l)
	}
	if err := q.add(rows); err != nil {
		return err
	}
	return q.search(ctx)
}

// namedCalls is the number of searches for e-mails and login IDs, where user IDs cannot be searched for but
// may be found along with these; 0 where there is nothing to gain.
func (q *userQuery) namedCalls() int {
	w := q.w
	if q.v == v2 || q.t.loginIsUserID() || q.t.cfg.NoLookup || w.ids.open == 0 {
		return 0
	}
	return ceil(max(w.emails.open, w.logins.open), batchSize)
}

// searchNames asks for everything that a search can ask for.
func (q *userQuery) searchNames(ctx context.Context) error {
	for f := q.nextFilter(); f != ""; f = q.nextFilter() {
		if err := q.searchAll(ctx, []string{f}); err != nil {
			return err
		}
	}
	return nil
}

// callsAfter is the number of calls a search takes once rows are known.
func (q *userQuery) callsAfter(rows []person) int {
	for _, p := range rows {
		q.w.found(p.user)
	}
	return q.calls()
}

// calls is the number of calls a search takes.
func (q *userQuery) calls() int {
	w := q.w
	if q.v == v2 || q.t.loginIsUserID() {
		if q.t.cfg.NoLookup {
			return w.ids.open + w.refs.open + w.emails.open + w.logins.open
		}
		return ceil(max(w.ids.open, w.refs.open, w.emails.open, w.logins.open), batchSize)
	}
	if q.t.cfg.NoLookup {
		return w.ids.open + w.emails.open + w.logins.open
	}
	return ceil(max(w.emails.open, w.logins.open), batchSize) + w.ids.open
}

// search asks in batches until no name is open. Large readings keep all workers busy; small ones go
// one by one, since each answer may settle names of the next batch.
func (q *userQuery) search(ctx context.Context) error {
	for q.w.open() {
		width := 1
		if q.calls() > 4*q.t.workers() {
			width = q.t.workers()
		}
		var filters []string
		for range width {
			if f := q.nextFilter(); f != "" {
				filters = append(filters, f)
			}
		}
		if len(filters) == 0 {
			return q.singles(ctx)
		}
		if err := q.searchAll(ctx, filters); err != nil {
			return err
		}
	}
	return nil
}

// searchAll runs several searches side by side and adds what they find.
func (q *userQuery) searchAll(ctx context.Context, filters []string) error {
	found := make([][]person, len(filters))
	g, gctx := errgroup.WithContext(ctx)
	for i, f := range filters {
		g.Go(func() error {
			rows, err := q.t.searchPeople(gctx, q.v, f)
			found[i] = rows
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, rows := range found {
		if err := q.add(rows); err != nil {
			return err
		}
	}
	return nil
}

// searchPeople reads all pages of one search.
func (t *Tenant) searchPeople(ctx context.Context, v version, filter string) ([]person, error) {
	var out []person
	for start := 1; ; {
		rows, l, err := t.listPeople(ctx, v, filter, start)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
		start += len(rows)
		if len(rows) == 0 || start > l.Total {
			return out, nil
		}
	}
}

// nextFilter takes the next batch of names; "" when none is left that a search can ask for. v1
// filters know e-mail and login ID only (script 1311, script 1321).
func (q *userQuery) nextFilter() string {
	room := batchSize
	if q.t.cfg.NoLookup {
		room = 1
	}
	var parts []string
	ask := func(attr string, n *pendingNames) {
		if len(parts) > 0 && q.t.cfg.NoLookup {
			return
		}
		if list := n.nextBatch(room); len(list) > 0 {
			parts = append(parts, anyOf(attr, list))
		}
	}
	if q.v == v2 {
		ask("id", q.w.refs)
		ask("userName", q.w.ids)
		ask("emails.value", q.w.emails)
		ask(q.loginAttr(), q.w.logins)
	} else {
		if q.t.loginIsUserID() {
			ask("username", q.w.ids)
		}
		ask("email", q.w.emails)
		ask("username", q.w.logins)
	}
	return joinOr(parts)
}

// loginAttr is the v2 attribute that holds the login ID as v1 shows it.
func (q *userQuery) loginAttr() string {
	if q.t.loginIsUserID() {
		return "userName"
	}
	return urnParamsV2 + ":idpUserId"
}

func joinOr(parts []string) string {
	var out strings.Builder
	for i, p := range parts {
		if i > 0 {
			out.WriteString(" or ")
		}
		out.WriteString(p)
	}
	return out.String()
}

// singles reads the people whose user ID no v1 filter can ask for, one by one.
func (q *userQuery) singles(ctx context.Context) error {
	for {
		ids := q.w.ids.nextBatch(q.t.workers())
		if len(ids) == 0 {
			return nil
		}
		found := make([]person, len(ids))
		g, gctx := errgroup.WithContext(ctx)
		for i, id := range ids {
			if !identity.IsAddressable(id) {
				continue // v1 can have nobody of this ID
			}
			g.Go(func() error {
				p, err := q.t.getPersonV1(gctx, id)
				if upstream.ClassOf(err) == upstream.Gone {
					return nil
				}
				found[i] = p
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if err := q.add(found); err != nil {
			return err
		}
	}
}

// add takes rows in: everybody asked for goes out once, as soon as the manager is known.
func (q *userQuery) add(rows []person) error {
	for _, p := range rows {
		u := p.user
		if u == nil || u.UserID == "" || q.seen[u.UserID] {
			continue
		}
		q.t.ids.put(u.UserID, u.Ref)
		q.w.found(u)
		if !q.w.matches(u) {
			continue
		}
		q.seen[u.UserID] = true
		if !q.nameManager(&p) {
			q.waiting = append(q.waiting, p)
			continue
		}
		if !q.yield(u) {
			return errEnough
		}
	}
	return nil
}

// nameManager turns the manager's UUID into a user ID if the cache knows it.
func (q *userQuery) nameManager(p *person) bool {
	if p.managerRef == "" {
		return true
	}
	id, ok := q.t.ids.userID(p.managerRef)
	p.user.Manager = id
	return ok
}

// yieldWaiting looks up the managers that nobody has met and hands out who waited for them. A manager
// that does not exist any more counts as none.
func (q *userQuery) yieldWaiting(ctx context.Context) error {
	var refs []string
	for i := range q.waiting {
		if !q.nameManager(&q.waiting[i]) {
			refs = append(refs, q.waiting[i].managerRef)
		}
	}
	if err := q.t.learn(ctx, nil, refs); err != nil {
		return fmt.Errorf("look up managers: %w", err)
	}
	for i := range q.waiting {
		q.nameManager(&q.waiting[i])
		if !q.yield(q.waiting[i].user) {
			return errEnough
		}
	}
	return nil
}

// workers is how many calls go side by side.
func (t *Tenant) workers() int {
	if t.cfg.Session.Workers > 0 {
		return t.cfg.Session.Workers
	}
	return 4
}
