package apply

import (
	"slices"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// remainingUpdate gives what of an update is still to be done after a write that failed to make the links failures:
// the same difference, but for what is done, on top of what the person holds now. nil where nothing is left.
// Whoever repeats it does not undo what somebody else has changed since in what was done.
func remainingUpdate(whole *plan.Change, failures []LinkFailure) *plan.Change {
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

// remainingOfCreate is remainingUpdate for a create that nobody looked at: the links that were not made.
func remainingOfCreate(it *item, want *identity.User) *plan.Change {
	whole := &plan.Change{Key: it.key, Ref: it.ref, AddRoles: want.Roles}
	if want.Manager != "" {
		whole.Fields = []plan.Field{{Name: plan.FieldManager, After: want.Manager}}
	}
	return remainingUpdate(whole, it.failures())
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
	return plan.Field{Name: name, Before: plan.ValueOf(is, name), After: plan.ValueOf(want, name)}
}
