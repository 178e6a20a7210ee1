package sac

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sacbridge/internal/identity"
)

// loginForm is what most people's login IDs are.
type loginForm string

const (
	loginUserID loginForm = "their user ID"
	loginEmail  loginForm = "their e-mail"
	loginOther  loginForm = "neither user ID nor e-mail"
)

// loginForms say what login IDs are under each SSO mode, by version of the API. Under custom they may be anything
// (KBA 3562962, KBA 3677629, script 2667).
var loginForms = map[string]map[version]loginForm{
	identity.SSODefault: {v1: loginUserID, v2: loginEmail},
	identity.SSOUserID:  {v1: loginUserID, v2: loginUserID},
	identity.SSOEmail:   {v1: loginEmail, v2: loginEmail},
}

// sso judges the configured SSO mode by a page of people, in both versions where there are both: default and userid
// differ in v2 only, default and email in v1 only.
func (c *tenantCheck) sso(ctx context.Context) {
	seen := map[version]loginForm{}
	note := func(v version, rows []person) {
		if form := formOf(rows); form != "" {
			seen[v] = form
		}
	}
	note(c.version, c.rows)
	if c.version == v1 && c.t.hasV2() {
		rows, _, err := c.t.listPeople(ctx, v2, "", 1)
		if err != nil {
			c.say("sso", Warn, "cannot be judged: "+err.Error(), "")
			return
		}
		note(v2, rows)
	}
	c.judgeSSO(seen)
}

func (c *tenantCheck) judgeSSO(seen map[version]loginForm) {
	configured := c.t.cfg.SSO
	possible := possibleModes(seen)
	switch {
	case len(seen) == 0:
		c.say("sso", OK, "nobody is there to judge sso: "+configured+" by", "")
	case slices.Contains(possible, configured):
		c.say("sso", OK, fmt.Sprintf("sso: %s fits the tenant's people: %s", configured, describeForms(seen)), "")
	default:
		c.say("sso", Fail, fmt.Sprintf("sso: %s cannot be right: %s", configured, describeForms(seen)),
			fmt.Sprintf("write sso: %s if System > Administration > Security shows that; with the wrong one creates and updates are refused with 400", strings.Join(possible, " or ")))
	}
}

// possibleModes lists the SSO modes that people may have been made under, custom last, which may be any.
func possibleModes(seen map[version]loginForm) []string {
	var out []string
	for _, mode := range []string{identity.SSODefault, identity.SSOUserID, identity.SSOEmail} {
		fits := true
		for v, form := range seen {
			fits = fits && loginForms[mode][v] == form
		}
		if fits {
			out = append(out, mode)
		}
	}
	return append(out, identity.SSOCustom)
}

func describeForms(seen map[version]loginForm) string {
	var parts []string
	for _, v := range []version{v1, v2} {
		if form, ok := seen[v]; ok {
			parts = append(parts, fmt.Sprintf("in v%d most log in by %s", v, form))
		}
	}
	return strings.Join(parts, ", ")
}

// formOf tells what most login IDs are, since a few accounts are set up differently in every tenant. The System Owner is
// one of those, and counts only where there is nobody else. It is empty where nobody has a login ID.
func formOf(rows []person) loginForm {
	others := slices.DeleteFunc(slices.Clone(rows), func(p person) bool { return p.user.IsSystemOwner() })
	if len(others) > 0 {
		rows = others
	}
	counts, people := map[loginForm]int{}, 0
	for _, p := range rows {
		if p.login == "" {
			continue
		}
		people++
		switch identity.Fold(p.login) {
		case identity.Fold(p.user.UserID):
			counts[loginUserID]++
		case identity.Fold(p.user.Email):
			counts[loginEmail]++
		}
	}
	switch {
	case people == 0:
		return ""
	case 2*counts[loginUserID] > people:
		return loginUserID
	case 2*counts[loginEmail] > people:
		return loginEmail
	}
	return loginOther
}

// ownerPages is how many pages of people are read in search of the System Owner where no filter finds one.
const ownerPages = 50

// owner seeks the System Owner, whom runs leave alone by that person's role.
func (c *tenantCheck) owner(ctx context.Context) {
	read, found := len(c.rows), slices.ContainsFunc(c.rows, isOwner)
	if !found && c.t.hasV2() {
		rows, _, err := c.t.listPeople(ctx, v2, anyOf("roles.value", []string{identity.SystemOwnerRole}), 1)
		found = err == nil && slices.ContainsFunc(rows, isOwner)
	}
	for page := 1; !found && read < c.total && page < ownerPages; page++ {
		rows, _, err := c.t.listPeople(ctx, c.version, "", read+1)
		if err != nil || len(rows) == 0 {
			break
		}
		read, found = read+len(rows), slices.ContainsFunc(rows, isOwner)
	}
	if found {
		c.say("system owner", OK, "found; no run changes this person", "")
		return
	}
	c.say("system owner", Warn, fmt.Sprintf("none of %d people that were read holds the role %s, by which runs know the System Owner", read, identity.SystemOwnerRole),
		"find the owner under System > Administration > System Configuration and list that user ID under protect.users")
}

func isOwner(p person) bool { return p.user.IsSystemOwner() }

// licences tells what shows of them.
func (c *tenantCheck) licences() {
	active := 0
	for _, p := range c.rows {
		if p.user.Active {
			active++
		}
	}
	c.say("licences", OK, fmt.Sprintf("%d people in all; %d of the first %d are active. No API tells how many licences are left: 428 on a write says there are none", c.total, active, len(c.rows)), "")
}
