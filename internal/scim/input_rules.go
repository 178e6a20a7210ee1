package scim

// Tolerance says which departures from the RFC are understood. The zero value is strict. A server
// keeps one for each kind of identity provider.
type Tolerance struct {
	// BooleanStrings reads "True", "false" and the like, in any case, where a boolean belongs (Entra), and a
	// text of digits where a number does.
	BooleanStrings bool
	// SchemasOptional accepts a body without schemas, or with none that names the resource type. A body
	// that names only another resource type is refused all the same.
	SchemasOptional bool
	// LegacyURNs understands the URNs of the drafts and SCIM 1.1 (OneLogin) and the enterprise URN with
	// the missing colon (Entra).
	LegacyURNs bool
	// IgnoreUnknown leaves out attributes that no schema has, in bodies and in path-less PATCH values.
	// Without it they are refused. A PATCH path to an unknown attribute is refused always.
	IgnoreUnknown bool
	// IgnoreReadOnly leaves out readOnly attributes in path-less PATCH values (authentik sends the whole
	// resource). Without it they are refused, except an id that equals the resource's own (Okta).
	IgnoreReadOnly bool
	// UnwrapSingular reads a single-valued attribute from an array of one element (older Entra).
	UnwrapSingular bool
	// WrapMultiValued reads a multi-valued attribute from one bare value (OneLogin templates).
	WrapMultiValued bool
	// BareValues reads a string where an object with a value belongs: a manager, a member or a role
	// given as its id alone; a manager given as managerId (SCIM 1.1); and the display of a member or a role given
	// as displayName.
	BareValues bool
	// UnqualifiedExtensions reads an extension's attribute that stands at the top of a body without its
	// URN, where the core schema has none of that name: Entra's documentation shows manager so, SAC a
	// group's roles. Paths and filters understand such names always.
	UnqualifiedExtensions bool
	// UnquotedValues reads filter values without quotes, as in userName eq kim (authentik before 2025.10).
	UnquotedValues bool
	// CreateOnReplace lets replace on a value filter that matches nothing create the element, as add
	// does (Entra, on some attribute mappings). RFC 7644 §3.5.2.3 demands noTarget.
	CreateOnReplace bool
	// JSONText reads an object or a list that arrives as JSON in a string (Entra's AppRoleAssignmentsComplex). Without
	// it such a string is refused where a complex value, or the value of one, belongs.
	JSONText bool
	// EmptyOperations accepts a PATCH or a Bulk without any operation (Entra's validator sends one).
	EmptyOperations bool
	// ReducePrimaries keeps the first of several values marked primary. Without it they are refused.
	ReducePrimaries bool
}

// Lenient is every switch on: what a server uses for a provider that it knows nothing about.
func Lenient() Tolerance {
	return Tolerance{
		BooleanStrings: true, SchemasOptional: true, LegacyURNs: true, IgnoreUnknown: true, IgnoreReadOnly: true,
		UnwrapSingular: true, WrapMultiValued: true, BareValues: true, UnqualifiedExtensions: true, UnquotedValues: true,
		CreateOnReplace: true, JSONText: true, EmptyOperations: true, ReducePrimaries: true,
	}
}

// Validator decides which values fit an attribute: by type, by number, and by whether there has to be one. Decode and
// DecodePatch show it every value that a body brings, once it is read under the tolerance, and say where the value
// stands that it refuses; they check no such thing themselves. It is safe for concurrent use.
type Validator interface {
	// Value says whether v is a value of the attribute's type; of a multi-valued attribute, one of its values. A
	// simple value is a string, a bool or a json.Number where it fits. An object is not shown as a whole, its parts
	// are, so what is shown of a complex attribute is no object.
	Value(a *Attribute, v any) bool
	// Whole says whether v may be all that is assigned to the attribute; nil is nothing. It is asked about required
	// attributes, and about what stands in place of a list.
	Whole(a *Attribute, v any) bool
	// Extension says whether v, which is no object, may be what a resource has of an extension, or of its core schema.
	Extension(s *Schema, v any) bool
}

// storedValues is the Validator of what was checked when it came. The structure has to be right all the same: PATCH relies
// on it.
type storedValues struct{}

func (storedValues) Value(a *Attribute, _ any) bool { return a.Type != TypeComplex }
func (storedValues) Whole(*Attribute, any) bool     { return false }
func (storedValues) Extension(*Schema, any) bool    { return false }
