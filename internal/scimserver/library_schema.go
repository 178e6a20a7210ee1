package scimserver

import (
	libschema "github.com/elimity-com/scim/schema"

	"sacbridge/internal/identity/scim"
)

func libraryAttribute(a *scim.Attribute) libschema.CoreAttribute {
	if a.Type != scim.TypeComplex {
		return libschema.SimpleCoreAttribute(librarySimple(a))
	}
	p := libschema.ComplexParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: libraryMutability(a), Returned: libraryReturned(a)}
	for _, sub := range a.Sub {
		p.SubAttributes = append(p.SubAttributes, librarySimple(sub))
	}
	return libschema.ComplexCoreAttribute(p)
}

func librarySimple(a *scim.Attribute) libschema.SimpleParams {
	mutability, returned := libraryMutability(a), libraryReturned(a)
	switch a.Type {
	case scim.TypeBoolean:
		return libschema.SimpleBooleanParams(libschema.BooleanParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Returned: returned})
	case scim.TypeInteger:
		return libschema.SimpleNumberParams(libschema.NumberParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Returned: returned, Type: libschema.AttributeTypeInteger()})
	case scim.TypeDecimal:
		return libschema.SimpleNumberParams(libschema.NumberParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Returned: returned, Type: libschema.AttributeTypeDecimal()})
	case scim.TypeDateTime:
		return libschema.SimpleDateTimeParams(libschema.DateTimeParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Returned: returned})
	case scim.TypeBinary:
		return libschema.SimpleBinaryParams(libschema.BinaryParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Returned: returned})
	case scim.TypeReference:
		return libschema.SimpleReferenceParams(libschema.ReferenceParams{Name: a.Name, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Returned: returned})
	case scim.TypeString, scim.TypeComplex:
	}
	return libschema.SimpleStringParams(libschema.StringParams{Name: a.Name, CaseExact: a.CaseExact, MultiValued: a.MultiValued, Required: a.Required, Mutability: mutability, Returned: returned})
}

func libraryMutability(a *scim.Attribute) libschema.AttributeMutability {
	switch a.Mutability {
	case scim.ReadOnly:
		return libschema.AttributeMutabilityReadOnly()
	case scim.Immutable:
		return libschema.AttributeMutabilityImmutable()
	case scim.WriteOnly:
		return libschema.AttributeMutabilityWriteOnly()
	case scim.ReadWrite:
	}
	return libschema.AttributeMutabilityReadWrite()
}

func libraryReturned(a *scim.Attribute) libschema.AttributeReturned {
	switch a.Returned {
	case scim.ReturnedAlways:
		return libschema.AttributeReturnedAlways()
	case scim.ReturnedNever:
		return libschema.AttributeReturnedNever()
	case scim.ReturnedRequest:
		return libschema.AttributeReturnedRequest()
	case scim.ReturnedDefault:
	}
	return libschema.AttributeReturnedDefault()
}
