package scimserver

import (
	lib "github.com/elimity-com/scim"
	"github.com/elimity-com/scim/optional"
	libschema "github.com/elimity-com/scim/schema"

	"sacbridge/internal/identity/scim"
)

// libraryType tells the library of a resource type. Members are left out: membership never travels through it as
// one array.
func libraryType(t *scim.ResourceType) lib.ResourceType {
	out := lib.ResourceType{
		ID: optional.NewString(t.Name), Name: t.Name, Description: optional.NewString(t.Description), Endpoint: t.Endpoint,
		Schema: librarySchema(t.Core), Handler: handler{t},
	}
	for _, ext := range t.Extensions {
		out.SchemaExtensions = append(out.SchemaExtensions, lib.SchemaExtension{Schema: librarySchema(ext)})
	}
	return out
}

// hasLibrary says whether the library knows of an attribute: all but the members of a group.
func hasLibrary(s *scim.Schema, a *scim.Attribute) bool {
	return s.URN != scim.Group().Core.URN || a.Name != "members"
}

func librarySchema(s *scim.Schema) libschema.Schema {
	out := libschema.Schema{ID: s.URN, Name: optional.NewString(s.Name), Description: optional.NewString(s.Description)}
	for _, a := range s.Attributes {
		if hasLibrary(s, a) {
			out.Attributes = append(out.Attributes, libraryAttribute(a))
		}
	}
	// The library appends to this slice in every request; without spare capacity it copies, else it would race.
	out.Attributes = out.Attributes[:len(out.Attributes):len(out.Attributes)]
	return out
}

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

// libraryResource is what the library sees of a resource: all but the members.
func libraryResource(r *scim.Resource) []byte {
	seen := *r
	seen.Members, seen.HasMembers = nil, false
	return seen.Encode()
}
