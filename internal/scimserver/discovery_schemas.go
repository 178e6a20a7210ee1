package scimserver

import (
	"slices"

	"sacbridge/internal/scim"
)

// publishedCore is a core schema as discovery shows it: with externalId, which RFC 7643 §3.1 gives every resource and puts
// in no schema. Clients that learn from /Schemas what can be mapped find it nowhere else (Entra's validator calls it
// missing).
func publishedCore(t *scim.ResourceType) *scim.Schema {
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
			readOnlyAttribute("name", scim.TypeString, true, "Name of the resource type"),
			readOnlyAttribute("description", scim.TypeString, false, "What the resource type is for"),
			readOnlyAttribute("endpoint", scim.TypeReference, true, "Address of the resource type, relative to the base"),
			readOnlyAttribute("schema", scim.TypeReference, true, "URN of the core schema"),
			multiValued(complexAttribute("schemaExtensions", false, "The extensions", readOnlyAttribute("schema", scim.TypeReference, true, "URN of the extension"), readOnlyAttribute("required", scim.TypeBoolean, true, "Whether each resource has it"))),
		}},
		{URN: schemaURN, Name: "Schema", Description: "A set of attributes", Attributes: []*scim.Attribute{
			readOnlyAttribute("name", scim.TypeString, true, "Name of the schema"),
			readOnlyAttribute("description", scim.TypeString, false, "What the schema is for"),
			multiValued(complexAttribute("attributes", true, "The attributes", characteristics(true)...)),
		}},
	}
}

func configAttributes() []*scim.Attribute {
	can := func() *scim.Attribute {
		return readOnlyAttribute("supported", scim.TypeBoolean, true, "Whether it is supported")
	}
	return []*scim.Attribute{
		readOnlyAttribute("documentationUri", scim.TypeReference, false, "Address of help for people"),
		complexAttribute("patch", true, "PATCH", can()),
		complexAttribute("bulk", true, "Bulk", can(), readOnlyAttribute("maxOperations", scim.TypeInteger, true, "Most operations of a request"), readOnlyAttribute("maxPayloadSize", scim.TypeInteger, true, "Most bytes of a request")),
		complexAttribute("filter", true, "Filters", can(), readOnlyAttribute("maxResults", scim.TypeInteger, true, "Most resources of an answer")),
		complexAttribute("changePassword", true, "Changing a password", can()),
		complexAttribute("sort", true, "Sorting", can()),
		complexAttribute("etag", true, "Entity tags", can()),
		multiValued(complexAttribute("authenticationSchemes", true, "How to sign in",
			readOnlyAttribute("type", scim.TypeString, true, "The scheme"), readOnlyAttribute("name", scim.TypeString, true, "Its name"),
			readOnlyAttribute("description", scim.TypeString, true, "What to do"), readOnlyAttribute("specUri", scim.TypeReference, false, "Address of its specification"),
			readOnlyAttribute("documentationUri", scim.TypeReference, false, "Address of help"), readOnlyAttribute("primary", scim.TypeBoolean, false, "Whether to prefer it"))),
	}
}

func characteristics(withSub bool) []*scim.Attribute {
	all := []*scim.Attribute{
		readOnlyAttribute("name", scim.TypeString, true, "Name of the attribute"),
		readOnlyAttribute("type", scim.TypeString, true, "Data type"),
		readOnlyAttribute("multiValued", scim.TypeBoolean, true, "Whether it has several values"),
		readOnlyAttribute("description", scim.TypeString, false, "What it is for"),
		readOnlyAttribute("required", scim.TypeBoolean, true, "Whether it has to be there"),
		multiValued(readOnlyAttribute("canonicalValues", scim.TypeString, false, "Suggested values")),
		readOnlyAttribute("caseExact", scim.TypeBoolean, false, "Whether letter case counts"),
		readOnlyAttribute("mutability", scim.TypeString, true, "Who may change it"),
		readOnlyAttribute("returned", scim.TypeString, true, "When it is shown"),
		readOnlyAttribute("uniqueness", scim.TypeString, true, "Within what it is unique"),
		multiValued(readOnlyAttribute("referenceTypes", scim.TypeString, false, "What it may refer to")),
	}
	if withSub {
		all = append(all, multiValued(complexAttribute("subAttributes", false, "Parts of a complex attribute", characteristics(false)...)))
	}
	return all
}

// readOnlyAttribute is an attribute that the server tells and nobody changes.
func readOnlyAttribute(name string, kind scim.Type, required bool, description string) *scim.Attribute {
	a := &scim.Attribute{
		Name: name, Type: kind, Description: description, Required: required, CaseExact: kind == scim.TypeReference,
		Mutability: scim.ReadOnly, Returned: scim.ReturnedDefault, Uniqueness: scim.UniqueNone,
	}
	if kind == scim.TypeReference {
		a.ReferenceTypes = []string{"uri"}
	}
	return a
}

func complexAttribute(name string, required bool, description string, sub ...*scim.Attribute) *scim.Attribute {
	a := readOnlyAttribute(name, scim.TypeComplex, required, description)
	a.Sub = sub
	return a
}

func multiValued(a *scim.Attribute) *scim.Attribute {
	a.MultiValued = true
	return a
}
