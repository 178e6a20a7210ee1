package plan

import (
	"fmt"
	"slices"
	"strconv"

	"sacbridge/internal/identity"
)

// attribute is one attribute of a person as text.
type attribute struct {
	name FieldName
	get  func(*identity.User) string
	set  func(*identity.User, string) error
}

// attributes are all that a plan can change of a person, in the order in which changes name them.
var attributes = []attribute{
	textAttribute(FieldEmail, func(u *identity.User) *string { return &u.Email }),
	textAttribute(FieldLoginID, func(u *identity.User) *string { return &u.LoginID }),
	textAttribute(FieldGivenName, func(u *identity.User) *string { return &u.GivenName }),
	textAttribute(FieldFamilyName, func(u *identity.User) *string { return &u.FamilyName }),
	textAttribute(FieldDisplayName, func(u *identity.User) *string { return &u.DisplayName }),
	boolAttribute(FieldActive, func(u *identity.User) *bool { return &u.Active }),
	boolAttribute(FieldConcurrent, func(u *identity.User) *bool { return &u.Concurrent }),
	textAttribute(FieldLanguage, func(u *identity.User) *string { return &u.Language }),
	textAttribute(FieldDataLanguage, func(u *identity.User) *string { return &u.Settings.DataLanguage }),
	textAttribute(FieldDateFormat, func(u *identity.User) *string { return &u.Settings.DateFormat }),
	textAttribute(FieldTimeFormat, func(u *identity.User) *string { return &u.Settings.TimeFormat }),
	textAttribute(FieldNumberFormat, func(u *identity.User) *string { return &u.Settings.NumberFormat }),
	{
		FieldCleanUpDays,
		func(u *identity.User) string { return strconv.Itoa(u.Settings.CleanUpDays) },
		func(u *identity.User, text string) (err error) {
			u.Settings.CleanUpDays, err = strconv.Atoi(text)
			return err
		},
	},
	boolAttribute(FieldNotify, func(u *identity.User) *bool { return &u.Settings.NotifyByEmail }),
	{FieldPhotos, photosOf, func(u *identity.User, text string) error {
		u.Photos = identity.Set(identity.SplitLines(text))
		return nil
	}},
	textAttribute(FieldManager, func(u *identity.User) *string { return &u.Manager }),
}

// AttributeNames lists the attributes of a person that a plan can change, in the order in which changes name them.
func AttributeNames() []FieldName {
	names := make([]FieldName, len(attributes))
	for i := range attributes {
		names[i] = attributes[i].name
	}
	return names
}

// ValueOf gives an attribute of a person as plans write it, "" for what no person has.
func ValueOf(u *identity.User, name FieldName) string {
	a, ok := attributeOf(name)
	if !ok {
		return ""
	}
	return a.get(u)
}

func photosOf(u *identity.User) string { return identity.JoinLines(identity.Set(u.Photos)) }

func textAttribute(name FieldName, at func(*identity.User) *string) attribute {
	return attribute{
		name,
		func(u *identity.User) string { return *at(u) },
		func(u *identity.User, text string) error {
			*at(u) = text
			return nil
		},
	}
}

func boolAttribute(name FieldName, at func(*identity.User) *bool) attribute {
	return attribute{
		name,
		func(u *identity.User) string { return strconv.FormatBool(*at(u)) },
		func(u *identity.User, text string) error {
			if text != "true" && text != "false" {
				return fmt.Errorf("%q is neither true nor false", text)
			}
			*at(u) = text == "true"
			return nil
		},
	}
}

// attributeOf finds an attribute by its name.
func attributeOf(name FieldName) (attribute, bool) {
	i := slices.IndexFunc(attributes, func(a attribute) bool { return a.name == name })
	if i < 0 {
		return attribute{}, false
	}
	return attributes[i], true
}

// fieldsBetween gives what leads from one state of a person to another, role links and teams aside.
func fieldsBetween(before, after *identity.User) []Field {
	var out []Field
	if before == after {
		return nil
	}
	for _, a := range attributes {
		if was, is := a.get(before), a.get(after); was != is {
			out = append(out, Field{Name: a.name, Before: was, After: is})
		}
	}
	return out
}

// valueOf gives the new value of a field, or "" where it does not change.
func valueOf(fields []Field, name FieldName) string {
	for _, f := range fields {
		if f.Name == name {
			return f.After
		}
	}
	return ""
}
