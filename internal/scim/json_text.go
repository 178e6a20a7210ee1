package scim

import "strings"

// maxJSONTexts is how often JSON text is looked for within JSON text.
const maxJSONTexts = 3

// jsonText reads the object or the list that a text holds as JSON: Entra sends roles so (AppRoleAssignmentsComplex), and
// some clients whole values. ok is false for any other text.
func jsonText(text string) (v any, ok bool) {
	s := &jsonScanner{input: strings.TrimSpace(text)}
	if c := s.peek(); c != '{' && c != '[' {
		return nil, false
	}
	v, err := s.value(1) // it will stand one level below the top
	return v, err == nil && s.pos == len(s.input)
}

// decodedText gives what stands in place of raw where that is JSON text and the tolerance reads such, else raw.
func (t Tolerance) decodedText(raw any) any {
	if text, ok := raw.(string); ok && t.JSONText {
		if v, ok := jsonText(text); ok {
			return v
		}
	}
	return raw
}

// readText gives the object or list in place of JSON text, where a complex value belongs. Without the tolerance for it
// such a text is refused: it would be kept as the id of something.
func (d decoder) readText(ref *Ref, raw any) (any, error) {
	text, ok := raw.(string)
	if !ok || ref.Target().Type != TypeComplex || !d.dropReadOnly { // what is stored is read as it is
		return raw, nil
	}
	v, ok := jsonText(text)
	switch {
	case !ok:
		return raw, nil
	case !d.tol.JSONText:
		return nil, NewInvalidValue(ref.Name, "%s is JSON in a string, %s is expected", ref.Name, withArticle(TypeComplex))
	}
	return v, nil
}

// mergeJSONText brings the parts of an object that stands as JSON text in the object's value to the object itself. What it
// says itself holds.
func (d decoder) mergeJSONText(ref *Ref, o jsonObject) (jsonObject, error) {
	if !d.dropReadOnly {
		return o, nil
	}
	for range maxJSONTexts {
		at, inner, err := d.textInValue(ref, o)
		if err != nil || at < 0 {
			return o, err
		}
		merged := make(jsonObject, 0, len(o)+len(inner))
		merged = append(append(merged, o[:at]...), o[at+1:]...)
		for _, f := range inner {
			if _, said := merged.get(f.key); !said {
				merged = append(merged, f)
			}
		}
		o = merged
	}
	return nil, NewInvalidValue(ref.Name+".value", "%s.value is JSON text within JSON text", ref.Name)
}

// textInValue finds the JSON text in an object's value; at is -1 where there is none.
func (d decoder) textInValue(ref *Ref, o jsonObject) (at int, inner jsonObject, err error) {
	for i, f := range o {
		sub := d.subOf(ref.Attr, f.key)
		if sub == nil || sub.Name != "value" {
			continue
		}
		if inner, err = d.objectInText(ref.parts["value"], f.value); err != nil || inner != nil {
			return i, inner, err
		}
	}
	return -1, nil, nil
}

// objectInText gives the object that a value holds as JSON text, alone or in a list of one; nil where it is no such text.
func (d decoder) objectInText(ref *Ref, raw any) (jsonObject, error) {
	text, ok := raw.(string)
	if !ok {
		return nil, nil
	}
	v, ok := jsonText(text)
	if !ok {
		return nil, nil
	}
	if list, isList := v.([]any); isList && len(list) == 1 {
		v = list[0]
	}
	o, ok := v.(jsonObject)
	if !ok || !d.tol.JSONText {
		return nil, NewInvalidValue(ref.Name, "%s is JSON in a string, a plain value is expected", ref.Name)
	}
	for _, f := range o {
		if sub := d.subOf(ref.Attr, f.key); sub != nil && sub.Name == "value" {
			return o, nil
		}
	}
	return nil, NewInvalidValue(ref.Name, "%s is JSON in a string that names no value", ref.Name)
}
