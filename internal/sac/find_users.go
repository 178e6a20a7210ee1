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
		err := t.eachPerson(ctx, newWanted(q, nil), func(u *identity.User) bool { return yield(u, nil) })
		if err != nil {
			yield(nil, classed("read people", err))
		}
	}
}

// eachPerson hands out everybody that w asks for, once.
func (t *Tenant) eachPerson(ctx context.Context, w *wanted, yield func(*identity.User) bool) error {
	h := &harvest{t: t, w: w, seen: map[string]bool{}, yield: yield, v: v1}
	if t.hasV2() {
		h.v = v2
	}
	err := h.run(ctx)
	if err == nil {
		err = h.release(ctx)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// harvest is one reading of people.
type harvest struct {
	t     *Tenant
	w     *wanted
	v     version
	seen  map[string]bool
	held  []person // their manager's UUID is not known yet
	yield func(*identity.User) bool
}

// run reads pages or searches. Where two calls or more are ahead and the tenant's size is unknown,
// the first page of the plain list tells it; its rows are kept.
func (h *harvest) run(ctx context.Context) error {
	if h.w.all {
		return h.pages(ctx, nil, list{})
	}
	if !h.w.open() {
		return nil
	}
	if b := h.namedCalls(); b > 0 && b < ceil(h.t.people(), pageSize) {
		if err := h.searchNames(ctx); err != nil {
			return err
		}
	}
	calls := h.calls()
	if calls == 0 {
		return nil
	}
	if total := h.t.people(); calls > 1 && total > 0 {
		if ceil(total, pageSize) < calls {
			return h.pages(ctx, nil, list{})
		}
		return h.search(ctx)
	}
	if calls < 2 {
		return h.search(ctx)
	}
	rows, l, err := h.t.listPeople(ctx, h.v, "", 1)
	if err != nil {
		return err
	}
	h.t.setPeople(l.Total)
	if ceil(l.Total, pageSize)-1 < h.callsAfter(rows) {
		return h.pages(ctx, rows, l)
	}
	if err := h.add(rows); err != nil {
		return err
	}
	return h.search(ctx)
}

// namedCalls is the number of searches for e-mails and login IDs, where user IDs cannot be searched for but
// may be found along with these; 0 where there is nothing to gain.
func (h *harvest) namedCalls() int {
	w := h.w
	if h.v == v2 || h.t.loginIsUserID() || h.t.cfg.NoLookup || w.ids.open == 0 {
		return 0
	}
	return ceil(max(w.emails.open, w.logins.open), batchSize)
}

// searchNames asks for everything that a search can ask for.
func (h *harvest) searchNames(ctx context.Context) error {
	for f := h.nextFilter(); f != ""; f = h.nextFilter() {
		if err := h.searchAll(ctx, []string{f}); err != nil {
			return err
		}
	}
	return nil
}

// callsAfter is the number of calls a search takes once rows are known.
func (h *harvest) callsAfter(rows []person) int {
	for _, p := range rows {
		h.w.settle(p.user)
	}
	return h.calls()
}

// calls is the number of calls a search takes.
func (h *harvest) calls() int {
	w := h.w
	if h.v == v2 || h.t.loginIsUserID() {
		if h.t.cfg.NoLookup {
			return w.ids.open + w.refs.open + w.emails.open + w.logins.open
		}
		return ceil(max(w.ids.open, w.refs.open, w.emails.open, w.logins.open), batchSize)
	}
	if h.t.cfg.NoLookup {
		return w.ids.open + w.emails.open + w.logins.open
	}
	return ceil(max(w.emails.open, w.logins.open), batchSize) + w.ids.open
}

// search asks in batches until no name is open. Large readings keep all workers busy; small ones go
// one by one, since each answer may settle names of the next batch.
func (h *harvest) search(ctx context.Context) error {
	for h.w.open() {
		width := 1
		if h.calls() > 4*h.t.workers() {
			width = h.t.workers()
		}
		var filters []string
		for range width {
			if f := h.nextFilter(); f != "" {
				filters = append(filters, f)
			}
		}
		if len(filters) == 0 {
			return h.singles(ctx)
		}
		if err := h.searchAll(ctx, filters); err != nil {
			return err
		}
	}
	return nil
}

// searchAll runs several searches side by side and adds what they find.
func (h *harvest) searchAll(ctx context.Context, filters []string) error {
	found := make([][]person, len(filters))
	g, gctx := errgroup.WithContext(ctx)
	for i, f := range filters {
		g.Go(func() error {
			rows, err := h.t.searchPeople(gctx, h.v, f)
			found[i] = rows
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, rows := range found {
		if err := h.add(rows); err != nil {
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
func (h *harvest) nextFilter() string {
	room := batchSize
	if h.t.cfg.NoLookup {
		room = 1
	}
	var parts []string
	take := func(attr string, n *names) {
		if len(parts) > 0 && h.t.cfg.NoLookup {
			return
		}
		if list := n.take(room); len(list) > 0 {
			parts = append(parts, anyOf(attr, list))
		}
	}
	if h.v == v2 {
		take("id", h.w.refs)
		take("userName", h.w.ids)
		take("emails.value", h.w.emails)
		take(h.loginAttr(), h.w.logins)
	} else {
		if h.t.loginIsUserID() {
			take("username", h.w.ids)
		}
		take("email", h.w.emails)
		take("username", h.w.logins)
	}
	return joinOr(parts)
}

// loginAttr is the v2 attribute that holds the login ID as v1 shows it.
func (h *harvest) loginAttr() string {
	if h.t.loginIsUserID() {
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
func (h *harvest) singles(ctx context.Context) error {
	for {
		ids := h.w.ids.take(h.t.workers())
		if len(ids) == 0 {
			return nil
		}
		found := make([]person, len(ids))
		g, gctx := errgroup.WithContext(ctx)
		for i, id := range ids {
			g.Go(func() error {
				p, err := h.t.getPerson(gctx, v1, id)
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
		if err := h.add(found); err != nil {
			return err
		}
	}
}

// add takes rows in: everybody asked for goes out once, as soon as the manager is known.
func (h *harvest) add(rows []person) error {
	for _, p := range rows {
		u := p.user
		if u == nil || u.UserID == "" || h.seen[u.UserID] {
			continue
		}
		h.t.ids.put(u.UserID, u.Ref)
		h.w.settle(u)
		if !h.w.matches(u) {
			continue
		}
		h.seen[u.UserID] = true
		if !h.boss(&p) {
			h.held = append(h.held, p)
			continue
		}
		if !h.yield(u) {
			return errEnough
		}
	}
	return nil
}

// boss turns the manager's UUID into a user ID if the book knows it.
func (h *harvest) boss(p *person) bool {
	if p.managerRef == "" {
		return true
	}
	id, ok := h.t.ids.userID(p.managerRef)
	p.user.Manager = id
	return ok
}

// release looks up the managers that nobody has met and hands out who waited for them. A manager
// that does not exist any more counts as none.
func (h *harvest) release(ctx context.Context) error {
	var refs []string
	for i := range h.held {
		if !h.boss(&h.held[i]) {
			refs = append(refs, h.held[i].managerRef)
		}
	}
	if err := h.t.learn(ctx, nil, refs); err != nil {
		return fmt.Errorf("look up managers: %w", err)
	}
	for i := range h.held {
		h.boss(&h.held[i])
		if !h.yield(h.held[i].user) {
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
