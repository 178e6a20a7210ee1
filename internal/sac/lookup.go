package sac

import (
	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// names is one list of wanted names that shrinks as people are found or asked for.
type names struct {
	order []string
	key   func(string) string
	asked map[string]bool // by key: true while nobody has asked the tenant for it
	next  int
	open  int
}

func exact(s string) string { return s }

// newNames drops duplicates and empty names.
func newNames(list []string, key func(string) string) *names {
	n := &names{key: key, asked: make(map[string]bool, len(list))}
	for _, s := range list {
		k := key(s)
		if _, dup := n.asked[k]; dup || k == "" {
			continue
		}
		n.asked[k] = true
		n.order = append(n.order, s)
	}
	n.open = len(n.order)
	return n
}

// has reports whether s was asked for at all.
func (n *names) has(s string) bool {
	_, ok := n.asked[n.key(s)]
	return ok
}

// answered marks s as answered.
func (n *names) answered(s string) {
	k := n.key(s)
	if n.asked[k] {
		n.asked[k] = false
		n.open--
	}
}

// take gives up to max names that are still open, as answered: they are about to be asked for.
func (n *names) take(max int) []string {
	var out []string
	for n.next < len(n.order) && len(out) < max {
		s := n.order[n.next]
		n.next++
		if n.asked[n.key(s)] {
			n.answered(s)
			out = append(out, s)
		}
	}
	return out
}

// wanted is whom a search is after. A person found answers all names, so that the e-mail of somebody
// found by user ID is not asked for again: SAC keeps e-mails and login IDs unique.
type wanted struct {
	all    bool
	ids    *names // user IDs
	refs   *names // v2 UUIDs
	emails *names
	logins *names
}

func newWanted(q upstream.UserQuery, refs []string) *wanted {
	return &wanted{
		all: q.All, ids: newNames(q.UserIDs, exact), refs: newNames(refs, exact),
		emails: newNames(q.Emails, identity.Fold), logins: newNames(q.LoginIDs, identity.Fold),
	}
}

// matches reports whether the person was asked for. A tenant may find more than eq allows.
func (w *wanted) matches(u *identity.User) bool {
	return w.all || w.ids.has(u.UserID) || w.refs.has(u.Ref) || w.emails.has(u.Email) || w.logins.has(u.LoginID)
}

func (w *wanted) found(u *identity.User) {
	w.ids.answered(u.UserID)
	w.refs.answered(u.Ref)
	w.emails.answered(u.Email)
	w.logins.answered(u.LoginID)
}

// open reports whether names are left to ask for.
func (w *wanted) open() bool {
	return w.ids.open+w.refs.open+w.emails.open+w.logins.open > 0
}

// ceil gives how many batches of size n take.
func ceil(n, size int) int { return (n + size - 1) / size }
