package scim

import (
	"encoding/json"
	"slices"
	"strings"
)

// decoder makes values canonical under a tolerance.
type decoder struct {
	t            *ResourceType
	tol          Tolerance
	valid        Validator
	dropReadOnly bool // what a client sends is read: readOnly sub-attributes are left out
	keepLabels   bool // a list may hold values that have nothing but a label
}

// value gives the canonical form of an attribute's or sub-attribute's value, nil where it is unassigned.
func (d decoder) value(ref *Ref, raw any) (any, error) {
	raw, err := d.readText(ref, raw)
	if err != nil {
		return nil, err
	}
	a, path := ref.Target(), ref.Name
	list, isList := raw.([]any)
	switch {
	case raw == nil || isList && len(list) == 0:
		return nil, nil
	case a.MultiValued && isList:
		return d.list(ref, list)
	case a.MultiValued && (d.tol.WrapMultiValued || d.bareList(a, raw)):
		return d.list(ref, []any{raw})
	case a.MultiValued:
		return nil, NewInvalidValue(path, "%s is %s, a list is expected", path, kindOf(raw))
	case isList && len(list) == 1 && d.tol.UnwrapSingular:
		return d.single(ref, unwrapped(a, list[0]))
	default:
		return d.single(ref, raw)
	}
}

// unwrapped gives the value of an object where a simple value belongs: older Entra sends [{"$ref":null,"value":x}].
func unwrapped(a *Attribute, raw any) any {
	if o, ok := raw.(jsonObject); ok && a.Type != TypeComplex {
		for _, f := range o {
			if strings.EqualFold(f.key, "value") {
				return f.value
			}
		}
	}
	return raw
}

func (d decoder) list(ref *Ref, raw []any) (any, error) {
	if d.isMembers(ref) {
		return d.members(ref, raw)
	}
	out := make([]any, 0, len(raw))
	for _, e := range raw {
		v, err := d.single(ref, e)
		if err != nil {
			return nil, err
		}
		if v != nil && (!d.dropReadOnly || d.keepLabels || !isEmptyElement(v)) {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	if d.dropReadOnly { // what is stored is read as it is
		out = withoutDuplicates(out)
	}
	if err := d.onePrimary(ref, out, nil); err != nil {
		return nil, err
	}
	return out, nil
}

// maxCompared is the longest list in which each value is compared with each: people have fewer addresses.
const maxCompared = 32

// withoutDuplicates leaves one of several equal values, since no type and value should be returned twice (RFC 7643
// §2.4). Values that differ in anything else both stay.
func withoutDuplicates(list []any) []any {
	if len(list) > maxCompared {
		return list
	}
	kept := list[:0]
	for _, v := range list {
		if !slices.ContainsFunc(kept, func(k any) bool { return equalTree(k, v) }) {
			kept = append(kept, v)
		}
	}
	return kept
}

// onePrimary sees to it that at most one value is primary (RFC 7643 §2.4). Of several the first is kept
// under ReducePrimaries and the others become false. Where madePrimary is given, the values it marks take
// the place of the others without a fault: setting a new primary clears the old (RFC 7644 §3.5.2).
func (d decoder) onePrimary(ref *Ref, list []any, madePrimary []bool) error {
	if ref.parts["primary"] == nil {
		return nil
	}
	chosen := -1
	for i, e := range list {
		if !isPrimary(e) || madePrimary != nil && !madePrimary[i] {
			continue
		}
		if chosen < 0 {
			chosen = i
		} else if !d.tol.ReducePrimaries {
			return NewInvalidValue(ref.Name+".primary", "%s has several primary values, one at most is expected", ref.Name)
		}
	}
	if chosen < 0 {
		return nil
	}
	for i, e := range list {
		if i != chosen && isPrimary(e) {
			e.(map[string]any)["primary"] = false
		}
	}
	return nil
}

func isPrimary(e any) bool {
	m, ok := e.(map[string]any)
	return ok && m["primary"] == true
}

// bareList says whether the validator takes a value for a list. An object is none here, whatever it says: the SCIM
// library accepts one.
func (d decoder) bareList(a *Attribute, raw any) bool {
	_, isObject := raw.(jsonObject)
	return !isObject && d.valid.Whole(a, raw)
}

// single gives the canonical form of one value.
func (d decoder) single(ref *Ref, raw any) (any, error) {
	a := ref.Target()
	if raw == nil {
		return nil, nil
	}
	if a.Type == TypeComplex {
		return d.complex(ref, raw)
	}
	if s, ok := raw.(string); ok && d.tol.BooleanStrings {
		raw = spelledOut(a.Type, s)
	}
	if !d.valid.Value(a, raw) {
		return nil, misfit(ref.Name, raw, a)
	}
	if d.dropReadOnly && a.isName && !a.Required && isBlank(raw) {
		return nil, NewInvalidValue(ref.Name, "%s is blank, a name is expected", ref.Name)
	}
	return raw, nil
}

// spelledOut gives the boolean or the number that a text spells where one belongs, else the text.
func spelledOut(kind Type, text string) any {
	switch kind {
	case TypeBoolean:
		if b, ok := parseBool(text); ok {
			return b
		}
	case TypeInteger, TypeDecimal:
		if integerText(text) {
			return json.Number(text)
		}
	default:
	}
	return text
}

// integerText says whether a text is an integer as JSON writes one.
func integerText(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return len(digits) > 0 && strings.Trim(digits, "0123456789") == "" && (digits[0] != '0' || digits == "0")
}

// misfit says in what a value that was refused differs from what its attribute expects.
func misfit(path string, raw any, a *Attribute) *Error {
	if _, isText := raw.(string); isText {
		switch a.Type {
		case TypeDateTime:
			return NewInvalidValue(path, "%s is not a dateTime with date, time and offset", path)
		case TypeBinary:
			return NewInvalidValue(path, "%s is not base64", path)
		default:
		}
	}
	if n, ok := raw.(json.Number); ok && a.Type == TypeInteger && !strings.ContainsAny(string(n), ".eE") {
		return NewInvalidValue(path, "%s is out of range, an integer of 64 bits is expected", path)
	}
	return NewInvalidValue(path, "%s is %s, %s is expected", path, kindOf(raw), withArticle(a.Type))
}

func withArticle(t Type) string {
	switch t {
	case TypeComplex:
		return "an object"
	case TypeInteger:
		return "an integer"
	default:
		return "a " + string(t)
	}
}

func parseBool(s string) (value, ok bool) {
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	default:
		return false, false
	}
}

// complex gives the canonical form of an object, nil where nothing in it is assigned.
func (d decoder) complex(ref *Ref, raw any) (any, error) {
	a, path := ref.Attr, ref.Name
	o, err := d.objectOf(ref, raw)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(o))
	for _, f := range o {
		sub := d.subOf(a, f.key)
		if sub == nil {
			if err := d.unknown(path + "." + f.key); err != nil {
				return nil, err
			}
			continue
		}
		if d.dropReadOnly && sub.Mutability == ReadOnly {
			continue
		}
		v, err := d.value(ref.parts[sub.Name], f.value)
		if err != nil {
			return nil, err
		}
		if _, had := out[sub.Name]; v != nil && (!had || strings.EqualFold(f.key, sub.Name)) {
			out[sub.Name] = v
		}
	}
	if d.tol.BareValues && a.Name == "manager" && out["value"] == "" {
		// SAC and SCIM 1.1 templates write "" for nobody.
		delete(out, "value")
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// objectOf gives the object that a complex value is, or that a bare value stands for.
func (d decoder) objectOf(ref *Ref, raw any) (jsonObject, error) {
	raw, err := d.readText(ref, raw)
	if err != nil {
		return nil, err
	}
	if s, ok := raw.(string); ok && d.tol.BareValues && ref.Attr.subs["value"] != nil {
		return jsonObject{{"value", s}}, nil
	}
	o, ok := raw.(jsonObject)
	if !ok && !d.valid.Value(ref.Attr, raw) {
		return nil, misfit(ref.Name, raw, ref.Attr)
	}
	return d.mergeJSONText(ref, o)
}

// subOf finds a sub-attribute; SCIM 1.1 called a manager's value managerId, and some clients call the display of a
// member or a role displayName (the requests that Entra publishes).
func (d decoder) subOf(a *Attribute, key string) *Attribute {
	switch {
	case !d.tol.BareValues:
	case a.Name == "manager" && strings.EqualFold(key, "managerId"):
		return a.subs["value"]
	}
	if sub := a.SubAttribute(key); sub != nil || !d.tol.BareValues || !strings.EqualFold(key, "displayName") {
		return sub
	}
	return a.subs["display"]
}

// assignedObject gives an object of an unknown extension as tree: as sent, less nulls, empty lists and empty
// objects, which mean unassigned (RFC 7643 §2.5).
func assignedObject(o jsonObject) map[string]any {
	m := make(map[string]any, len(o))
	for _, f := range o {
		if v := assignedValue(f.value); v != nil {
			m[f.key] = v
		}
	}
	return m
}

func assignedValue(raw any) any {
	switch v := raw.(type) {
	case jsonObject:
		if m := assignedObject(v); len(m) > 0 {
			return m
		}
		return nil
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			if p := assignedValue(e); p != nil {
				out = append(out, p)
			}
		}
		if len(out) > 0 {
			return out
		}
		return nil
	default:
		return raw
	}
}
