package apply

import (
	"slices"
	"strconv"
	"strings"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// restOf gives what of an update is still to be done after a write that failed to make the links failures:
// the same difference, but for what is done, on top of what the person holds now. nil where nothing is left.
// Whoever repeats it does not undo what somebody else has changed since in what was done.
func restOf(whole *plan.Change, failures []LinkFailure) *plan.Change {
	rest := &plan.Change{Entity: plan.User, Op: plan.Update, Key: whole.Key, Ref: whole.Ref, Created: whole.Created, DecidesAllRoles: whole.DecidesAllRoles}
	for _, l := range failures {
		name := plan.FieldName(l.Key)
		switch l.Kind {
		case RoleLink:
			if slices.Contains(whole.AddRoles, l.Key) {
				rest.AddRoles = append(rest.AddRoles, l.Key)
			} else if slices.Contains(whole.RemoveRoles, l.Key) {
				rest.RemoveRoles = append(rest.RemoveRoles, l.Key)
			}
			continue
		case ManagerLink:
			name = plan.FieldManager
		case MemberLink, LicenceLink, DetailLink, AttributeLink:
		}
		if at := slices.IndexFunc(whole.Fields, func(f plan.Field) bool { return f.Name == name }); at >= 0 {
			rest.Fields = append(rest.Fields, whole.Fields[at])
		}
	}
	if !changesPerson(rest) {
		return nil
	}
	rest.RolesBefore = changed(whole.RolesBefore, without(whole.RemoveRoles, rest.RemoveRoles), without(whole.AddRoles, rest.AddRoles))
	return rest
}

// changesPerson reports whether anything is to be done to a person.
func changesPerson(c *plan.Change) bool { return len(c.Fields)+len(c.AddRoles)+len(c.RemoveRoles) > 0 }

// restOfCreate is restOf for a create that nobody looked at: the links that were not made.
func restOfCreate(it *item, want *identity.User) *plan.Change {
	whole := &plan.Change{Key: it.key, Ref: it.ref, AddRoles: want.Roles}
	if want.Manager != "" {
		whole.Fields = []plan.Field{{Name: plan.FieldManager, After: want.Manager}}
	}
	return restOf(whole, it.failures())
}

// without gives list but for the keys of drop.
func without(list, drop []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(key string) bool { return slices.Contains(drop, key) })
}

// changed gives set without the links of remove and with those of add.
func changed(set, remove, add []string) []string {
	gone := identity.Set(remove)
	rest := slices.DeleteFunc(slices.Clone(set), func(key string) bool {
		_, ok := slices.BinarySearch(gone, key)
		return ok
	})
	return identity.Set(slices.Concat(rest, add))
}

// fieldOf is the change of one attribute from how a person is to how they are wanted. Attributes have the
// same names in plans and in the words of connectors.
func fieldOf(attribute string, is, want *identity.User) plan.Field {
	name := plan.FieldName(attribute)
	return plan.Field{Name: name, Before: textOf(is, name), After: textOf(want, name)}
}

// textOf gives an attribute of a person as plans write it.
func textOf(u *identity.User, name plan.FieldName) string {
	switch name {
	case plan.FieldEmail:
		return u.Email
	case plan.FieldLoginID:
		return u.LoginID
	case plan.FieldGivenName:
		return u.GivenName
	case plan.FieldFamilyName:
		return u.FamilyName
	case plan.FieldDisplayName:
		return u.DisplayName
	case plan.FieldActive:
		return strconv.FormatBool(u.Active)
	case plan.FieldConcurrent:
		return strconv.FormatBool(u.Concurrent)
	case plan.FieldLanguage:
		return u.Language
	case plan.FieldManager:
		return u.Manager
	case plan.FieldPhotos:
		return strings.Join(u.Photos, "\n")
	case plan.FieldDataLanguage:
		return u.Settings.DataLanguage
	case plan.FieldDateFormat:
		return u.Settings.DateFormat
	case plan.FieldTimeFormat:
		return u.Settings.TimeFormat
	case plan.FieldNumberFormat:
		return u.Settings.NumberFormat
	case plan.FieldCleanUpDays:
		return strconv.Itoa(u.Settings.CleanUpDays)
	case plan.FieldNotify:
		return strconv.FormatBool(u.Settings.NotifyByEmail)
	case plan.FieldDescription: // only teams have one
	}
	return ""
}
