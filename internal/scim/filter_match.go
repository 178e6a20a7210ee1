package scim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// View is what a filter is evaluated against and a sort key is taken from. Attribute gives the value of
// the whole attribute that ref names or is a part of, in the form it has in the tree of a [Resource], nil
// where it is unassigned; a time.Time may stand for a dateTime.
type View interface {
	Attribute(ref *Ref) any
}

// Container is a View that knows whether an attribute has a value without listing all of them: it is asked
// for terms like members.value eq "x". Where known is false, Attribute is asked.
type Container interface {
	View
	Contains(ref *Ref, value string) (has, known bool)
}

// Match evaluates the filter. A comparison of a multi-valued attribute is true where one of its values
// satisfies it; ne is true of an attribute without a value, every other comparison false.
func (f *Filter) Match(v View) bool { return Match(f.Root, v) }

// Match evaluates one expression of a filter: see [Filter.Match].
func Match(e Expr, v View) bool {
	switch e := e.(type) {
	case *And:
		for _, p := range e.Parts {
			if !Match(p, v) {
				return false
			}
		}
		return true
	case *Or:
		for _, p := range e.Parts {
			if Match(p, v) {
				return true
			}
		}
		return false
	case *Not:
		return !Match(e.Part, v)
	case *Element:
		return matchElements(e, v)
	case *Term:
		return matchTerm(e, v)
	default:
		return false
	}
}

// singleValue is a View of one value of a complex attribute.
type singleValue struct{ value any }

func (s singleValue) Attribute(*Ref) any { return s.value }

func matchElements(e *Element, v View) bool {
	if t, ok := e.Part.(*Term); ok {
		if has, known := contained(t, v); known {
			return has
		}
	}
	value := v.Attribute(e.Ref)
	list, many := value.([]any)
	if !many {
		return value != nil && Match(e.Part, singleValue{value})
	}
	for _, element := range list {
		if Match(e.Part, singleValue{element}) {
			return true
		}
	}
	return false
}

// contained asks a [Container] where the term is one that it may know the answer to.
func contained(t *Term, v View) (has, known bool) {
	if t.Op != OpEq || t.Ref.Sub == nil || t.Value.Null || !isText(t.Value.Type) {
		return false, false
	}
	c, ok := v.(Container)
	if !ok {
		return false, false
	}
	return c.Contains(t.Ref, t.Value.Text)
}

func isText(t Type) bool { return t == TypeString || t == TypeReference || t == TypeBinary }

// MatchMember evaluates the value filter of members[...] against one member.
func MatchMember(where Expr, m Member) bool { return Match(where, singleValue{m.tree()}) }

func matchTerm(t *Term, v View) bool {
	if has, known := contained(t, v); known {
		return has
	}
	value := v.Attribute(t.Ref)
	if value == nil {
		return t.absent()
	}
	list, many := value.([]any)
	if !many {
		return t.matchValue(value)
	}
	if slices.ContainsFunc(list, t.matchValue) {
		return true
	}
	return len(list) == 0 && t.absent()
}

// absent is the answer for an attribute without a value.
func (t *Term) absent() bool {
	if t.Value.Null {
		return t.Op == OpEq
	}
	return t.Op == OpNe
}

// matchValue compares one value of the attribute, or its sub-attribute.
func (t *Term) matchValue(value any) bool {
	if t.Ref.Sub != nil {
		m, ok := value.(map[string]any)
		if !ok {
			return false
		}
		if value, ok = m[t.Ref.Sub.Name]; !ok {
			return t.absent()
		}
	}
	if t.Op == OpPr {
		return isPresent(value)
	}
	if t.Value.Null {
		return t.Op == OpNe
	}
	return t.compare(value)
}

// isPresent says whether a value is one: an empty text is none (RFC 7644 §3.4.2.2, table 3).
func isPresent(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return slices.ContainsFunc(v, isPresent)
	case map[string]any:
		for _, part := range v {
			if isPresent(part) {
				return true
			}
		}
		return false
	default:
		return true
	}
}

func (t *Term) compare(value any) bool {
	switch v := value.(type) {
	case string:
		if t.Value.Type == TypeDateTime {
			return t.compareTime(v)
		}
		return t.compareText(v)
	case bool:
		return t.Value.Type == TypeBoolean && (v == t.Value.Bool) == (t.Op == OpEq)
	case json.Number:
		n, err := strconv.ParseFloat(string(v), 64)
		return err == nil && isNumber(t.Value.Type) && holds(t.Op, compareNumbers(n, t.Value.Number))
	case time.Time:
		return t.compareInstant(v)
	default:
		return t.Op == OpNe
	}
}

func isNumber(t Type) bool { return t == TypeInteger || t == TypeDecimal }

func compareNumbers(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// compareTime compares dateTimes as instants (RFC 7643 §2.3.5); the text operators see the text.
func (t *Term) compareTime(s string) bool {
	if t.Op == OpCo || t.Op == OpSw || t.Op == OpEw {
		return t.compareText(s)
	}
	at, ok := parseTime(s)
	if !ok {
		return t.Op == OpNe
	}
	return t.compareInstant(at)
}

func (t *Term) compareInstant(at time.Time) bool {
	if t.Op == OpCo || t.Op == OpSw || t.Op == OpEw {
		return t.compareText(FormatTime(at))
	}
	return holds(t.Op, at.Compare(t.Value.Time))
}

func (t *Term) compareText(s string) bool {
	if target := t.Ref.Target(); t.Value.Type != TypeDateTime && !target.CaseExact {
		if (t.Op == OpEq || t.Op == OpNe) && !target.isUniqueName() {
			return equalCaseless(s, t.Value.Text) == (t.Op == OpEq)
		}
		s = target.folded(s)
	}
	switch t.Op {
	case OpCo:
		return strings.Contains(s, t.Value.Folded)
	case OpSw:
		return strings.HasPrefix(s, t.Value.Folded)
	case OpEw:
		return strings.HasSuffix(s, t.Value.Folded)
	default:
		return holds(t.Op, strings.Compare(s, t.Value.Folded))
	}
}

// holds says whether an order satisfies an operator.
func holds(op Op, order int) bool {
	switch op {
	case OpEq:
		return order == 0
	case OpNe:
		return order != 0
	case OpGt:
		return order > 0
	case OpGe:
		return order >= 0
	case OpLt:
		return order < 0
	case OpLe:
		return order <= 0
	default:
		return false
	}
}
