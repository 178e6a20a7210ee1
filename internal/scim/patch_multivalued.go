package scim

import (
	"encoding/json"
	"slices"
)

// elements is a multi-valued complex attribute in the middle of an operation. madePrimary marks the elements that the
// operation itself makes primary.
type elements struct {
	ref         *Ref // the whole attribute
	list        []any
	before      []any // before the patch
	madePrimary []bool
}

// multiValued applies an operation to the values of a multi-valued complex attribute and gives the new ones.
func (a *applier) multiValued(list []any, op Operation) ([]any, error) {
	e := &elements{ref: op.Path.Ref.whole, list: list, madePrimary: make([]bool, len(list))}
	e.before, _ = a.before.Attribute(e.ref).([]any)
	var err error
	switch {
	case op.Kind == Remove:
		e.remove(op)
	case op.Path.Where != nil || op.Path.Ref.Sub != nil:
		err = a.onSelected(e, op)
	case op.Kind == Add:
		for _, v := range op.Value.([]any) {
			e.add(v.(map[string]any))
		}
	default:
		e.list = cloneTree(op.Value).([]any)
		e.madePrimary = nil
	}
	if err != nil {
		return nil, err
	}
	return e.list, a.onePrimary(e.ref, e.list, e.madePrimary)
}

// onSelected adds or replaces at the elements that the path selects: all of them where it has no filter.
func (a *applier) onSelected(e *elements, op Operation) error {
	selected := e.selected(op.Path)
	if len(selected) == 0 {
		if op.Path.Where != nil && op.Kind == Replace && !a.tol.CreateOnReplace {
			return NewNoTarget(e.ref.Name, "%s matches no value of %s", op.Path, e.ref.Name)
		}
		created := map[string]any{}
		if op.Path.Where != nil && !impliedBy(op.Path.Where, created) {
			return NewNoTarget(e.ref.Name, "%s matches no value of %s, and none can be made from it", op.Path, e.ref.Name)
		}
		e.list, e.madePrimary = append(e.list, created), append(e.madePrimary, isPrimary(created))
		selected = []int{len(e.list) - 1}
	}
	for _, i := range selected {
		e.put(i, op)
	}
	if op.Kind == Replace && op.Path.Ref.Sub == nil {
		e.dropDuplicates(selected)
	}
	return nil
}

func (e *elements) selected(path *Path) []int {
	var out []int
	for i, v := range e.list {
		if path.Where == nil || Match(path.Where, singleValue{v}) {
			out = append(out, i)
		}
	}
	return out
}

// put writes the operation's value to one element.
func (e *elements) put(i int, op Operation) {
	have := e.list[i].(map[string]any)
	defer e.dropStale(have, have["value"], have["display"], op)
	if sub := op.Path.Ref.Sub; sub != nil {
		have[sub.Name] = cloneTree(op.Value)
		e.madePrimary[i] = e.madePrimary[i] || sub.Name == "primary" && op.Value == true
		return
	}
	given := op.Value.(map[string]any)
	for name, v := range given {
		if v == nil {
			delete(have, name)
		} else {
			have[name] = cloneTree(v)
		}
	}
	e.madePrimary[i] = e.madePrimary[i] || isPrimary(given)
}

// dropDuplicates leaves one of several elements that a replace has made equal.
func (e *elements) dropDuplicates(selected []int) {
	for _, i := range slices.Backward(selected[1:]) {
		if equalTree(e.list[i], e.list[selected[0]]) {
			e.list = slices.Delete(e.list, i, i+1)
			e.madePrimary = slices.Delete(e.madePrimary, i, i+1)
		}
	}
}

// add brings one value, to the element that it means where that exists.
func (e *elements) add(given map[string]any) {
	for i, v := range e.list {
		if have := v.(map[string]any); e.isSame(have, given) {
			merge(have, given)
			e.madePrimary[i] = e.madePrimary[i] || isPrimary(given)
			return
		}
	}
	e.list = append(e.list, cloneTree(given))
	e.madePrimary = append(e.madePrimary, isPrimary(given))
}

// isSame says whether given means the element have: it brings nothing that have lacks, or has the same
// value and type, of which RFC 7643 §2.4 wants one only.
func (e *elements) isSame(have, given map[string]any) bool {
	if e.holds(have, given) {
		return true
	}
	value, ok := given["value"]
	if !ok {
		return false
	}
	key := map[string]any{"value": value}
	kind, typed := given["type"]
	if typed {
		key["type"] = kind
	} else if _, haveTyped := have["type"]; haveTyped {
		return false
	}
	return e.holds(have, key)
}

// holds says whether every part of want is in have.
func (e *elements) holds(have, want map[string]any) bool {
	for name, v := range want {
		h, ok := have[name]
		if !ok || !equalPart(e.ref.Attr.subs[Fold(name)], h, v) {
			return false
		}
	}
	return true
}

func equalPart(a *Attribute, x, y any) bool {
	s, ok := x.(string)
	t, isText := y.(string)
	if ok && isText && a != nil && !a.CaseExact {
		return equalCaseless(s, t)
	}
	return equalTree(x, y)
}

func (e *elements) remove(op Operation) {
	gone := func(any) bool { return true }
	switch values, given := op.Value.([]any); {
	case given:
		gone = func(v any) bool {
			return slices.ContainsFunc(values, func(w any) bool { return e.isNamedBy(v.(map[string]any), w.(map[string]any)) })
		}
	case op.Path.Where != nil:
		gone = func(v any) bool { return Match(op.Path.Where, singleValue{v}) }
	}
	sub := op.Path.Ref.Sub
	e.list = slices.DeleteFunc(e.list, func(v any) bool {
		if !gone(v) {
			return false
		}
		if sub == nil {
			return true
		}
		m := v.(map[string]any)
		delete(m, sub.Name)
		return onlyLabels(m)
	})
	e.madePrimary = make([]bool, len(e.list))
}

// isNamedBy says whether a value in a remove's list names the element: by its value and, where it says so,
// its type; else by all that it says.
func (e *elements) isNamedBy(have, given map[string]any) bool {
	value, ok := given["value"]
	if !ok {
		return e.holds(have, given)
	}
	key := map[string]any{"value": value}
	if kind, ok := given["type"]; ok {
		key["type"] = kind
	}
	return e.holds(have, key)
}

// onlyLabels says whether nothing but labels is left of an element.
func onlyLabels(m map[string]any) bool {
	for name := range m {
		if name != "type" && name != "primary" {
			return false
		}
	}
	return true
}

// impliedBy writes to m what an element has to have in order to match e; ok is false where that does not
// follow from e. Only eq and and say it.
func impliedBy(e Expr, m map[string]any) (ok bool) {
	switch e := e.(type) {
	case *And:
		for _, p := range e.Parts {
			if !impliedBy(p, m) {
				return false
			}
		}
		return true
	case *Term:
		if e.Op != OpEq || e.Value.Null || e.Ref.Sub == nil {
			return false
		}
		m[e.Ref.Sub.Name] = e.Value.tree()
		return true
	default:
		return false
	}
}

// tree gives the literal as a resource's tree holds it.
func (l Literal) tree() any {
	switch l.Type {
	case TypeBoolean:
		return l.Bool
	case TypeInteger, TypeDecimal:
		return json.Number(l.Text)
	default:
		return l.Text
	}
}
