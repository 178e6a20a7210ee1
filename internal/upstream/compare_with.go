package upstream

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sacbridge/internal/identity"
)

// CompareWith gives what u still has to do to a person who is there as now. An attribute that has the wanted
// value already is left out, as are roles that are there or gone already. Roles that somebody else
// granted or took since the plan was made stay as they are and are told in kept.
//
// Where u and the other change contradict each other err has class Changed and names what changed:
// an attribute that is neither what the plan saw nor what it wants, or, with DecidesAllRoles, a role set that
// differs from the one the plan saw by more than what u itself does. Nothing is to be written then.
//
// Nothing is to be written either to somebody else of the same user ID: see Same.
//
// E-mail and login ID compare without case, sets without order; absent and empty are the same.
func (u UserUpdate) CompareWith(now *identity.User) (rest UserUpdate, kept []string, err error) {
	if err := u.Same(now); err != nil {
		return u, nil, err
	}
	var changed []string
	for _, a := range u.attributes(now) {
		switch {
		case !a.asked:
		case a.done:
			a.drop()
		case !a.unchanged:
			changed = append(changed, a.contradiction())
		}
	}
	if u.ChangesRoles() {
		d := difference{what: "role", add: u.AddRoles, remove: u.RemoveRoles, before: u.RolesBefore}
		others := d.others(now.Roles)
		u.AddRoles, u.RemoveRoles = d.rest(now.Roles)
		if u.DecidesAllRoles {
			changed = append(changed, others...)
		} else {
			kept = others
		}
	}
	if len(changed) > 0 {
		return u, nil, changedError(fmt.Sprintf("update user %q", u.UserID), changed)
	}
	return u, kept, nil
}

// CompareWith is to a team what UserUpdate.CompareWith is to a person. Members are looked at where now.Members
// is known.
func (u GroupUpdate) CompareWith(now *identity.Group) (rest GroupUpdate, kept []string, err error) {
	if err := u.Same(now); err != nil {
		return u, nil, err
	}
	var changed []string
	a := compare(AttrDescription, &u.Description, now.Description, same)
	switch {
	case !a.asked:
	case a.done:
		a.drop()
	case !a.unchanged:
		changed = append(changed, a.contradiction())
	}
	if u.ChangesRoles() {
		d := difference{what: "role", add: u.AddRoles, remove: u.RemoveRoles, before: u.RolesBefore}
		others := d.others(now.Roles)
		u.AddRoles, u.RemoveRoles = d.rest(now.Roles)
		if u.DecidesAllRoles {
			changed = append(changed, others...)
		} else {
			kept = others
		}
	}
	if now.Members != nil {
		others := u.OtherMembers(now.Members)
		if u.DecidesAllMembers {
			changed = append(changed, others...)
		} else {
			kept = append(kept, others...)
		}
		d := difference{add: u.AddMembers, remove: u.RemoveMembers}
		u.AddMembers, u.RemoveMembers = d.rest(now.Members)
	}
	if len(changed) > 0 {
		return u, nil, changedError(fmt.Sprintf("update team %q", u.Name), changed)
	}
	return u, kept, nil
}

// OtherMembers says what somebody else did to the members since the plan saw them, in words; nothing where
// they were not known.
func (u *GroupUpdate) OtherMembers(now []string) []string {
	if u.MembersBefore == nil && !u.DecidesAllMembers {
		return nil
	}
	d := difference{what: "member", add: u.AddMembers, remove: u.RemoveMembers, before: u.MembersBefore}
	return d.others(now)
}

// Same gives an error of class Changed where now is another person than the key was made for: one who was
// created anew under the same user ID. Where a time is not known the two count as the same.
func (k UserKey) Same(now *identity.User) error {
	if createdAnew(k.Created, now.Created) {
		return recreatedError(fmt.Sprintf("user %q", k.UserID), k.Created, now.Created)
	}
	return nil
}

// Same is to a team what UserKey.Same is to a person.
func (k GroupKey) Same(now *identity.Group) error {
	if createdAnew(k.Created, now.Created) {
		return recreatedError(fmt.Sprintf("team %q", k.Name), k.Created, now.Created)
	}
	return nil
}

// createdAnew reports whether two times of creation, each zero where it is not known, are of two entities. How exact
// a tenant tells them is not documented and may depend on the API version, so seconds count.
func createdAnew(before, now time.Time) bool {
	return !before.IsZero() && !now.IsZero() && !before.Truncate(time.Second).Equal(now.Truncate(time.Second))
}

func recreatedError(what string, before, now time.Time) *Error {
	return &Error{
		Class: Changed, Code: CodeRecreated, Op: "look at " + what,
		Detail: fmt.Sprintf("created %s for the plan and %s now", before.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)),
		Cause:  "it was deleted and created anew since the plan was made, so it was left alone: make a new plan",
	}
}

// contradiction says in words what the plan saw and what is there.
func (a *attribute) contradiction() string {
	return fmt.Sprintf("%s was %s for the plan and is %s now", a.name, a.saw, a.is)
}

// difference is a change of one set of links.
type difference struct {
	what        string // "role" or "member"
	add, remove []string
	before      []string // what the plan saw
}

// rest gives what is still to be added to, and removed from, the set that is there.
func (d *difference) rest(now []string) (add, remove []string) {
	there := identity.Set(now)
	has := func(key string) bool { _, ok := slices.BinarySearch(there, key); return ok }
	lacks := func(key string) bool { return !has(key) }
	return slices.DeleteFunc(slices.Clone(d.add), has), slices.DeleteFunc(slices.Clone(d.remove), lacks)
}

// others says what somebody else did to the set since the plan saw it, in words.
func (d *difference) others(now []string) []string {
	came, went := identity.Diff(identity.Set(d.before), identity.Set(now))
	ours := identity.Set(slices.Concat(d.add, d.remove))
	var out []string
	for _, key := range came {
		if _, ok := slices.BinarySearch(ours, key); !ok {
			out = append(out, d.what+" "+key+" was added meanwhile")
		}
	}
	for _, key := range went {
		if _, ok := slices.BinarySearch(ours, key); !ok {
			out = append(out, d.what+" "+key+" was taken away meanwhile")
		}
	}
	return out
}

// maxToldChanges is how many changes the text of a contradiction names.
const maxToldChanges = 10

func changedError(op string, changes []string) *Error {
	if n := len(changes) - maxToldChanges; n > 0 {
		changes = append(slices.Clone(changes[:maxToldChanges]), fmt.Sprintf("and %d more", n))
	}
	return &Error{
		Class: Changed, Code: CodeChanged, Op: op, Detail: strings.Join(changes, "; "),
		Cause: "somebody else changed it since the plan was made, so it was left alone: make a new plan",
	}
}

// show puts a value in words.
func show(value any) string {
	switch v := value.(type) {
	case string:
		if v == "" {
			return "empty"
		}
		return fmt.Sprintf("%q", v)
	case []string:
		if len(v) == 0 {
			return "empty"
		}
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(value)
}
