package scim

// Validator decides which values fit an attribute: by type, by number, and by whether there has to be one. Decode and
// DecodePatch show it every value that a body brings, once it is read under the tolerance, and say where the value
// stands that it refuses; they check no such thing themselves. It is safe for concurrent use.
type Validator interface {
	// Value says whether v is a value of the attribute's type; of a multi-valued attribute, one of its values. A
	// simple value is a string, a bool or a json.Number where it fits. An object is not shown as a whole, its parts
	// are, so what is shown of a complex attribute is no object.
	Value(a *Attribute, v any) bool
	// Whole says whether v may be all that is assigned to the attribute; nil is nothing. It is asked about required
	// attributes, and about what stands in the place of a list.
	Whole(a *Attribute, v any) bool
	// Extension says whether v, which is no object, may be what a resource has of an extension, or of its core schema.
	Extension(s *Schema, v any) bool
}

// stored is the Validator of what was checked when it came. The structure has to be right all the same: PATCH relies
// on it.
type stored struct{}

func (stored) Value(a *Attribute, _ any) bool { return a.Type != TypeComplex }
func (stored) Whole(*Attribute, any) bool     { return false }
func (stored) Extension(*Schema, any) bool    { return false }
