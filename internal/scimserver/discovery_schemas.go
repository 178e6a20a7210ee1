package scimserver

import (
	"slices"

	"sacbridge/internal/scim"
)

// shownCore is a core schema as discovery shows it: with externalId, which RFC 7643 §3.1 gives every resource and puts
// in no schema. Clients that learn from /Schemas what can be mapped find it nowhere else (Entra's validator calls it
// missing).
func shownCore(t *scim.ResourceType) *scim.Schema {
	shown := &scim.Schema{URN: t.Core.URN, Name: t.Core.Name, Description: t.Core.Description, Attributes: t.Core.Attributes}
	if ref, ok := t.Ref("externalId"); ok {
		shown.Attributes = slices.Concat(t.Core.Attributes, []*scim.Attribute{ref.Attr})
	}
	return shown
}

// protocolSchemas describe the discovery documents themselves (RFC 7643 §8.7.2). Their names are those of the resource
// types, by which clients find them.
func protocolSchemas() []*scim.Schema {
	return []*scim.Schema{
		{URN: configURN, Name: "ServiceProviderConfig", Description: "What this service provider can do", Attributes: configAttributes()},
		{URN: resourceTypeURN, Name: "ResourceType", Description: "A kind of resource", Attributes: []*scim.Attribute{
			told("name", scim.TypeString, true, "Name of the resource type"),
			told("description", scim.TypeString, false, "What the resource type is for"),
			told("endpoint", scim.TypeReference, true, "Address of the resource type, relative to the base"),
			told("schema", scim.TypeReference, true, "URN of the core schema"),
			many(group("schemaExtensions", false, "The extensions", told("schema", scim.TypeReference, true, "URN of the extension"), told("required", scim.TypeBoolean, true, "Whether each resource has it"))),
		}},
		{URN: schemaURN, Name: "Schema", Description: "A set of attributes", Attributes: []*scim.Attribute{
			told("name", scim.TypeString, true, "Name of the schema"),
			told("description", scim.TypeString, false, "What the schema is for"),
			many(group("attributes", true, "The attributes", characteristics(true)...)),
		}},
	}
}

func configAttributes() []*scim.Attribute {
	can := func() *scim.Attribute { return told("supported", scim.TypeBoolean, true, "Whether it is supported") }
	return []*scim.Attribute{
		told("documentationUri", scim.TypeReference, false, "Address of help for people"),
		group("patch", true, "PATCH", can()),
		group("bulk", true, "Bulk", can(), told("maxOperations", scim.TypeInteger, true, "Most operations of a request"), told("maxPayloadSize", scim.TypeInteger, true, "Most bytes of a request")),
		group("filter", true, "Filters", can(), told("maxResults", scim.TypeInteger, true, "Most resources of an answer")),
		group("changePassword", true, "Changing a password", can()),
		group("sort", true, "Sorting", can()),
		group("etag", true, "Entity tags", can()),
		many(group("authenticationSchemes", true, "How to sign in",
			told("type", scim.TypeString, true, "The scheme"), told("name", scim.TypeString, true, "Its name"),
			told("description", scim.TypeString, true, "What to do"), told("specUri", scim.TypeReference, false, "Address of its specification"),
			told("documentationUri", scim.TypeReference, false, "Address of help"), told("primary", scim.TypeBoolean, false, "Whether to prefer it"))),
	}
}

func characteristics(withSub bool) []*scim.Attribute {
	all := []*scim.Attribute{
		told("name", scim.TypeString, true, "Name of the attribute"),
		told("type", scim.TypeString, true, "Data type"),
		told("multiValued", scim.TypeBoolean, true, "Whether it has several values"),
		told("description", scim.TypeString, false, "What it is for"),
		told("required", scim.TypeBoolean, true, "Whether it has to be there"),
		many(told("canonicalValues", scim.TypeString, false, "Suggested values")),
		told("caseExact", scim.TypeBoolean, false, "Whether letter case counts"),
		told("mutability", scim.TypeString, true, "Who may change it"),
		told("returned", scim.TypeString, true, "When it is shown"),
		told("uniqueness", scim.TypeString, true, "Within what it is unique"),
		many(told("referenceTypes", scim.TypeString, false, "What it may refer to")),
	}
	if withSub {
		all = append(all, many(group("subAttributes", false, "Parts of a complex attribute", characteristics(false)...)))
	}
	return all
}

// told is an attribute that the server tells and nobody changes.
func told(name string, kind scim.Type, required bool, description string) *scim.Attribute {
	a := &scim.Attribute{
		Name: name, Type: kind, Description: description, Required: required, CaseExact: kind == scim.TypeReference,
		Mutability: scim.ReadOnly, Returned: scim.ReturnedDefault, Uniqueness: scim.UniqueNone,
	}
	if kind == scim.TypeReference {
		a.ReferenceTypes = []string{"uri"}
	}
	return a
}

func group(name string, required bool, description string, sub ...*scim.Attribute) *scim.Attribute {
	a := told(name, scim.TypeComplex, required, description)
	a.Sub = sub
	return a
}

func many(a *scim.Attribute) *scim.Attribute {
	a.MultiValued = true
	return a
}
