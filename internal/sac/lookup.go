package sac

import (
	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// pendingNames is one list of wanted names that shrinks as people are found or asked for.
type pendingNames struct {
	order []string
	key   func(string) string
	asked map[string]bool // by key: true while nobody has asked the tenant for it
	next  int
	open  int
}

func exact(s string) string { return s }

// newPendingNames drops duplicates and empty names.
func newPendingNames(list []string, key func(string) string) *pendingNames {
	n := &pendingNames{key: key, asked: make(map[string]bool, len(list))}
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
func (n *pendingNames) has(s string) bool {
	_, ok := n.asked[n.key(s)]
	return ok
}

// answered marks s as answered.
func (n *pendingNames) answered(s string) {
	k := n.key(s)
	if n.asked[k] {
		n.asked[k] = false
		n.open--
	}
}

// nextBatch gives up to max names that are still open, as answered: they are about to be asked for.
func (n *pendingNames) nextBatch(max int) []string {
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

// wantedPeople is whom a search is after. A person found answers all names, so that the e-mail of somebody
// found by user ID is not asked for again: SAC keeps e-mails and login IDs unique.
type wantedPeople struct {
	all    bool
	ids    *pendingNames // user IDs
	refs   *pendingNames // v2 UUIDs
	emails *pendingNames
	logins *pendingNames
}

func newWantedPeople(q upstream.UserQuery, refs []string) *wantedPeople {
	return &wantedPeople{
		all: q.All, ids: newPendingNames(q.UserIDs, exact), refs: newPendingNames(refs, exact),
		emails: newPendingNames(q.Emails, identity.Fold), logins: newPendingNames(q.LoginIDs, identity.Fold),
	}
}

// matches reports whether the person was asked for. A tenant may find more than eq allows.
func (w *wantedPeople) matches(u *identity.User) bool {
	return w.all || w.ids.has(u.UserID) || w.refs.has(u.Ref) || w.emails.has(u.Email) || w.logins.has(u.LoginID)
}

func (w *wantedPeople) found(u *identity.User) {
	w.ids.answered(u.UserID)
	w.refs.answered(u.Ref)
	w.emails.answered(u.Email)
	w.logins.answered(u.LoginID)
}

// open reports whether names are left to ask for.
func (w *wantedPeople) open() bool {
	return w.ids.open+w.refs.open+w.emails.open+w.logins.open > 0
}

// ceil gives how many batches of size n take.
func ceil(n, size int) int { return (n + size - 1) / size }
