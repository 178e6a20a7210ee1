package apply

import (
	"slices"
	"strconv"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// settingsFields are the fields that a target takes together, as identity.Settings.
var settingsFields = [...]plan.FieldName{
	plan.FieldDataLanguage, plan.FieldDateFormat, plan.FieldTimeFormat,
	plan.FieldNumberFormat, plan.FieldCleanUpDays, plan.FieldNotify,
}

// needsSettings reports whether c changes some, but not all, of a person's settings, so that the others
// must be read first.
func needsSettings(c *plan.Change) bool {
	n := 0
	for _, f := range c.Fields {
		if slices.Contains(settingsFields[:], f.Name) {
			n++
		}
	}
	return n > 0 && n < len(settingsFields)
}

// updateOf makes the update that c asks for, on top of the person's settings as they are.
func updateOf(c *plan.Change, base identity.Settings) *upstream.UserUpdate {
	u := &upstream.UserUpdate{}
	for i := range c.Fields {
		setField(u, &c.Fields[i], &base)
	}
	if len(c.AddRoles)+len(c.RemoveRoles) > 0 {
		roles := wantedRoles(c)
		u.Roles = &roles
	}
	return u
}

// wantedRoles is the whole set of roles that c leaves a person with, sorted.
func wantedRoles(c *plan.Change) []string {
	gone := func(role string) bool { return slices.Contains(c.RemoveRoles, role) }
	roles := slices.Concat(slices.DeleteFunc(slices.Clone(c.RolesBefore), gone), c.AddRoles)
	slices.Sort(roles)
	return slices.Compact(roles)
}

// setField puts one field into u.
func setField(u *upstream.UserUpdate, f *plan.Field, base *identity.Settings) {
	switch f.Name {
	case plan.FieldEmail:
		u.Email = &f.After
	case plan.FieldLoginID:
		u.LoginID = &f.After
	case plan.FieldActive:
		u.Active = new(isTrue(f.After))
	case plan.FieldConcurrent:
		u.Concurrent = new(isTrue(f.After))
	case plan.FieldLanguage:
		u.Language = &f.After
	case plan.FieldManager:
		u.Manager = &f.After
	case plan.FieldPhotos:
		photos := lines(f.After)
		u.Photos = &photos
	case plan.FieldDescription: // only teams have one
	default:
		if setSetting(base, f) {
			u.Settings = base
		}
	}
}

// setSetting puts one display preference into s.
func setSetting(s *identity.Settings, f *plan.Field) bool {
	switch f.Name {
	case plan.FieldDataLanguage:
		s.DataLanguage = f.After
	case plan.FieldDateFormat:
		s.DateFormat = f.After
	case plan.FieldTimeFormat:
		s.TimeFormat = f.After
	case plan.FieldNumberFormat:
		s.NumberFormat = f.After
	case plan.FieldCleanUpDays:
		days, err := strconv.Atoi(f.After)
		if err != nil {
			return false
		}
		s.CleanUpDays = days
	case plan.FieldNotify:
		s.NotifyByEmail = isTrue(f.After)
	default:
		return false
	}
	return true
}

func isTrue(text string) bool { return text == "true" }

// lines splits a field of several values; the empty text has none.
func lines(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}

// reached reports whether u is as up wants it.
func reached(up *upstream.UserUpdate, u *identity.User) bool {
	return (up.Email == nil || identity.Fold(*up.Email) == identity.Fold(u.Email)) &&
		(up.LoginID == nil || identity.Fold(*up.LoginID) == identity.Fold(u.LoginID)) &&
		same(up.Active, u.Active) && same(up.Concurrent, u.Concurrent) &&
		same(up.Language, u.Language) && same(up.Settings, u.Settings) && same(up.Manager, u.Manager) &&
		(up.Photos == nil || sameSet(*up.Photos, u.Photos)) &&
		(up.Roles == nil || sameSet(*up.Roles, u.Roles))
}

func same[T comparable](want *T, got T) bool { return want == nil || *want == got }

// sameSet compares lists without order and repeats.
func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// isEmpty reports whether up changes nothing.
func isEmpty(up *upstream.UserUpdate) bool {
	return up.Email == nil && up.LoginID == nil && up.Active == nil && up.Concurrent == nil &&
		up.Language == nil && up.Settings == nil && up.Manager == nil && up.Photos == nil && up.Roles == nil
}
