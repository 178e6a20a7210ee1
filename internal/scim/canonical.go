package scim

import (
	"encoding/json"
	"slices"
	"strings"
)

// canon makes values canonical under a tolerance.
type canon struct {
	t            *ResourceType
	tol          Tolerance
	valid        Validator
	dropReadOnly bool // leave readOnly sub-attributes out
}

// value gives the canonical form of an attribute's or sub-attribute's value, nil where it is unassigned.
func (c canon) value(ref *Ref, raw any) (any, error) {
	a, path := ref.Target(), ref.Name
	list, isList := raw.([]any)
	switch {
	case raw == nil || isList && len(list) == 0:
		return nil, nil
	case a.MultiValued && isList:
		return c.list(ref, list)
	case a.MultiValued && (c.tol.WrapMultiValued || c.bareList(a, raw)):
		return c.list(ref, []any{raw})
	case a.MultiValued:
		return nil, NewInvalidValue(path, "%s is %s, a list is expected", path, kindOf(raw))
	case isList && len(list) == 1 && c.tol.UnwrapSingular:
		return c.single(ref, unwrapped(a, list[0]))
	default:
		return c.single(ref, raw)
	}
}

// unwrapped gives the value of an object where a simple value belongs: older Entra sends [{"$ref":null,"value":x}].
func unwrapped(a *Attribute, raw any) any {
	if o, ok := raw.(object); ok && a.Type != TypeComplex {
		for _, f := range o {
			if strings.EqualFold(f.key, "value") {
				return f.value
			}
		}
	}
	return raw
}

func (c canon) list(ref *Ref, raw []any) (any, error) {
	if c.isMembers(ref) {
		return c.members(ref, raw)
	}
	out := make([]any, 0, len(raw))
	for _, e := range raw {
		v, err := c.single(ref, e)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	if c.dropReadOnly { // what is stored is read as it is
		out = withoutTwins(out)
	}
	if err := c.onePrimary(ref, out, nil); err != nil {
		return nil, err
	}
	return out, nil
}

// mostTwins is the longest list in which each value is compared with each: people have fewer addresses.
const mostTwins = 32

// withoutTwins leaves one of several equal values, since no type and value should be returned twice (RFC 7643
// §2.4). Values that differ in anything else both stay.
func withoutTwins(list []any) []any {
	if len(list) > mostTwins {
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
// under ReducePrimaries and the others become false. Where fresh is given, the values it marks take
// the place of the others without a fault: setting a new primary clears the old (RFC 7644 §3.5.2).
func (c canon) onePrimary(ref *Ref, list []any, fresh []bool) error {
	if ref.parts["primary"] == nil {
		return nil
	}
	chosen := -1
	for i, e := range list {
		if !isPrimary(e) || fresh != nil && !fresh[i] {
			continue
		}
		if chosen < 0 {
			chosen = i
		} else if !c.tol.ReducePrimaries {
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
func (c canon) bareList(a *Attribute, raw any) bool {
	_, isObject := raw.(object)
	return !isObject && c.valid.Whole(a, raw)
}

// single gives the canonical form of one value.
func (c canon) single(ref *Ref, raw any) (any, error) {
	a := ref.Target()
	if raw == nil {
		return nil, nil
	}
	if a.Type == TypeComplex {
		return c.complex(ref, raw)
	}
	if s, ok := raw.(string); ok && c.tol.BooleanStrings {
		raw = spelledOut(a.Type, s)
	}
	if !c.valid.Value(a, raw) {
		return nil, misfit(ref.Name, raw, a)
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
	return len(digits) > 0 && len(digits) < 19 && strings.Trim(digits, "0123456789") == "" && (digits[0] != '0' || digits == "0")
}

// misfit says in what a value that was refused differs from what its attribute expects.
func misfit(path string, raw any, a *Attribute) *Error {
	if _, isText := raw.(string); isText {
		switch a.Type {
		case TypeDateTime:
			return NewInvalidValue(path, "%s is no dateTime with date, time and offset", path)
		case TypeBinary:
			return NewInvalidValue(path, "%s is not base64", path)
		default:
		}
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
func (c canon) complex(ref *Ref, raw any) (any, error) {
	a, path := ref.Attr, ref.Name
	o, err := c.objectOf(ref, raw)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(o))
	for _, f := range o {
		sub := c.subOf(a, f.key)
		if sub == nil {
			if err := c.unknown(path + "." + f.key); err != nil {
				return nil, err
			}
			continue
		}
		if c.dropReadOnly && sub.Mutability == ReadOnly {
			continue
		}
		v, err := c.value(ref.parts[sub.Name], f.value)
		if err != nil {
			return nil, err
		}
		if _, had := out[sub.Name]; v != nil && (!had || strings.EqualFold(f.key, sub.Name)) {
			out[sub.Name] = v
		}
	}
	if c.tol.BareValues && a.Name == "manager" && out["value"] == "" {
		// SAC and SCIM 1.1 templates write "" for nobody.
		delete(out, "value")
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// objectOf gives the object that a complex value is, or that a bare value stands for.
func (c canon) objectOf(ref *Ref, raw any) (object, error) {
	if s, ok := raw.(string); ok && c.tol.BareValues && ref.Attr.subs["value"] != nil {
		return object{{"value", s}}, nil
	}
	o, ok := raw.(object)
	if !ok && !c.valid.Value(ref.Attr, raw) {
		return nil, misfit(ref.Name, raw, ref.Attr)
	}
	return o, nil
}

// subOf finds a sub-attribute; SCIM 1.1 called a manager's value managerId, and some clients call a member's display
// displayName (the requests that Entra publishes).
func (c canon) subOf(a *Attribute, key string) *Attribute {
	switch {
	case !c.tol.BareValues:
	case a.Name == "manager" && strings.EqualFold(key, "managerId"):
		return a.subs["value"]
	case a.Name == "members" && strings.EqualFold(key, "displayName"):
		return a.subs["display"]
	}
	return a.SubAttribute(key)
}

// plainObject gives an object of an unknown extension as tree: as sent, less nulls, empty lists and empty
// objects, which mean unassigned (RFC 7643 §2.5).
func plainObject(o object) map[string]any {
	m := make(map[string]any, len(o))
	for _, f := range o {
		if v := plain(f.value); v != nil {
			m[f.key] = v
		}
	}
	return m
}

func plain(raw any) any {
	switch v := raw.(type) {
	case object:
		if m := plainObject(v); len(m) > 0 {
			return m
		}
		return nil
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			if p := plain(e); p != nil {
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
