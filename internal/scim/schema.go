package scim

// Type is the data type of an attribute (RFC 7643 §2.3).
type Type string

// The data types.
const (
	TypeString    Type = "string"
	TypeBoolean   Type = "boolean"
	TypeDecimal   Type = "decimal"
	TypeInteger   Type = "integer"
	TypeDateTime  Type = "dateTime"
	TypeBinary    Type = "binary"
	TypeReference Type = "reference"
	TypeComplex   Type = "complex"
)

// MutabilityRule says who may set an attribute, and how often (RFC 7643 §7, "mutability").
type MutabilityRule string

// The kinds of mutability.
const (
	ReadWrite MutabilityRule = "readWrite"
	ReadOnly  MutabilityRule = "readOnly"
	Immutable MutabilityRule = "immutable"
	WriteOnly MutabilityRule = "writeOnly"
)

// Returned says when an attribute is part of an answer (RFC 7643 §7).
type Returned string

// The kinds of return.
const (
	ReturnedDefault Returned = "default"
	ReturnedAlways  Returned = "always"
	ReturnedNever   Returned = "never"
	ReturnedRequest Returned = "request"
)

// Unique says within what an attribute's value is unique (RFC 7643 §7, "uniqueness").
type Unique string

// The kinds of uniqueness.
const (
	UniqueNone   Unique = "none"
	UniqueServer Unique = "server"
	UniqueGlobal Unique = "global"
)

// Attribute is the definition of an attribute or sub-attribute. Its JSON form is that of RFC 7643 §7.
// Definitions are shared: treat them as read-only.
type Attribute struct {
	Name            string         `json:"name"`
	Type            Type           `json:"type"`
	Sub             []*Attribute   `json:"subAttributes,omitempty"`
	MultiValued     bool           `json:"multiValued"`
	Description     string         `json:"description"`
	Required        bool           `json:"required"`
	CanonicalValues []string       `json:"canonicalValues,omitempty"`
	CaseExact       bool           `json:"caseExact"`
	Mutability      MutabilityRule `json:"mutability"`
	Returned        Returned       `json:"returned"`
	Uniqueness      Unique         `json:"uniqueness"`
	ReferenceTypes  []string       `json:"referenceTypes,omitempty"`

	subs   map[string]*Attribute // by folded name
	isName bool                  // people are told apart by it: it cannot be blank
}

// SubAttribute finds a sub-attribute by its name in any case; nil where there is none.
func (a *Attribute) SubAttribute(name string) *Attribute { return lookup(a.subs, name) }

// Schema is a named set of attributes. Its JSON form is that of RFC 7643 §7. Schemas are shared: treat
// them as read-only.
type Schema struct {
	URN         string       `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Attributes  []*Attribute `json:"attributes"`

	attrs map[string]*Attribute // by folded name
}

// Attribute finds an attribute by its name in any case; nil where there is none.
func (s *Schema) Attribute(name string) *Attribute { return lookup(s.attrs, name) }

// ResourceType is a kind of resource with its schemas. There are two, [User] and [Group]; they are
// shared: treat them as read-only.
type ResourceType struct {
	Name        string // "User"
	Endpoint    string // "/Users"
	Description string
	Core        *Schema
	Extensions  []*Schema
	// Common are the attributes of every resource (RFC 7643 §3.1): schemas, id, externalId, meta. They
	// are in no schema.
	Common []*Attribute

	refs       map[string]*Ref    // by folded name, plain and qualified
	urns       map[string]*Schema // by folded URN
	legacyRefs map[string]*Ref    // by folded name under an old URN
	legacyURNs map[string]*Schema
	topRefs    map[*Attribute]*Ref
	order      []*Ref // common and core attributes in the order of encoding
}

// Ref names an attribute of a resource type, or one of its sub-attributes. Each exists once for its
// resource type, so that two may be compared by address.
type Ref struct {
	// Name is the canonical spelling: "userName", "name.givenName", and for an extension
	// "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value".
	Name   string
	Schema *Schema    // the core schema for common attributes, too
	Attr   *Attribute // the attribute at the top of its schema
	Sub    *Attribute // nil where the attribute itself is meant

	whole *Ref            // the attribute without the sub-attribute: itself where Sub is nil
	parts map[string]*Ref // of a whole attribute, its sub-attributes by canonical name
}

// Target is the definition that values are compared with: the sub-attribute's, else the attribute's.
func (r *Ref) Target() *Attribute {
	if r.Sub != nil {
		return r.Sub
	}
	return r.Attr
}

// Part is the sub-attribute of ref with a canonical name; nil where there is none.
func (r *Ref) Part(sub string) *Ref { return r.parts[sub] }

// Whole is the attribute that r is a part of; r itself where it is no sub-attribute.
func (r *Ref) Whole() *Ref { return r.whole }

// The definitions below are built from these few shapes; a characteristic sets one of those of RFC 7643 §7.
type characteristic func(*Attribute)

func attribute(kind Type, name, description string, characteristics []characteristic) *Attribute {
	a := &Attribute{
		Name: name, Type: kind, Description: description,
		Mutability: ReadWrite, Returned: ReturnedDefault, Uniqueness: UniqueNone,
	}
	// References, binaries and dateTimes know no letter case of their own (RFC 7643 §2.3.5 to §2.3.7).
	a.CaseExact = kind == TypeReference || kind == TypeBinary
	for _, set := range characteristics {
		set(a)
	}
	return a
}

func text(name, description string, characteristics ...characteristic) *Attribute {
	return attribute(TypeString, name, description, characteristics)
}

func boolean(name, description string) *Attribute {
	return attribute(TypeBoolean, name, description, nil)
}

func complexAttribute(name, description string, sub []*Attribute, characteristics ...characteristic) *Attribute {
	a := attribute(TypeComplex, name, description, characteristics)
	a.Sub = sub
	a.subs = index(sub)
	return a
}

func reference(name, description string, types ...string) *Attribute {
	a := attribute(TypeReference, name, description, nil)
	a.ReferenceTypes = types
	return a
}

func caseExact(a *Attribute)    { a.CaseExact = true }
func required(a *Attribute)     { a.Required = true }
func multiValued(a *Attribute)  { a.MultiValued = true }
func readOnly(a *Attribute)     { a.Mutability = ReadOnly }
func immutable(a *Attribute)    { a.Mutability = Immutable }
func always(a *Attribute)       { a.Returned = ReturnedAlways }
func uniqueServer(a *Attribute) { a.Uniqueness = UniqueServer }
func name(a *Attribute)         { a.isName = true }

func canonical(values ...string) characteristic {
	return func(a *Attribute) { a.CanonicalValues = values }
}

// multiValuedAttribute is one with the default sub-attributes of RFC 7643 §2.4.
func multiValuedAttribute(name, description string, value *Attribute, types ...string) *Attribute {
	kind := text("type", "A label of the value's function.")
	if len(types) > 0 {
		kind.CanonicalValues = types
	}
	return complexAttribute(name, description, []*Attribute{
		value,
		text("display", "A name of the value for people."),
		kind,
		boolean("primary", "Whether this is the preferred value. True for one value at most."),
	}, multiValued)
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
		text("id", "The identifier that the server gives the resource.", caseExact, readOnly, always, uniqueServer),
		text("externalId", "The identifier that the client gives the resource.", caseExact),
		complexAttribute("meta", "What the server says of the resource.", []*Attribute{
			text("resourceType", "The name of the resource type.", caseExact, readOnly),
			attribute(TypeDateTime, "created", "When the resource was made.", []characteristic{readOnly}),
			attribute(TypeDateTime, "lastModified", "When the resource was changed last.", []characteristic{readOnly}),
			location,
			text("version", "The version, equal to the ETag.", caseExact, readOnly),
		}, readOnly),
	}
}
