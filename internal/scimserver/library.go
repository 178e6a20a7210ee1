package scimserver

import (
	libschema "github.com/elimity-com/scim/schema"

	"sacbridge/internal/scim"
)

// library is the SCIM library as the one judge of values: a scim.Validator over its schemas. Its server is not used: it
// would decode every body and parse every path again, knows only some statuses, and drops the error of a handler for
// the others. Nor is a body handed over as a whole, since the library does not say what it refuses in it.
type library struct {
	values  map[*scim.Attribute]*libschema.CoreAttribute // attributes and sub-attributes
	wholes  map[*scim.Attribute]libschema.Schema         // with the one attribute
	schemas map[*scim.Schema]libschema.Schema
}

func newLibrary() *library {
	l := &library{
		values: map[*scim.Attribute]*libschema.CoreAttribute{}, wholes: map[*scim.Attribute]libschema.Schema{}, schemas: map[*scim.Schema]libschema.Schema{},
	}
	for _, t := range [...]*scim.ResourceType{scim.User(), scim.Group()} {
		l.add(t.Common)
		for _, s := range append([]*scim.Schema{t.Core}, t.Extensions...) {
			l.schemas[s] = libschema.Schema{ID: s.URN, Attributes: l.add(s.Attributes)}
		}
	}
	return l
}

// add tells the library of attributes.
func (l *library) add(attributes []*scim.Attribute) (added libschema.Attributes) {
	for _, a := range attributes {
		whole := libraryAttribute(a)
		added = append(added, whole)
		l.values[a], l.wholes[a] = &whole, libschema.Schema{Attributes: libschema.Attributes{whole}}
		for i, sub := range whole.SubAttributes() {
			l.values[a.Sub[i]] = &sub
		}
	}
	return added
}

// Value implements scim.Validator.
func (l *library) Value(a *scim.Attribute, v any) bool {
	_, refused := l.values[a].ValidateSingular(v)
	return refused == nil
}

// Whole implements scim.Validator.
func (l *library) Whole(a *scim.Attribute, v any) bool {
	_, refused := l.wholes[a].Validate(map[string]any{a.Name: v})
	return refused == nil
}

// Extension implements scim.Validator.
func (l *library) Extension(s *scim.Schema, v any) bool {
	_, refused := l.schemas[s].Validate(v)
	return refused == nil
}

// libraryAttribute tells the library what it checks of an attribute: type, number, and whether there has to be a value.
// Who may change it is no matter of values: what is readOnly is left out or refused before.
func libraryAttribute(a *scim.Attribute) libschema.CoreAttribute {
	if a.Type != scim.TypeComplex {
		return libschema.SimpleCoreAttribute(librarySimple(a))
	}
	p := libschema.ComplexParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required}
	for _, sub := range a.Sub {
		p.SubAttributes = append(p.SubAttributes, librarySimple(sub))
	}
	return libschema.ComplexCoreAttribute(p)
}

func librarySimple(a *scim.Attribute) libschema.SimpleParams {
	switch a.Type {
	case scim.TypeBoolean:
		return libschema.SimpleBooleanParams(libschema.BooleanParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required})
	case scim.TypeInteger:
		return libschema.SimpleNumberParams(libschema.NumberParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Type: libschema.AttributeTypeInteger()})
	case scim.TypeDecimal:
		return libschema.SimpleNumberParams(libschema.NumberParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Type: libschema.AttributeTypeDecimal()})
	case scim.TypeDateTime:
		return libschema.SimpleDateTimeParams(libschema.DateTimeParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required})
	case scim.TypeBinary:
		return libschema.SimpleBinaryParams(libschema.BinaryParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required})
	case scim.TypeReference:
		return libschema.SimpleReferenceParams(libschema.ReferenceParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required})
	case scim.TypeString, scim.TypeComplex:
	}
	return libschema.SimpleStringParams(libschema.StringParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required})
}
