package scimserver

import (
	libschema "github.com/elimity-com/scim/schema"

	"sacbridge/internal/scim"
)

// libraryAttribute tells the library what it checks of an attribute: type, number, and whether it is required.
func libraryAttribute(a *scim.Attribute) libschema.CoreAttribute {
	if a.Type != scim.TypeComplex {
		return libschema.SimpleCoreAttribute(librarySimple(a))
	}
	p := libschema.ComplexParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: libraryMutability(a)}
	for _, sub := range a.Sub {
		p.SubAttributes = append(p.SubAttributes, librarySimple(sub))
	}
	return libschema.ComplexCoreAttribute(p)
}

func librarySimple(a *scim.Attribute) libschema.SimpleParams {
	mutability := libraryMutability(a)
	switch a.Type {
	case scim.TypeBoolean:
		return libschema.SimpleBooleanParams(libschema.BooleanParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability})
	case scim.TypeInteger:
		return libschema.SimpleNumberParams(libschema.NumberParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Type: libschema.AttributeTypeInteger()})
	case scim.TypeDecimal:
		return libschema.SimpleNumberParams(libschema.NumberParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Type: libschema.AttributeTypeDecimal()})
	case scim.TypeDateTime:
		return libschema.SimpleDateTimeParams(libschema.DateTimeParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability})
	case scim.TypeBinary:
		return libschema.SimpleBinaryParams(libschema.BinaryParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability})
	case scim.TypeReference:
		return libschema.SimpleReferenceParams(libschema.ReferenceParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability})
	case scim.TypeString, scim.TypeComplex:
	}
	return libschema.SimpleStringParams(libschema.StringParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability})
}

// libraryMutability is what the library passes over, or not: it tells no others apart when it checks values.
func libraryMutability(a *scim.Attribute) libschema.AttributeMutability {
	if a.Mutability == scim.ReadOnly {
		return libschema.AttributeMutabilityReadOnly()
	}
	return libschema.AttributeMutabilityReadWrite()
}
