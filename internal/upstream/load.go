package upstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"sacbridge/internal/identity"
)

// deliveredPrefix begins the roles that exist in every tenant.
const deliveredPrefix = "PROFILE:sap.epm:"

func deliveredRoles() []string {
	return []string{
		"Admin", "System_Owner", "BI_Admin", "BI_Content_Creator", "BI_Content_Viewer", "Modeler", "Planner_Reporter",
		"Viewer", "Predictive_Admin", "Predictive_Content_Creator", "Predictive_Content_Viewer", "Application_Creator",
	}
}

// LoadProgress says how far a reading is.
type LoadProgress struct {
	Users, Groups int // read so far
}

// Load reads a scope of a tenant into a snapshot. It never writes. Teams that exist but cannot be read
// are in Snapshot.Unreadable; any other failure ends the reading, and the snapshot is then not to be
// used. The order of reads keeps their number low: members are asked for before the people they are,
// and people before the teams whose members need no reading of their own.
func Load(ctx context.Context, c Reader, s identity.Scope) (identity.Snapshot, error) {
	return LoadWith(ctx, c, s, nil)
}

// LoadWith is Load with a callback, called from one goroutine after each entity. It may be nil.
func LoadWith(ctx context.Context, c Reader, s identity.Scope, progress func(LoadProgress)) (identity.Snapshot, error) {
	l := &loading{c: c, scope: s, snap: identity.NewSnapshot(c.Tenant()), progress: progress}
	if progress == nil {
		l.progress = func(LoadProgress) {}
	}
	steps := []func(context.Context) error{l.users, l.groups, l.roles}
	if s.People && !s.AllUsers {
		steps = []func(context.Context) error{l.groups, l.users, l.roles}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return l.snap, err
		}
	}
	return l.snap, nil
}

// loading is one reading of a scope.
type loading struct {
	c        Reader
	scope    identity.Scope
	snap     identity.Snapshot
	progress func(LoadProgress)
}

// users reads people: by name, and the members of the teams in MembersOf where asked for.
func (l *loading) users(ctx context.Context) error {
	q := UserQuery{All: l.scope.AllUsers, UserIDs: slices.Clone(l.scope.UserIDs), Emails: l.scope.Emails, LoginIDs: l.scope.LoginIDs}
	if l.scope.People {
		for _, name := range l.scope.MembersOf {
			if g := l.snap.Groups[name]; g != nil {
				q.UserIDs = append(q.UserIDs, g.Members...)
			}
		}
	}
	slices.Sort(q.UserIDs)
	q.UserIDs = slices.Compact(q.UserIDs)
	if q.All {
		q.UserIDs, q.Emails, q.LoginIDs = nil, nil, nil
	}
	if !q.All && len(q.UserIDs)+len(q.Emails)+len(q.LoginIDs) == 0 {
		return nil
	}
	for u, err := range l.c.FindUsers(ctx, q) {
		if err != nil {
			return fmt.Errorf("read people: %w", err)
		}
		l.snap.Users[u.UserID] = u
		l.holds(u.Roles)
		l.progress(LoadProgress{Users: len(l.snap.Users), Groups: len(l.snap.Groups)})
	}
	return nil
}

// groups reads teams, those with members apart from those without. Where every team is read and any
// needs its members, one pass reads them all, and the lists that nobody asked for are dropped.
func (l *loading) groups(ctx context.Context) error {
	s := l.scope
	members := identity.Lookup(s.MembersOf)
	if s.AllGroups {
		return l.find(ctx, GroupQuery{All: true, Members: len(members) > 0, People: s.People && !s.AllUsers}, members)
	}
	var plain []string
	for _, name := range s.Groups {
		if !members[name] {
			plain = append(plain, name)
		}
	}
	full := slices.Sorted(maps.Keys(members))
	if len(full) > 0 {
		if err := l.find(ctx, GroupQuery{Names: full, Members: true, People: s.People && !s.AllUsers}, members); err != nil {
			return err
		}
	}
	slices.Sort(plain)
	plain = slices.Compact(plain)
	if len(plain) == 0 {
		return nil
	}
	return l.find(ctx, GroupQuery{Names: plain}, members)
}

func (l *loading) find(ctx context.Context, q GroupQuery, members map[string]bool) error {
	for g, err := range l.c.FindGroups(ctx, q) {
		if u, ok := errors.AsType[*UnreadableError](err); ok {
			l.snap.Unreadable[u.Name] = u.Cause
			continue
		}
		if err != nil {
			return fmt.Errorf("read teams: %w", err)
		}
		if old := l.snap.Groups[g.Name]; old != nil && old.Members != nil {
			continue // met again under a name of another letter case
		}
		if !members[g.Name] {
			g.Members = nil
		}
		l.snap.Groups[g.Name] = g
		l.holds(g.Roles)
		l.progress(LoadProgress{Users: len(l.snap.Users), Groups: len(l.snap.Groups)})
	}
	return nil
}

// holds notes roles that exist because somebody holds them.
func (l *loading) holds(roles []string) {
	for _, r := range roles {
		l.snap.Roles[r] = true
	}
}

// roles reads the tenant's role list where a role is asked for that nobody read holds and that is not
// delivered with every tenant.
func (l *loading) roles(ctx context.Context) error {
	for _, name := range deliveredRoles() {
		l.snap.Roles[deliveredPrefix+name] = true
	}
	if !slices.ContainsFunc(l.scope.Roles, func(r string) bool { return !l.snap.Roles[r] }) {
		return nil
	}
	ids, ok, err := l.c.RoleIDs(ctx)
	if err != nil {
		return fmt.Errorf("read roles: %w", err)
	}
	l.holds(ids)
	l.snap.RolesComplete = ok
	return nil
}
