package plan

import (
	"slices"
	"strconv"
	"strings"

	"sacbridge/internal/identity"
)

// claim is an e-mail or login ID that the plan wants to write: who wants it and who has it.
type claim struct {
	wanted  []string // user IDs, by the plan
	holders []string // user IDs of the target
}

// checkNames stops everybody whose user ID, e-mail or login ID SAC would refuse, or would answer with a person of
// another user ID. An e-mail that its holder gives up in this same plan counts as taken: people are written
// side by side, so the next plan does it.
func (m *planner) checkNames(drafts []*draft) {
	emails, logins := map[string]*claim{}, map[string]*claim{}
	for _, d := range drafts {
		claimName(emails, d.email, d.p.id)
		claimName(logins, d.login, d.p.id)
	}
	if len(emails)+len(logins) > 0 {
		for id, u := range m.target.Users {
			holdName(emails, u.Email, id)
			holdName(logins, u.LoginID, id)
		}
	}
	sharers := m.sharersOf(emails)
	for _, d := range drafts {
		if c := m.nameConflict(d, emails, logins, sharers); c != nil {
			d.p.stopped = true
			m.conflict(*c)
		}
	}
}

func claimName(claims map[string]*claim, name, id string) {
	if name == "" {
		return
	}
	key := identity.Fold(name)
	if claims[key] == nil {
		claims[key] = &claim{}
	}
	claims[key].wanted = append(claims[key].wanted, id)
}

func holdName(claims map[string]*claim, name, id string) {
	if c := claims[identity.Fold(name)]; c != nil && name != "" {
		c.holders = append(c.holders, id)
	}
}

// sharersOf gives the people of the source who have one of the wanted e-mails, by e-mail.
func (m *planner) sharersOf(emails map[string]*claim) map[string][]string {
	out := make(map[string][]string, len(emails))
	for id, u := range m.source.Users {
		if key := identity.Fold(u.Email); emails[key] != nil {
			out[key] = append(out[key], id)
		}
	}
	return out
}

// nameConflict gives what stands against a draft's user ID, e-mail or login ID, or nil.
func (m *planner) nameConflict(d *draft, emails, logins map[string]*claim, sharers map[string][]string) *Finding {
	id := d.p.id
	if c := m.userIDConflict(d); c != nil {
		return c
	}
	if d.p.created() && d.email == "" {
		return &Finding{Code: NoEmail, Entity: User, Key: id}
	}
	email := identity.Fold(d.email)
	if others := without(sharers[email], d.p.copyOf); d.email != "" && d.p.copyOf != "" && len(others) > 0 {
		return &Finding{Code: SourceEmailTwice, Entity: User, Key: id, Name: d.email, Users: others}
	}
	if c := emails[email]; d.email != "" && c != nil {
		if others := without(c.holders, id); len(others) > 0 {
			return takenEmail(id, d.email, others)
		}
		if len(c.wanted) > 1 {
			others := without(c.wanted, id)
			return &Finding{Code: EmailWantedTwice, Entity: User, Key: id, Name: d.email, Users: others}
		}
	}
	if c := logins[identity.Fold(d.login)]; d.login != "" && c != nil {
		if others := without(slices.Concat(c.holders, c.wanted), id); len(others) > 0 {
			return &Finding{Code: LoginIDTaken, Entity: User, Key: id, Name: d.login, Users: others}
		}
	}
	return nil
}

// userIDConflict says that nobody can be created under the draft's user ID: the target would make another one of
// it, whom later plans do not find, or refuse it.
func (m *planner) userIDConflict(d *draft) *Finding {
	id := d.p.id
	if !d.p.created() || identity.IsPlainUserID(id) && m.target.Tenant.HasV2() {
		return nil
	}
	switch made := m.target.Tenant.AssignedUserID(id, d.email); made {
	case id:
		return nil
	case "":
		return &Finding{Code: UserIDRefused, Entity: User, Key: id}
	default:
		return &Finding{Code: UserIDNotKept, Entity: User, Key: id, Name: m.freeUserID(made)}
	}
}

// freeUserID gives the ID itself, or the one of the form "<id>_<n>" that SAC makes where it is taken.
func (m *planner) freeUserID(id string) string {
	free := id
	for n := 1; m.target.Users[free] != nil; n++ {
		free = id + "_" + strconv.Itoa(n)
	}
	return free
}

// takenEmail says who has the e-mail. SAC makes a user "<ID>_1" when an existing ID is created with an
// unknown e-mail; such a duplicate is named as one, and never removed by itself.
func takenEmail(id, email string, others []string) *Finding {
	for _, other := range others {
		if isDuplicate(other, id) {
			return &Finding{Code: DuplicateUser, Entity: User, Key: id, Name: email, Users: []string{other}}
		}
	}
	return &Finding{Code: EmailTaken, Entity: User, Key: id, Name: email, Users: others}
}

// isDuplicate reports whether other has the form "<id>_<n>".
func isDuplicate(other, id string) bool {
	n, ok := strings.CutPrefix(other, id+"_")
	return ok && n != "" && strings.Trim(n, "0123456789") == ""
}

// without gives the set of list less id.
func without(list []string, id string) []string {
	return identity.Apply(identity.Remove, list, []string{id}, nil)
}
