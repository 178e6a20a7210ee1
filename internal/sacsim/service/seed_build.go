package service

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	defaultDomain   = "example.com"
	systemOwnerRole = "PROFILE:sap.epm:System_Owner"
)

// seedEpoch is when seeded users and teams were created unless the seed says so.
var seedEpoch = time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC)

// check holds everything that can be said without a tenant's configuration.
func (s Seed) check() error {
	ids := make(map[string]bool, len(s.users))
	for _, u := range s.users {
		if strings.TrimSpace(u.ID) == "" {
			return fmt.Errorf("%s.id is missing", u.place)
		}
		if ids[u.ID] {
			return fmt.Errorf("%s.id: %q is there twice", u.place, u.ID)
		}
		ids[u.ID] = true
	}
	if err := s.checkUsers(ids); err != nil {
		return err
	}
	if err := s.checkTeams(ids); err != nil {
		return err
	}
	if err := checkRoles("roles", s.roles); err != nil {
		return err
	}
	if err := checkRoles("defaultRoles", s.defaultRoles); err != nil {
		return err
	}
	for i, a := range s.activities {
		if a.Activity == "" || a.DaysAgo < 0 {
			return fmt.Errorf("activities[%d]: an activity and a number of days are needed", i)
		}
	}
	return nil
}

func (s Seed) checkUsers(ids map[string]bool) error {
	owner := ""
	for _, u := range s.users {
		if u.Manager != "" && !ids[u.Manager] {
			return fmt.Errorf("%s.manager: %q is not a user", u.place, u.Manager)
		}
		if err := checkRoles(u.place+".roles", u.Roles); err != nil {
			return err
		}
		if u.Email != nil && !strings.Contains(*u.Email, "@") {
			return fmt.Errorf("%s.email: %q is not an e-mail address", u.place, *u.Email)
		}
		if u.SystemOwner || slices.Contains(u.Roles, systemOwnerRole) {
			if owner != "" {
				return fmt.Errorf("%s.systemOwner: %q is the System Owner already", u.place, owner)
			}
			owner = u.ID
		}
		if _, err := u.params(); err != nil {
			return fmt.Errorf("%s.params: %w", u.place, err)
		}
	}
	return nil
}

func (s Seed) checkTeams(users map[string]bool) error {
	type key struct{ namespace, id string }
	seen := make(map[key]bool, len(s.teams))
	for _, t := range s.teams {
		if strings.TrimSpace(t.ID) == "" {
			return fmt.Errorf("%s.id is missing", t.place)
		}
		k := key{t.Namespace, t.ID}
		if seen[k] {
			return fmt.Errorf("%s.id: %q is there twice", t.place, t.ID)
		}
		seen[k] = true
		if err := checkRoles(t.place+".roles", t.Roles); err != nil {
			return err
		}
		for i, m := range t.Members {
			if !users[m] {
				return fmt.Errorf("%s.members[%d]: %q is not a user", t.place, i, m)
			}
		}
	}
	return nil
}

func checkRoles(place string, roles []string) error {
	for i, r := range roles {
		if !roleParses(r) {
			return fmt.Errorf("%s[%d]: %q does not have the form PROFILE:<namespace>:<name>", place, i, r)
		}
	}
	return nil
}

func roleParses(r string) bool {
	parts := strings.SplitN(r, ":", 3)
	return len(parts) == 3 && parts[0] == "PROFILE" && parts[1] != "" && parts[2] != ""
}

// build makes the state of a tenant.
func (s Seed) build(cfg Config) (*state, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	st := newState(cfg, len(s.users))
	for _, su := range s.users {
		u, err := su.user(cfg)
		if err != nil {
			return nil, err
		}
		st.addUser(u)
		st.addRoles(u.roles)
	}
	for _, su := range s.users {
		if su.Manager != "" {
			st.setManager(st.byID[su.ID], st.byID[su.Manager])
		}
	}
	for _, t := range s.teams {
		if err := st.seedTeam(cfg, t); err != nil {
			return nil, err
		}
	}
	st.addRoles(s.roles)
	st.addRoles(s.defaultRoles)
	st.defaultRoles = s.defaultRoles
	for _, f := range s.folders {
		st.folders[f] = true
	}
	st.seedLog(s.activities)
	st.repository = s.repository
	return st, nil
}

func (st *state) seedTeam(cfg Config, in seedTeam) error {
	t := &team{
		name: in.ID, display: in.ID, namespace: in.Namespace, roles: unique(in.Roles),
		externalID: in.ExternalID, created: seedEpoch, seeded: true,
	}
	if in.DisplayName != nil {
		t.display = *in.DisplayName
	}
	if in.Created != nil {
		t.created = *in.Created
	}
	if t.namespace == "" {
		t.namespace = cfg.Namespace
	}
	// v1 reads the teams it made itself; a team of another namespace came by transport.
	t.madeByV1 = t.namespace == cfg.Namespace
	if len(st.namesakes(t.name, t.namespace)) > 0 {
		return fmt.Errorf("%s.id: %q is there twice", in.place, in.ID)
	}
	st.addTeam(t)
	st.addRoles(t.roles)
	for _, m := range in.Members {
		st.join(t, st.byID[m])
	}
	if in.Folder {
		st.folders[t.name] = true
	}
	return nil
}

// user applies the defaults of the seed file, which depend on the SSO mode.
func (su seedUser) user(cfg Config) (*user, error) {
	p, err := su.params()
	if err != nil {
		return nil, fmt.Errorf("%s.params: %w", su.place, err)
	}
	u := &user{
		id: su.ID, given: su.GivenName, email: strings.ToLower(su.ID) + "@" + defaultDomain,
		family: or(su.FamilyName, su.ID), display: or(su.DisplayName, su.ID), language: or(su.PreferredLanguage, "en"),
		active: or(su.Active, true), created: or(su.Created, seedEpoch), roles: unique(su.Roles),
		photos: nonEmpty(su.Photos), externalID: su.ExternalID, params: p, filler: su.filler,
	}
	u.email = or(su.Email, u.email)
	login := su.ID
	if cfg.SSO == SSOEmail {
		login = strings.ToLower(u.email)
	}
	u.login = or(su.UserName, login)
	idp := u.login
	if cfg.SSO == SSODefault || cfg.SSO == SSOEmail {
		idp = strings.ToLower(u.email)
	}
	u.idp = or(su.IdpUserID, idp)
	if su.SystemOwner && !u.owner() {
		u.roles = append(u.roles, systemOwnerRole)
	}
	return u, nil
}

// params merges a partial object over the defaults.
func (su seedUser) params() (params, error) {
	p := defaultParams()
	if len(su.Params) == 0 || string(su.Params) == "null" {
		return p, nil
	}
	if err := strictJSON(su.Params, &p); err != nil {
		return p, err
	}
	return p, nil
}

// seedLog fills the activity log. It is never empty, since script 1665 asks for its oldest entry first.
func (st *state) seedLog(seeded []seedActivity) {
	now := st.now()
	for _, a := range seeded {
		at := now.Add(-time.Duration(a.DaysAgo * float64(24*time.Hour)))
		st.log = append(st.log, logEntry{at: at, user: a.User, activity: a.Activity, object: a.User})
	}
	if len(st.log) == 0 {
		st.log = append(st.log, logEntry{at: now.AddDate(-1, 0, 0), user: "SYSTEM", activity: "Start", object: "System"})
	}
	slices.SortStableFunc(st.log, func(a, b logEntry) int { return a.at.Compare(b.at) })
}

func or[T any](p *T, def T) T {
	if p != nil {
		return *p
	}
	return def
}

// unique drops empty and repeated values and keeps the order.
func unique(in []string) []string {
	seen := make(map[string]bool, len(in))
	out := make([]string, 0, len(in))
	for _, v := range in {
		if v != "" && !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

func nonEmpty(in []string) []string {
	return slices.DeleteFunc(slices.Clone(in), func(s string) bool { return s == "" })
}
