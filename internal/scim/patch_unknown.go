package scim

import (
	"slices"
	"strings"
)

// unknownExtension applies an operation to an extension that no schema describes. Where the URN ends and the
// attribute begins follows from the resource, from the value, or is the last colon; below it dots lead
// into objects.
func (a *applier) unknownExtension(op Operation) error {
	op, err := a.decodedExtension(op)
	if err != nil {
		return err
	}
	urn, rest, err := a.splitUnknown(op)
	if err != nil {
		return err
	}
	m, _ := a.r.Attrs[urn].(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	if rest == "" {
		err = patchUnknownExtension(m, urn, op)
	} else {
		patchUnknownPath(m, strings.Split(rest, "."), op)
	}
	if depthOf(m) >= maxDepth {
		return NewInvalidValue(urn, "%s would be nested deeper than %d levels", urn, maxDepth)
	}
	if len(m) == 0 {
		delete(a.r.Attrs, urn)
	} else {
		a.r.Attrs[urn] = m
	}
	return err
}

// decodedExtension reads the object for an extension as a whole that arrives as JSON text. The text of an attribute of an
// extension that the resource has is one, whatever it holds.
func (a *applier) decodedExtension(op Operation) (Operation, error) {
	text, _ := op.Value.(string)
	v, _ := jsonText(text)
	if _, isObject := v.(jsonObject); !isObject {
		return op, nil
	}
	if urn, rest, err := a.splitUnknown(op); err == nil && rest != "" && a.r.Attrs[urn] != nil {
		return op, nil
	}
	if !a.tol.JSONText {
		return op, NewInvalidValue(op.Path.Unknown, "the value of %s is JSON in a string, an object is expected", op.Path.Unknown)
	}
	op.Value = v
	return op, nil
}

// depthOf counts the levels of objects and lists: what is stored has to stay readable to DecodeStored.
func depthOf(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			deepest = max(deepest, depthOf(e))
		}
	case []any:
		for _, e := range v {
			deepest = max(deepest, depthOf(e))
		}
	default:
		return 0
	}
	return deepest + 1
}

// splitUnknown gives the key of the extension and the attribute's name, "" for the extension as a whole.
func (a *applier) splitUnknown(op Operation) (urn, rest string, err error) {
	path := op.Path.Unknown
	for key, v := range a.r.Attrs {
		if _, isObject := v.(map[string]any); !isObject || !isURN(key) || len(path) < len(key) {
			continue
		}
		if !strings.EqualFold(path[:len(key)], key) {
			continue
		}
		if len(path) == len(key) {
			return key, "", nil
		}
		if path[len(key)] == ':' && len(key) > len(urn) {
			urn, rest = key, path[len(key)+1:]
		}
	}
	_, isObject := op.Value.(jsonObject)
	switch at := strings.LastIndexByte(path, ':'); {
	case urn != "":
	case isObject:
		return path, "", nil
	default:
		urn, rest = path[:at], path[at+1:]
	}
	if !isURN(urn) || slices.Contains(strings.Split(rest, "."), "") {
		return "", "", NewInvalidPath(path, "the path %q names no attribute below a URN", path)
	}
	return urn, rest, nil
}

func patchUnknownExtension(m map[string]any, urn string, op Operation) error {
	if op.Kind == Remove {
		clear(m)
		return nil
	}
	o, ok := op.Value.(jsonObject)
	if !ok {
		return NewInvalidValue(urn, "the value of %s is %s, an object is expected", urn, kindOf(op.Value))
	}
	for _, f := range o {
		one := op
		one.Value = f.value
		if f.value == nil && op.Kind == Replace {
			one.Kind = Remove
		}
		patchUnknownPath(m, []string{f.key}, one)
	}
	return nil
}

// patchUnknownPath applies an operation to the last of the keys, to which the ones before lead; a key is taken in
// the spelling that is there.
func patchUnknownPath(m map[string]any, keys []string, op Operation) {
	for i, key := range keys {
		key = spelled(m, key)
		if i == len(keys)-1 {
			patchUnknownKey(m, key, op)
			return
		}
		inner, ok := m[key].(map[string]any)
		if !ok {
			if op.Kind == Remove || assignedValue(op.Value) == nil {
				return
			}
			inner = map[string]any{}
			m[key] = inner
		}
		defer func(outer map[string]any) {
			if len(inner) == 0 {
				delete(outer, key)
			}
		}(m)
		m = inner
	}
}

func spelled(m map[string]any, key string) string {
	for have := range m {
		if strings.EqualFold(have, key) {
			return have
		}
	}
	return key
}

func patchUnknownKey(m map[string]any, key string, op Operation) {
	v := assignedValue(op.Value)
	switch {
	case op.Kind == Remove || op.Kind == Replace && v == nil:
		delete(m, key)
	case v != nil:
		m[key] = joinUnknown(m[key], v, op.Kind)
	}
}

// joinUnknown gives what is there after v came: add appends to a list and merges an object.
func joinUnknown(have, v any, kind OpKind) any {
	if kind == Replace {
		return v
	}
	switch have := have.(type) {
	case []any:
		more, ok := v.([]any)
		if !ok {
			more = []any{v}
		}
		for _, e := range more {
			if !slices.ContainsFunc(have, func(h any) bool { return equalTree(h, e) }) {
				have = append(have, e)
			}
		}
		return have
	case map[string]any:
		if m, ok := v.(map[string]any); ok {
			merge(have, m)
			return have
		}
	}
	return v
}
