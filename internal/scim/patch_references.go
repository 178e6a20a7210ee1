package scim

// refersElsewhere says whether a value of the attribute names something that has a name and an address of its own, so that
// what is said of one does not hold for another.
func refersElsewhere(a *Attribute) bool {
	return a.subs["value"] != nil && (a.subs["$ref"] != nil || a.Name == "roles" || a.Name == "entitlements")
}

// dropStale takes away what the resource said of a reference that the patch has changed, and does not say anew: a new
// manager has neither the address nor the name of the old one.
func (a *applier) dropStale() {
	for _, ref := range a.t.topRefs {
		if !refersElsewhere(ref.Attr) || ref.Attr.MultiValued || ref.Attr.Mutability == ReadOnly {
			continue
		}
		old, _ := a.before.Attribute(ref).(map[string]any)
		now, _ := a.r.Attribute(ref).(map[string]any)
		if now == nil || old["value"] == now["value"] {
			continue
		}
		for _, said := range [...]string{"$ref", "display", "displayName"} {
			if v, ok := now[said]; ok && v == old[said] {
				delete(now, said)
			}
		}
		if len(now) == 0 {
			a.r.unassign(ref)
		}
	}
}

// unassign takes an attribute away, and its extension where nothing is left of it.
func (r *Resource) unassign(ref *Ref) {
	attrs := r.attributesOf(ref.Schema)
	delete(attrs, ref.Attr.Name)
	if len(attrs) == 0 && ref.Schema != r.Type.Core {
		delete(r.Attrs, ref.Schema.URN)
	}
}

// dropStale is the same for one of several values that had this value and display before the operation. A display that
// an operation before has brought stays.
func (e *elements) dropStale(have map[string]any, value, display any, op Operation) {
	if display == nil || have["value"] == value || have["display"] != display || !refersElsewhere(e.ref.Attr) {
		return
	}
	if given, ok := op.Value.(map[string]any); ok && given["display"] != nil {
		return
	}
	for _, v := range e.before {
		if was := v.(map[string]any); was["value"] == value && was["display"] == display {
			delete(have, "display")
			return
		}
	}
}

// dropEmpty takes away the values of lists in which nothing is assigned but a label.
func (a *applier) dropEmpty() {
	for _, ref := range a.t.topRefs {
		if !ref.Attr.MultiValued || ref.Attr.Type != TypeComplex || ref.Attr.Mutability == ReadOnly || a.isMembers(ref) {
			continue
		}
		list, _ := a.r.Attribute(ref).([]any)
		kept := list[:0]
		for _, v := range list {
			if !isEmptyElement(v) {
				kept = append(kept, v)
			}
		}
		switch {
		case len(kept) == len(list):
		case len(kept) == 0:
			a.r.unassign(ref)
		default:
			a.r.attributesOf(ref.Schema)[ref.Attr.Name] = kept
		}
	}
}

// isEmptyElement says whether nothing but labels is assigned in a value of a list; an empty text is nothing.
func isEmptyElement(v any) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return v == ""
	}
	for name, part := range m {
		if name != "type" && name != "primary" && part != "" {
			return false
		}
	}
	return true
}
