package service

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// element is one value of a multi-valued attribute.
type element struct {
	value, typ, display string
	primary             bool
}

func (e element) sub(name string) (string, bool) {
	switch name {
	case "", "value":
		return e.value, true
	case "type":
		return e.typ, true
	case "display":
		return e.display, true
	case "primary":
		return strconv.FormatBool(e.primary), true
	}
	return "", false
}

// attr tells how a filter reads one attribute of T: one value, or elements and the part of them.
type attr[T any] struct {
	one     func(T) string
	elems   func(T) iter.Seq[element]
	part    string
	numeric bool
	find    func(lower string) []T // an index over lower-case values, or nil
}

// catalogue finds an attribute by its name in lower case.
type catalogue[T any] func(name string) (attr[T], bool)

// query is a compiled filter. candidates, when not nil, gives a superset of the matches from indexes.
type query[T any] struct {
	match      func(T) bool
	candidates func() []T
}

func compile[T any](n *node, cat catalogue[T]) (query[T], error) {
	switch n.op {
	case "or", "and":
		return compileChain(n, cat)
	case "not":
		q, err := compile(n.kids[0], cat)
		if err != nil {
			return q, err
		}
		return query[T]{match: func(x T) bool { return !q.match(x) }}, nil
	case "[]":
		return compilePath(n, cat)
	}
	a, ok := cat(strings.ToLower(n.attr))
	if !ok {
		return query[T]{}, fmt.Errorf("unknown attribute %q", n.attr)
	}
	out := query[T]{match: comparison(n, a)}
	if n.op == "eq" && a.find != nil {
		want := strings.ToLower(n.val.text)
		out.candidates = func() []T { return a.find(want) }
	}
	return out, nil
}

func compileChain[T any](n *node, cat catalogue[T]) (query[T], error) {
	kids := make([]query[T], len(n.kids))
	indexed := 0
	for i, kid := range n.kids {
		q, err := compile(kid, cat)
		if err != nil {
			return q, err
		}
		kids[i] = q
		if q.candidates != nil {
			indexed++
		}
	}
	if n.op == "and" {
		return conjunction(kids), nil
	}
	out := query[T]{match: func(x T) bool {
		return slices.ContainsFunc(kids, func(q query[T]) bool { return q.match(x) })
	}}
	if indexed == len(kids) {
		out.candidates = func() []T {
			var all []T
			for _, q := range kids {
				all = append(all, q.candidates()...)
			}
			return all
		}
	}
	return out, nil
}

func conjunction[T any](kids []query[T]) query[T] {
	out := query[T]{match: func(x T) bool {
		return !slices.ContainsFunc(kids, func(q query[T]) bool { return !q.match(x) })
	}}
	for _, q := range kids {
		if q.candidates != nil {
			out.candidates = q.candidates
		}
	}
	return out
}

// compilePath makes attr[...]: some element must match the whole inner filter.
func compilePath[T any](n *node, cat catalogue[T]) (query[T], error) {
	a, ok := cat(strings.ToLower(n.attr))
	if !ok || a.elems == nil {
		return query[T]{}, fmt.Errorf("%q has no elements to filter", n.attr)
	}
	inner, err := compile(n.kids[0], elementAttr)
	if err != nil {
		return query[T]{}, err
	}
	return query[T]{match: func(x T) bool {
		for e := range a.elems(x) {
			if inner.match(e) {
				return true
			}
		}
		return false
	}}, nil
}

func elementAttr(name string) (attr[element], bool) {
	if _, ok := (element{}).sub(name); !ok {
		return attr[element]{}, false
	}
	return attr[element]{one: func(e element) string { v, _ := e.sub(name); return v }}, true
}

// comparison makes the test of one attribute. ne is the opposite of eq, also for an absent value.
func comparison[T any](n *node, a attr[T]) func(T) bool {
	op, negate := n.op, false
	if op == "ne" {
		op, negate = "eq", true
	}
	test := valueTest(op, n.val, a.numeric)
	if a.one != nil {
		return func(x T) bool { return test(a.one(x)) != negate }
	}
	return func(x T) bool {
		hit := false
		for e := range a.elems(x) {
			if v, _ := e.sub(a.part); test(v) {
				hit = true
				break
			}
		}
		return hit != negate
	}
}

// valueTest compares one value; text does not mind letter case.
func valueTest(op string, want literal, numeric bool) func(string) bool {
	lower := strings.ToLower(want.text)
	switch op {
	case "pr":
		return func(v string) bool { return v != "" }
	case "eq":
		if want.kind == '0' {
			return func(v string) bool { return v == "" }
		}
		return func(v string) bool { return strings.EqualFold(v, want.text) }
	case "co":
		return func(v string) bool { return strings.Contains(strings.ToLower(v), lower) }
	case "sw":
		return func(v string) bool { return strings.HasPrefix(strings.ToLower(v), lower) }
	case "ew":
		return func(v string) bool { return strings.HasSuffix(strings.ToLower(v), lower) }
	}
	return func(v string) bool {
		c := compareValues(v, lower, numeric)
		switch op {
		case "gt":
			return c > 0
		case "ge":
			return c >= 0
		case "lt":
			return c < 0
		}
		return c <= 0
	}
}

func compareValues(v, want string, numeric bool) int {
	if numeric {
		a, errA := strconv.ParseFloat(v, 64)
		b, errB := strconv.ParseFloat(want, 64)
		if errA == nil && errB == nil {
			switch {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		}
	}
	return strings.Compare(strings.ToLower(v), want)
}

// run answers the matches in tenant order: through indexes where the filter allows it, else by
// looking at everything.
func (q query[T]) run(all []T, seq func(T) int) []T {
	if q.candidates == nil {
		var out []T
		for _, x := range all {
			if q.match(x) {
				out = append(out, x)
			}
		}
		return out
	}
	found := q.candidates()
	out := make([]T, 0, len(found))
	out = append(out, found...)
	slices.SortFunc(out, func(a, b T) int { return seq(a) - seq(b) })
	kept, last := out[:0], -1
	for _, x := range out {
		if s := seq(x); s != last {
			last = s
			if q.match(x) {
				kept = append(kept, x)
			}
		}
	}
	return kept
}
