package apply_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

var errDead = errors.New("the process is dead")

// tenant is a target in memory that keeps state, counts requests by the price list of its limits and
// notes every breach of the contract.
type tenant struct {
	limits func(size int) upstream.Limits
	// before may refuse or lose a write: it is given the kind of call and its number, from 1. A lost
	// write takes effect where effect is true.
	before func(op string, n int) (err error, effect bool)
	reads  func(n int) error // may fail a read
	// sending is called right before each send of a write asks for its permission, with its number, from 1.
	sending   func(n int)
	after     func(op string)  // called under the lock once a write has taken effect
	poisoned  map[string]error // people whom no create makes, with what it is answered
	clockless bool             // does not tell the time
	byEmail   bool             // finds people by e-mail, too
	process   sync.RWMutex     // held to write by whoever stops the process
	visited   bool             // a visitor's run begins
	dead      func() bool      // no call may come once it is true
	url       string           // tenantURL where it is empty

	mu           sync.Mutex
	users        map[string]identity.User
	teams        map[string]identity.Group
	ids          int
	roles        map[string]bool // nil: all exist
	defaultRoles []string        // what each created person gets on top
	dropped      map[string]bool // members, roles and texts that writes leave out without a word
	writing      map[string]bool // teams with a write in flight
	opNumber     map[string]int
	sends        int
	updated      int // people written by updates
	requests     int
	readCount    int
	creates      map[string]int
	breaches     []string
	log          []string
}

func newTenant(l upstream.Limits) *tenant {
	return &tenant{
		limits: func(int) upstream.Limits { return l },
		users:  map[string]identity.User{}, teams: map[string]identity.Group{},
		dropped: map[string]bool{}, writing: map[string]bool{},
		opNumber: map[string]int{}, creates: map[string]int{},
	}
}

func (f *tenant) Tenant() identity.Tenant {
	return identity.Tenant{Name: "b", URL: cmp.Or(f.url, tenantURL)}
}

func (f *tenant) Limits(size int) upstream.Limits { return f.limits(size) }

func (f *tenant) Clock(local time.Time) (time.Time, bool) { return local, !f.clockless }

func (f *tenant) Facts() upstream.Facts { return upstream.Facts{} }

func (f *tenant) Writer(p upstream.Permission) upstream.Writer {
	return &permitted{tenant: f, permission: p, visitor: f.visited}
}

// permitted are the tenant's writes under a permission.
type permitted struct {
	*tenant
	permission upstream.Permission
	visitor    bool // of a run that goes on while the others' process is stopped
}

// stopped lets do happen while every other process stands still: whoever has a permission sends first.
func (f *tenant) stopped(do func()) {
	f.process.Lock()
	defer f.process.Unlock()
	f.visited = true
	do()
	f.visited = false
}

// UpdateCalls makes those cost more whose roles change.
func (f *tenant) UpdateCalls(updates []upstream.UserUpdate) int {
	calls := 1
	for i := range updates {
		if updates[i].ChangesRoles() {
			calls++
		}
	}
	return calls
}

// GroupCalls makes role changes cost more than others.
func (f *tenant) GroupCalls(u *upstream.GroupUpdate) int {
	if u.ChangesRoles() {
		return 3
	}
	return 1
}

func (f *tenant) RoleIDs(context.Context) ([]string, bool, error) { return nil, false, nil }

// enter counts a call and asks what is to go wrong with it.
func (f *permitted) enter(ctx context.Context, op, team, detail string, price, size, most int) (error, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead != nil && f.dead() {
		return errDead, false
	}
	if ctx.Err() != nil {
		f.breaches = append(f.breaches, op+" with a context that is over")
	}
	f.sends++
	n := f.sends
	f.mu.Unlock()
	if f.sending != nil {
		f.sending(n)
	}
	if !f.visitor {
		f.process.RLock()
		defer f.process.RUnlock()
	}
	refusal := f.permission.Check()
	f.mu.Lock()
	if refusal != nil {
		return &upstream.Error{Class: upstream.NotSent, Op: op, Err: refusal}, false
	}
	if f.writing[team] {
		f.breaches = append(f.breaches, "two writes to team "+team+" at a time")
	}
	f.writing[team] = team != ""
	defer func() { f.writing[team] = false }()
	if size > most {
		f.breaches = append(f.breaches, fmt.Sprintf("%s of %d, at most %d are allowed", op, size, most))
	}
	f.requests += price
	f.opNumber[op]++
	f.log = append(f.log, op+" "+detail)
	if f.before == nil {
		return nil, true
	}
	n = f.opNumber[op]
	f.mu.Unlock()
	err, effect := f.before(op, n)
	f.mu.Lock()
	return err, effect || err == nil
}

func (f *tenant) find(yieldErr func(error)) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead != nil && f.dead() {
		yieldErr(errDead)
		return false
	}
	f.readCount++
	if f.reads == nil {
		return true
	}
	n := f.readCount
	f.mu.Unlock()
	err := f.reads(n)
	f.mu.Lock()
	if err != nil {
		yieldErr(err)
	}
	return err == nil
}

func (f *tenant) FindUsers(ctx context.Context, q upstream.UserQuery) iter.Seq2[*identity.User, error] {
	return func(yield func(*identity.User, error) bool) {
		if ctx.Err() != nil {
			yield(nil, &upstream.Error{Class: upstream.Cancelled, Op: "find users", Err: ctx.Err()})
			return
		}
		if !f.find(func(err error) { yield(nil, err) }) {
			return
		}
		f.mu.Lock()
		size := f.limits(0).Lookup
		if len(q.Emails) > 0 {
			size = f.limits(0).Reread
		}
		f.requests += (len(q.UserIDs) + max(size, 1) - 1) / max(size, 1)
		var found []identity.User
		for _, id := range q.UserIDs {
			if u, ok := f.users[id]; ok {
				found = append(found, u)
			}
		}
		for _, u := range f.others() {
			if slices.Contains(q.Emails, u.Email) && !slices.Contains(q.UserIDs, u.UserID) {
				found = append(found, u)
			}
		}
		f.mu.Unlock()
		for i := range found {
			if !yield(&found[i], nil) {
				return
			}
		}
	}
}

func (f *tenant) FindGroups(ctx context.Context, q upstream.GroupQuery) iter.Seq2[*identity.Group, error] {
	return func(yield func(*identity.Group, error) bool) {
		if ctx.Err() != nil {
			yield(nil, &upstream.Error{Class: upstream.Cancelled, Op: "find groups", Err: ctx.Err()})
			return
		}
		if !f.find(func(err error) { yield(nil, err) }) {
			return
		}
		for _, name := range q.Names {
			f.mu.Lock()
			g, ok := f.teams[name]
			g.Members = slices.Clone(g.Members)
			f.mu.Unlock()
			if name == "hidden" {
				if !yield(nil, &upstream.UnreadableError{Name: name, Cause: "hidden"}) {
					return
				}
				continue
			}
			if !q.Members {
				g.Members = nil
			}
			if ok && !yield(&g, nil) {
				return
			}
		}
	}
}

// CreateCalls makes those cost more who have a concurrent licence.
func (f *tenant) CreateCalls(users []*identity.User) int {
	calls := 1
	for _, u := range users {
		if u.Concurrent {
			calls += 2
		}
	}
	return calls
}

func (f *permitted) CreateUsers(ctx context.Context, users []*identity.User) []upstream.Outcome {
	l := f.limits(0)
	err, effect := f.enter(ctx, "create users", "", names(users), f.CreateCalls(users), len(users), l.CreateBatch)
	f.mu.Lock()
	defer f.mu.Unlock()
	outs := make([]upstream.Outcome, len(users))
	for n, u := range users {
		if effect && f.poisoned[u.UserID] == nil {
			outs[n] = f.create(u)
			if f.limits(0).Reread > 0 && len(users) > 1 && outs[n].Err == nil {
				outs[n] = upstream.Outcome{} // a Bulk shows nobody
			}
		}
		if err := cmp.Or(err, f.poisoned[u.UserID]); err != nil {
			outs[n] = upstream.Outcome{Err: err}
		}
	}
	if f.after != nil {
		f.after("create users")
	}
	return outs
}

func (f *tenant) create(u *identity.User) upstream.Outcome {
	if _, ok := f.users[u.UserID]; ok {
		return refuse(upstream.Conflict, u.UserID+" exists", "")
	}
	for _, role := range u.Roles {
		if f.roles != nil && !f.roles[role] {
			return refuse(upstream.Refused, "unknown role", role)
		}
	}
	if u.Manager != "" {
		if _, ok := f.users[u.Manager]; !ok {
			return refuse(upstream.Refused, "unknown manager", u.Manager)
		}
	}
	f.creates["user "+u.UserID]++
	made := *u
	f.ids++
	made.Ref, made.Created = fmt.Sprint("ref-", f.ids), now()
	made.Roles = union(without(u.Roles, f.leftOut()), f.defaultRoles)
	made.Concurrent = u.Concurrent && len(f.defaultRoles) == 0
	f.users[u.UserID] = made
	return upstream.Outcome{Ref: made.Ref, Roles: slices.Clone(made.Roles)}
}

func (f *permitted) UpdateUsers(ctx context.Context, updates []upstream.UserUpdate) []upstream.Outcome {
	l := f.limits(0)
	err, effect := f.enter(ctx, "update users", "", fmt.Sprint(len(updates)), f.UpdateCalls(updates), len(updates), l.UpdateBatch)
	f.mu.Lock()
	defer f.mu.Unlock()
	outs := make([]upstream.Outcome, len(updates))
	if f.reads != nil && err == nil { // the reading before the write
		f.readCount++
		n := f.readCount
		f.mu.Unlock()
		err = f.reads(n)
		f.mu.Lock()
		effect = err == nil
	}
	for n := range updates {
		if effect {
			outs[n] = f.update(&updates[n])
		}
		if err != nil {
			outs[n] = upstream.Outcome{Err: err}
		}
	}
	return outs
}

func (f *tenant) update(up *upstream.UserUpdate) upstream.Outcome {
	u, ok := f.users[up.UserID]
	if !ok {
		return refuse(upstream.Gone, up.UserID+" is gone", "")
	}
	if up.Ref != "" && up.Ref != u.Ref {
		f.breaches = append(f.breaches, "wrong ref for "+up.UserID)
	}
	rest, kept, err := up.CompareWith(&u)
	if err != nil {
		return upstream.Outcome{Err: err}
	}
	for _, role := range rest.AddRoles {
		if f.roles != nil && !f.roles[role] {
			return refuse(upstream.Refused, "unknown role", role)
		}
	}
	if rest.Manager != nil && rest.Manager.After != "" {
		if _, ok := f.users[rest.Manager.After]; !ok {
			return refuse(upstream.Refused, "unknown manager", rest.Manager.After)
		}
	}
	if !rest.Empty() {
		f.updated++
	}
	whole := rest
	rest.AddRoles = without(rest.AddRoles, f.leftOut())
	if rest.Language != nil && f.dropped[rest.Language.After] {
		rest.Language = nil
	}
	u.Roles = union(without(u.Roles, rest.RemoveRoles), rest.AddRoles)
	set(&u.Email, rest.Email)
	set(&u.LoginID, rest.LoginID)
	set(&u.GivenName, rest.GivenName)
	set(&u.FamilyName, rest.FamilyName)
	set(&u.DisplayName, rest.DisplayName)
	set(&u.Active, rest.Active)
	set(&u.Concurrent, rest.Concurrent)
	set(&u.Language, rest.Language)
	set(&u.Manager, rest.Manager)
	set(&u.Photos, rest.Photos)
	set(&u.Settings.DataLanguage, rest.DataLanguage)
	set(&u.Settings.DateFormat, rest.DateFormat)
	set(&u.Settings.TimeFormat, rest.TimeFormat)
	set(&u.Settings.NumberFormat, rest.NumberFormat)
	set(&u.Settings.CleanUpDays, rest.CleanUpDays)
	set(&u.Settings.NotifyByEmail, rest.NotifyByEmail)
	f.users[up.UserID] = u
	return upstream.Outcome{Kept: kept, Undone: whole.Missing(&u)}
}

func set[T any](to *T, from *upstream.Edit[T]) {
	if from != nil {
		*to = from.After
	}
}

func (f *permitted) DeleteUsers(ctx context.Context, users []upstream.UserKey) []upstream.Outcome {
	l := f.limits(0)
	err, effect := f.enter(ctx, "delete users", "", fmt.Sprint(users), l.DeleteCalls, len(users), l.DeleteBatch)
	f.mu.Lock()
	defer f.mu.Unlock()
	outs := make([]upstream.Outcome, len(users))
	for n, key := range users {
		if effect {
			for _, other := range f.users {
				if other.Manager == key.UserID {
					f.breaches = append(f.breaches, key.UserID+" deleted before the report "+other.UserID)
				}
			}
			if _, ok := f.users[key.UserID]; !ok {
				outs[n] = refuse(upstream.Gone, "gone", "")
			}
			delete(f.users, key.UserID)
			for name, g := range f.teams {
				g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(m string) bool { return m == key.UserID })
				f.teams[name] = g
			}
		}
		if err != nil {
			outs[n] = upstream.Outcome{Err: err}
		}
	}
	return outs
}

func (f *permitted) CreateGroup(ctx context.Context, g *identity.Group) upstream.Outcome {
	err, effect := f.enter(ctx, "create team", g.Name, g.Name, f.limits(0).GroupCreateCalls, 1, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	var out upstream.Outcome
	if effect {
		if _, ok := f.teams[g.Name]; ok {
			out = refuse(upstream.Conflict, "team exists", "")
		} else {
			if len(g.Members)+len(g.Roles) > 0 {
				f.breaches = append(f.breaches, "team created with links")
			}
			f.creates["team "+g.Name]++
			f.ids++
			out.Ref = fmt.Sprint("ref-", f.ids)
			f.teams[g.Name] = identity.Group{Name: g.Name, Description: g.Description, Ref: out.Ref, Created: now()}
		}
	}
	if err != nil {
		return upstream.Outcome{Err: err}
	}
	return out
}

func (f *permitted) UpdateGroup(ctx context.Context, u upstream.GroupUpdate) upstream.Outcome {
	l, roles := f.limits(u.Size), len(u.RemoveRoles)+len(u.AddRoles)
	size := max(len(u.AddMembers)-l.AddChunk, len(u.RemoveMembers)-l.RemoveChunk, roles-l.RoleChunk)
	err, effect := f.enter(ctx, "write team", u.Name, fmt.Sprintf("%s -%d -%v +%v +%d", u.Name, len(u.RemoveMembers), u.RemoveRoles, u.AddRoles, len(u.AddMembers)), f.GroupCalls(&u), size, 0)
	f.mu.Lock()
	defer f.mu.Unlock()
	var out upstream.Outcome
	if effect {
		out = f.write(&u)
	}
	if err != nil {
		return upstream.Outcome{Err: err}
	}
	return out
}

func (f *tenant) write(u *upstream.GroupUpdate) (out upstream.Outcome) {
	g, ok := f.teams[u.Name]
	if !ok {
		return refuse(upstream.Gone, "no team", "")
	}
	if u.Ref != "" && u.Ref != g.Ref {
		f.breaches = append(f.breaches, "wrong ref for "+u.Name)
	}
	if len(u.RemoveMembers) > 0 && roleOrAdd(u) {
		f.breaches = append(f.breaches, "members removed together with something else")
	}
	now := g
	if !u.DecidesAllMembers {
		now.Members = nil // only then they are read
	} else if now.Members == nil {
		now.Members = []string{}
	}
	rest, kept, err := u.CompareWith(&now)
	if err != nil {
		return upstream.Outcome{Err: err}
	}
	u, out.Kept = &rest, kept
	for _, role := range u.AddRoles {
		if f.roles != nil && !f.roles[role] {
			return refuse(upstream.Refused, "unknown role", role)
		}
	}
	if u.Description == nil || !f.dropped[u.Description.After] {
		set(&g.Description, u.Description)
	}
	g.Roles = union(without(g.Roles, u.RemoveRoles), without(u.AddRoles, f.leftOut()))
	var come []string
	for _, m := range u.AddMembers {
		if f.dropped[m] {
			continue
		}
		if _, ok := f.users[m]; !ok {
			f.breaches = append(f.breaches, "member "+m+" of "+u.Name+" does not exist")
		}
		come = append(come, m)
	}
	g.Members = union(without(g.Members, u.RemoveMembers), come)
	f.teams[u.Name] = g
	seen := g
	seen.Members = append([]string{}, g.Members...)
	out.Undone = u.Missing(&seen)
	return out
}

func roleOrAdd(u *upstream.GroupUpdate) bool {
	return len(u.AddMembers)+len(u.RemoveRoles)+len(u.AddRoles) > 0
}

func (f *permitted) DeleteGroup(ctx context.Context, g upstream.GroupKey) upstream.Outcome {
	err, effect := f.enter(ctx, "delete team", g.Name, g.Name, f.limits(0).GroupDeleteCalls, 1, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if effect {
		delete(f.teams, g.Name)
	}
	return upstream.Outcome{Err: err}
}

// others are all people, where they are found by e-mail, too.
func (f *tenant) others() map[string]identity.User {
	if f.byEmail {
		return f.users
	}
	return nil
}

// leftOut are the links that writes leave out.
func (f *tenant) leftOut() []string { return slices.Collect(maps.Keys(f.dropped)) }

// state is all there is in the tenant, without the keys it gave.
func (f *tenant) state() (map[string]identity.User, map[string]identity.Group) {
	f.mu.Lock()
	defer f.mu.Unlock()
	users, teams := maps.Clone(f.users), maps.Clone(f.teams)
	for id, u := range users {
		u.Ref, u.Created = "", time.Time{}
		users[id] = u
	}
	for name, g := range teams {
		g.Ref, g.Created = "", time.Time{}
		teams[name] = g
	}
	return users, teams
}

// clone gives a tenant of the same state and limits, with counters at zero.
func (f *tenant) clone() *tenant {
	c := newTenant(upstream.Limits{})
	c.limits, c.roles, c.defaultRoles, c.dropped, c.ids = f.limits, f.roles, f.defaultRoles, f.dropped, f.ids
	c.users, c.teams = maps.Clone(f.users), maps.Clone(f.teams)
	return c
}

// doubles names what was created more than once.
func (f *tenant) doubles() (out []string) {
	for what, n := range f.creates {
		if n > 1 {
			out = append(out, what)
		}
	}
	return out
}

func refuse(class upstream.Class, detail, missing string) upstream.Outcome {
	return upstream.Outcome{Err: &upstream.Error{Class: class, Op: "write", Status: 400, Detail: detail, MissingRef: missing}}
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func names(users []*identity.User) (out string) {
	for _, u := range users {
		out += u.UserID + " "
	}
	return out
}

// stuckTenant creates people and then never answers, until the call's context ends.
type stuckTenant struct{ *tenant }

func (s *stuckTenant) Writer(p upstream.Permission) upstream.Writer {
	return &stuckWriter{permitted{tenant: s.tenant, permission: p}}
}

type stuckWriter struct{ permitted }

func (s *stuckWriter) CreateUsers(ctx context.Context, users []*identity.User) []upstream.Outcome {
	s.permitted.CreateUsers(ctx, users)
	<-ctx.Done()
	outs := make([]upstream.Outcome, len(users))
	for n := range outs {
		outs[n].Err = &upstream.Error{Class: upstream.Unknown, Op: "create users", Err: ctx.Err()}
	}
	return outs
}
