package scim

import "strings"

// normaliser turns one operation of a PATCH body into operations on single attributes.
type normaliser struct {
	decoder
	index    int
	pathless bool
	out      []Operation
}

func (n *normaliser) operation(raw any) error {
	o, ok := n.tol.decodedText(raw).(jsonObject)
	if !ok {
		return NewInvalidSyntax("Operations", "it is %s, an object is expected", kindOf(raw))
	}
	kind, err := opKind(o)
	if err != nil {
		return err
	}
	rawPath, _ := o.get("path")
	text, isText := rawPath.(string)
	if rawPath != nil && !isText {
		return NewInvalidPath("path", "path is %s, a string is expected", kindOf(rawPath))
	}
	value, has := o.get("value")
	if !has && kind != Remove {
		return NewInvalidValue("value", "%s has no value", kind)
	}
	if strings.TrimSpace(text) == "" {
		return n.withoutPath(kind, value)
	}
	path, err := ParsePath(n.t, text, n.tol)
	if err != nil {
		return err
	}
	return n.onPath(kind, path, value)
}

func opKind(o jsonObject) (OpKind, error) {
	raw, _ := o.get("op")
	s, ok := raw.(string)
	if !ok {
		return "", NewInvalidSyntax("op", "op is %s, add, replace or remove is expected", kindOrMissing(raw))
	}
	switch kind := OpKind(Fold(s)); kind {
	case Add, Replace, Remove:
		return kind, nil
	default:
		return "", NewInvalidSyntax("op", "op is %q, add, replace or remove is expected", s)
	}
}

func (n *normaliser) withoutPath(kind OpKind, value any) error {
	if kind == Remove {
		return NewNoTarget("", "remove has no path")
	}
	o, ok := n.tol.decodedText(value).(jsonObject)
	if !ok {
		return NewInvalidValue("value", "value is %s, an object is expected where there is no path", kindOf(value))
	}
	n.pathless = true
	return n.each(kind, o)
}

// each makes one operation of each key of a path-less value. A key may be whatever a path may be: dotted,
// URN-qualified, or the bare URN of an extension.
func (n *normaliser) each(kind OpKind, o jsonObject) error {
	for _, f := range o {
		path, err := ParsePath(n.t, f.key, n.tol)
		if err != nil {
			if n.tol.IgnoreUnknown && !strings.Contains(f.key, "[") {
				continue
			}
			return err
		}
		if err := n.onPath(kind, path, f.value); err != nil {
			return err
		}
	}
	return nil
}

func (n *normaliser) onPath(kind OpKind, path *Path, value any) error {
	switch {
	case path.Unknown != "":
		return n.onUnknown(kind, path, value)
	case path.Extension != nil:
		return n.onSchema(kind, path, value)
	}
	ref := path.Ref
	if ref.Attr.Name == "schemas" && ref.Schema == n.t.Core && kind != Remove {
		return nil // it follows from the data
	}
	if skip, err := n.readOnly(ref); skip || err != nil {
		return err
	}
	value, err := n.readText(ref, value)
	if err != nil {
		return err
	}
	if kind == Remove {
		return n.removal(path, value)
	}
	if done, err := n.objectOnValue(kind, path, value); done || err != nil {
		return err
	}
	if o, ok := n.parts(path, value); ok {
		return n.eachPart(kind, ref, o)
	}
	v, err := n.valueFor(kind, path, value)
	if err != nil {
		return err
	}
	if ref.Name == managerValue && v == "" && n.tol.BareValues {
		v = nil
	}
	switch {
	case v != nil:
		n.emit(kind, path, v)
	case kind == Replace:
		return n.removal(path, nil)
	}
	return nil
}

func (n *normaliser) emit(kind OpKind, path *Path, value any) {
	n.out = append(n.out, Operation{Kind: kind, Path: path, Value: value, Index: n.index, pathless: n.pathless})
}

// readOnly refuses an operation on what only the server sets. A path-less value may hold the resource's
// own id, which Apply compares (Okta sends it), and the rest where the tolerance says so.
func (n *normaliser) readOnly(ref *Ref) (skip bool, err error) {
	if ref.Attr.Mutability != ReadOnly && ref.Target().Mutability != ReadOnly {
		return false, nil
	}
	if n.pathless && ref.Name == "id" {
		return false, nil
	}
	if n.pathless && n.tol.IgnoreReadOnly {
		return true, nil
	}
	return false, NewMutability(ref.Name, "%s is readOnly", ref.Name)
}

func (n *normaliser) onUnknown(kind OpKind, path *Path, value any) error {
	if kind == Add && assignedValue(value) == nil {
		return nil
	}
	if kind == Replace && value == nil {
		kind = Remove
	}
	n.emit(kind, path, value)
	return nil
}

// onSchema spreads a value that holds attributes of one schema.
func (n *normaliser) onSchema(kind OpKind, path *Path, value any) error {
	s := path.Extension
	value = n.tol.decodedText(value)
	if kind == Remove || value == nil {
		if s == n.t.Core {
			return NewMutability(s.URN, "%s has required attributes and cannot be removed", s.URN)
		}
		if kind != Add {
			n.emit(Remove, path, nil)
		}
		return nil
	}
	o, ok := value.(jsonObject)
	if !ok && !n.valid.Extension(s, value) {
		return NewInvalidValue(s.URN, "the value of %s is %s, an object is expected", s.URN, kindOf(value))
	}
	qualified := make(jsonObject, len(o))
	for i, f := range o {
		qualified[i] = jsonField{s.URN + ":" + f.key, f.value}
	}
	return n.each(kind, qualified)
}

// parts gives the object that brings parts of a singular complex attribute, so that each part, null
// included, is an operation of its own: what is not mentioned stays (RFC 7644 §3.5.2.3).
func (n *normaliser) parts(path *Path, value any) (jsonObject, bool) {
	ref := path.Ref
	if ref.Sub != nil || ref.Attr.Type != TypeComplex || ref.Attr.MultiValued {
		return nil, false
	}
	if list, ok := value.([]any); ok && len(list) == 1 && n.tol.UnwrapSingular {
		value = list[0]
	}
	o, ok := value.(jsonObject)
	return o, ok
}

func (n *normaliser) eachPart(kind OpKind, ref *Ref, o jsonObject) error {
	for _, f := range o {
		sub := n.subOf(ref.Attr, f.key)
		if sub == nil {
			if err := n.unknown(ref.Name + "." + f.key); err != nil {
				return err
			}
			continue
		}
		if sub.Mutability == ReadOnly {
			continue // a client repeats what it was shown, such as the manager's name
		}
		if err := n.onPath(kind, &Path{Ref: ref.parts[sub.Name]}, f.value); err != nil {
			return err
		}
	}
	return nil
}

// valueFor gives the canonical value for what the path names.
func (n *normaliser) valueFor(kind OpKind, path *Path, raw any) (any, error) {
	ref := path.Ref
	if ref.Sub == nil && path.Where != nil {
		if list, ok := raw.([]any); ok && len(list) == 1 {
			raw = list[0]
		}
		return n.partOf(kind, ref, raw)
	}
	if ref.Sub == nil && ref.Attr.MultiValued && kind != Replace && raw != nil {
		// One value may be added or removed without a list around it.
		if _, isList := raw.([]any); !isList {
			raw = []any{raw}
		}
	}
	return n.value(ref, raw)
}

// partOf gives the value for selected elements: of a replace with nil for each part that it takes away.
func (n *normaliser) partOf(kind OpKind, ref *Ref, raw any) (any, error) {
	v, err := n.single(ref, raw)
	if err != nil || kind != Replace || n.isMembers(ref) {
		return v, err
	}
	if raw, err = n.readText(ref, raw); err != nil {
		return nil, err
	}
	o, ok := raw.(jsonObject)
	if !ok {
		return v, nil
	}
	parts, _ := v.(map[string]any)
	if parts == nil {
		parts = map[string]any{}
	}
	for _, f := range o {
		sub := n.subOf(ref.Attr, f.key)
		if sub == nil || sub.Mutability == ReadOnly {
			continue
		}
		if _, given := parts[sub.Name]; !given {
			parts[sub.Name] = nil
		}
	}
	return parts, nil
}

// objectOnValue takes an object that arrives as JSON text for the value of a complex attribute as one for the attribute:
// it may bring a display name. done is false for any other value.
func (n *normaliser) objectOnValue(kind OpKind, path *Path, value any) (done bool, err error) {
	ref := path.Ref
	if ref.Sub == nil || ref.Sub.Name != "value" {
		return false, nil
	}
	o, err := n.objectInText(ref, value)
	if err != nil || o == nil {
		return false, err
	}
	if ref.Attr.MultiValued && path.Where == nil { // each value is meant: there is no element to add
		for _, f := range o {
			if sub := n.subOf(ref.Attr, f.key); sub != nil && sub.Name == "value" {
				return true, n.onPath(kind, path, f.value)
			}
		}
	}
	return true, n.onPath(kind, &Path{Ref: ref.whole, Where: path.Where}, o)
}

func (n *normaliser) removal(path *Path, raw any) error {
	ref := path.Ref
	if ref.Target().Required && path.Where == nil {
		return NewMutability(ref.Name, "%s is required and cannot be removed", ref.Name)
	}
	if raw == nil || path.Where != nil || ref.Sub != nil || !ref.Attr.MultiValued {
		n.emit(Remove, path, nil)
		return nil
	}
	n.keepLabels = true
	v, err := n.valueFor(Remove, path, raw)
	n.keepLabels = false
	if err != nil {
		return err
	}
	if v == nil {
		if n.isMembers(ref) {
			return nil // an empty list takes nobody out
		}
		v = []any{}
	}
	n.emit(Remove, path, v)
	return nil
}
