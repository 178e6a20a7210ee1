package apply

import (
	"strconv"
	"strings"

	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// updateOf makes the update that c asks for.
func updateOf(c *plan.Change) *upstream.UserUpdate {
	u := &upstream.UserUpdate{AddRoles: c.AddRoles, RemoveRoles: c.RemoveRoles, RolesBefore: c.RolesBefore, DecidesAllRoles: c.DecidesAllRoles}
	for i := range c.Fields {
		setField(u, &c.Fields[i])
	}
	return u
}

// setField puts one field into u.
func setField(u *upstream.UserUpdate, f *plan.Field) {
	text, truth := edit(f.Before, f.After), edit(isTrue(f.Before), isTrue(f.After))
	switch f.Name {
	case plan.FieldEmail:
		u.Email = text
	case plan.FieldLoginID:
		u.LoginID = text
	case plan.FieldGivenName:
		u.GivenName = text
	case plan.FieldFamilyName:
		u.FamilyName = text
	case plan.FieldDisplayName:
		u.DisplayName = text
	case plan.FieldActive:
		u.Active = truth
	case plan.FieldConcurrent:
		u.Concurrent = truth
	case plan.FieldLanguage:
		u.Language = text
	case plan.FieldManager:
		u.Manager = text
	case plan.FieldPhotos:
		u.Photos = edit(lines(f.Before), lines(f.After))
	case plan.FieldDataLanguage:
		u.DataLanguage = text
	case plan.FieldDateFormat:
		u.DateFormat = text
	case plan.FieldTimeFormat:
		u.TimeFormat = text
	case plan.FieldNumberFormat:
		u.NumberFormat = text
	case plan.FieldCleanUpDays:
		u.CleanUpDays = edit(number(f.Before), number(f.After))
	case plan.FieldNotify:
		u.NotifyByEmail = truth
	case plan.FieldDescription: // only teams have one
	}
}

func edit[T any](before, after T) *upstream.Edit[T] {
	return &upstream.Edit[T]{Before: before, After: after}
}

func isTrue(text string) bool { return text == "true" }

// number reads a whole number; plans that hold another text are refused before they are carried out.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// lines splits a field of several values; the empty text has none.
func lines(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}
