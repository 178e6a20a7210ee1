package apply_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sacbridge/internal/plan"
)

// undone says what is not there of a change, going by the tenant's own account. It knows nothing of how
// the change was made.
func undone(c *plan.Change, end simState) []string {
	if c.Entity == plan.User {
		return undoneUser(c, end)
	}
	return undoneTeam(c, end)
}

func undoneUser(c *plan.Change, end simState) (problems []string) {
	u, there := end.Users[c.Key]
	switch {
	case c.Op == plan.Delete && !there:
		return nil
	case c.Op == plan.Delete || !there:
		return []string{fmt.Sprintf("%s of %s is done, but the person is there: %t", c.Op, c.Key, there)}
	}
	if c.Op == plan.Create {
		problems = append(problems, missing(c.Key, "role", c.User.Roles, u.Roles)...)
		c = &plan.Change{Key: c.Key, Fields: []plan.Field{
			{Name: plan.FieldEmail, After: c.User.Email},
			{Name: plan.FieldLanguage, After: c.User.Language},
			{Name: plan.FieldManager, After: c.User.Manager},
			{Name: plan.FieldDateFormat, After: c.User.Settings.DateFormat},
		}}
	}
	problems = append(problems, missing(c.Key, "role", c.AddRoles, u.Roles)...)
	problems = append(problems, surplus(c.Key, "role", c.RemoveRoles, u.Roles)...)
	return append(problems, undoneFields(c, map[plan.FieldName]string{
		plan.FieldEmail: strings.ToLower(u.Email), plan.FieldLoginID: u.UserName, plan.FieldLanguage: u.PreferredLanguage,
		plan.FieldActive: fmt.Sprint(u.Active), plan.FieldManager: u.Manager, plan.FieldPhotos: strings.Join(u.Photos, "\n"),
		plan.FieldConcurrent: fmt.Sprint(u.Params["isConcurrent"]), plan.FieldDateFormat: fmt.Sprint(u.Params["dateFormatting"]),
		plan.FieldTimeFormat: fmt.Sprint(u.Params["timeFormatting"]), plan.FieldNumberFormat: fmt.Sprint(u.Params["numberFormatting"]),
		plan.FieldDataLanguage: fmt.Sprint(u.Params["dataAccessLanguage"]), plan.FieldNotify: fmt.Sprint(u.Params["systemNotificationsEmailOptIn"]),
		plan.FieldCleanUpDays: fmt.Sprint(u.Params["cleanUpNotificationsNumberOfDays"]),
	})...)
}

func undoneTeam(c *plan.Change, end simState) (problems []string) {
	g, there := end.Teams[c.Key]
	switch {
	case c.Op == plan.Delete && !there:
		return nil
	case c.Op == plan.Delete || !there:
		return []string{fmt.Sprintf("%s of team %s is done, but it is there: %t", c.Op, c.Key, there)}
	}
	problems = append(problems, missing(c.Key, "role", c.AddRoles, g.Roles)...)
	problems = append(problems, surplus(c.Key, "role", c.RemoveRoles, g.Roles)...)
	problems = append(problems, missing(c.Key, "member", c.AddMembers, g.Members)...)
	problems = append(problems, surplus(c.Key, "member", c.RemoveMembers, g.Members)...)
	return append(problems, undoneFields(c, map[plan.FieldName]string{plan.FieldDescription: g.DisplayName})...)
}

func undoneFields(c *plan.Change, got map[plan.FieldName]string) (problems []string) {
	for _, f := range c.Fields {
		value, known := got[f.Name]
		want := f.After
		if f.Name == plan.FieldEmail {
			want = strings.ToLower(want)
		}
		if !known || value != want {
			problems = append(problems, fmt.Sprintf("%s is done but %s is %q, not %q", c.Key, f.Name, value, f.After))
		}
	}
	return problems
}

func missing(key, what string, want, got []string) (problems []string) {
	for _, v := range want {
		if !slices.Contains(got, v) {
			problems = append(problems, fmt.Sprintf("%s is done but lacks %s %s", key, what, v))
		}
	}
	return problems
}

func surplus(key, what string, unwanted, got []string) (problems []string) {
	for _, v := range unwanted {
		if slices.Contains(got, v) {
			problems = append(problems, fmt.Sprintf("%s is done but has %s %s", key, what, v))
		}
	}
	return problems
}

// differences compares two states of a tenant, entity by entity.
func differences(got, want simState) (problems []string) {
	for _, key := range slices.Sorted(maps.Keys(eitherKey(got.Users, want.Users))) {
		if g, w := fmt.Sprintf("%+v", got.Users[key]), fmt.Sprintf("%+v", want.Users[key]); g != w {
			problems = append(problems, fmt.Sprintf("person %s:\n   got %s\n  want %s", key, g, w))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(eitherKey(got.Teams, want.Teams))) {
		if g, w := fmt.Sprintf("%+v", got.Teams[key]), fmt.Sprintf("%+v", want.Teams[key]); g != w {
			problems = append(problems, fmt.Sprintf("team %s:\n   got %s\n  want %s", key, g, w))
		}
	}
	return problems
}

func eitherKey[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
