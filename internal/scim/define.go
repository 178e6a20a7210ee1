package scim

// The definitions below are built from these few shapes; a trait changes one characteristic.
type trait func(*Attribute)

func attribute(kind Type, name, description string, traits []trait) *Attribute {
	a := &Attribute{
		Name: name, Type: kind, Description: description,
		Mutability: ReadWrite, Returned: ReturnedDefault, Uniqueness: UniqueNone,
	}
	// References, binaries and dateTimes know no letter case of their own (RFC 7643 §2.3.5 to §2.3.7).
	a.CaseExact = kind == TypeReference || kind == TypeBinary
	for _, t := range traits {
		t(a)
	}
	return a
}

func text(name, description string, traits ...trait) *Attribute {
	return attribute(TypeString, name, description, traits)
}

func flag(name, description string) *Attribute {
	return attribute(TypeBoolean, name, description, nil)
}

func complexOf(name, description string, sub []*Attribute, traits ...trait) *Attribute {
	a := attribute(TypeComplex, name, description, traits)
	a.Sub = sub
	a.subs = index(sub)
	return a
}

func reference(name, description string, types ...string) *Attribute {
	a := attribute(TypeReference, name, description, nil)
	a.ReferenceTypes = types
	return a
}

func exact(a *Attribute)        { a.CaseExact = true }
func required(a *Attribute)     { a.Required = true }
func many(a *Attribute)         { a.MultiValued = true }
func readOnly(a *Attribute)     { a.Mutability = ReadOnly }
func immutable(a *Attribute)    { a.Mutability = Immutable }
func always(a *Attribute)       { a.Returned = ReturnedAlways }
func uniqueServer(a *Attribute) { a.Uniqueness = UniqueServer }

func canonical(values ...string) trait {
	return func(a *Attribute) { a.CanonicalValues = values }
}

// plural is a multi-valued attribute with the default sub-attributes of RFC 7643 §2.4.
func plural(name, description string, value *Attribute, types ...string) *Attribute {
	kind := text("type", "A label of the value's function.")
	if len(types) > 0 {
		kind.CanonicalValues = types
	}
	return complexOf(name, description, []*Attribute{
		value,
		text("display", "A name of the value for people."),
		kind,
		flag("primary", "Whether this is the preferred value. True for one value at most."),
	}, many)
}

func newSchema(urn, name, description string, attributes ...*Attribute) *Schema {
	return &Schema{URN: urn, Name: name, Description: description, Attributes: attributes, attrs: index(attributes)}
}

func index(attributes []*Attribute) map[string]*Attribute {
	m := make(map[string]*Attribute, len(attributes))
	for _, a := range attributes {
		m[Fold(a.Name)] = a
	}
	return m
}

func lookup(m map[string]*Attribute, name string) *Attribute {
	var buf [64]byte
	if folded := foldASCII(buf[:], name); folded != nil {
		return m[string(folded)]
	}
	return m[Fold(name)]
}

// common gives the attributes that every resource has outside its schemas (RFC 7643 §3.1).
func common() []*Attribute {
	schemas := reference("schemas", "The URNs of the schemas that the resource has data of.", "uri")
	schemas.MultiValued, schemas.Required, schemas.Returned = true, true, ReturnedAlways
	location := reference("location", "The address of the resource.", "uri")
	location.Mutability = ReadOnly
	return []*Attribute{
		schemas,
		text("id", "The identifier that the server gives the resource.", exact, readOnly, always, uniqueServer),
		text("externalId", "The identifier that the client gives the resource.", exact),
		complexOf("meta", "What the server says of the resource.", []*Attribute{
			text("resourceType", "The name of the resource type.", exact, readOnly),
			attribute(TypeDateTime, "created", "When the resource was made.", []trait{readOnly}),
			attribute(TypeDateTime, "lastModified", "When the resource was changed last.", []trait{readOnly}),
			location,
			text("version", "The version, equal to the ETag.", exact, readOnly),
		}, readOnly),
	}
}
