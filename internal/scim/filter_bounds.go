package scim

// Bound is a condition that an index can serve: eq, sw, gt, ge, lt or le of a literal that is not null.
type Bound struct {
	Ref   *Ref
	Op    Op
	Value Literal
}

// Conjuncts pushes negations down to the terms and splits the top-level and: the filter is true where all
// of the expressions are.
func (f *Filter) Conjuncts() []Expr {
	root := pushNot(f.Root, false)
	if and, ok := root.(*And); ok {
		return and.Parts
	}
	return []Expr{root}
}

// pushNot gives e, or its negation, with Not only directly above a Term or an Element. A negated eq stays
// as it is: of a multi-valued attribute it says something other than ne.
func pushNot(e Expr, negate bool) Expr {
	switch e := e.(type) {
	case *And:
		return pushList(e.Parts, negate, negate)
	case *Or:
		return pushList(e.Parts, negate, !negate)
	case *Not:
		return pushNot(e.Part, !negate)
	default:
		if negate {
			return &Not{e}
		}
		return e
	}
}

func pushList(list []Expr, negate, or bool) Expr {
	var parts []Expr
	for _, p := range list {
		switch e := pushNot(p, negate).(type) {
		case *And:
			parts = appendParts(parts, e, e.Parts, !or)
		case *Or:
			parts = appendParts(parts, e, e.Parts, or)
		default:
			parts = append(parts, e)
		}
	}
	if or {
		return &Or{parts}
	}
	return &And{parts}
}

// Bounds gives conditions that hold for every match of the filter, so that one index read of any of them,
// followed by [Filter.Match], finds all matches. exact says that together they are the whole filter, so
// that Match is not needed. From a value path come the conditions on its sub-attributes, which are
// never exact unless there is one only.
func (f *Filter) Bounds() (bounds []Bound, exact bool) {
	exact = true
	for _, e := range f.Conjuncts() {
		found, whole := boundsOf(e)
		bounds = append(bounds, found...)
		exact = exact && whole
	}
	return bounds, exact
}

// boundsOf gives the conditions that follow from one conjunct, and whether they say all that it says.
func boundsOf(e Expr) (bounds []Bound, exact bool) {
	switch e := e.(type) {
	case *Term:
		if b, ok := boundOf(e); ok {
			return []Bound{b}, true
		}
	case *Element:
		parts := (&Filter{Root: e.Part}).Conjuncts()
		for _, p := range parts {
			if t, ok := p.(*Term); ok {
				found, _ := boundsOf(t)
				bounds = append(bounds, found...)
			}
		}
		return bounds, len(parts) == 1 && len(bounds) == 1
	}
	return nil, false
}

func boundOf(t *Term) (Bound, bool) {
	if t.Value.Null {
		return Bound{}, false
	}
	switch t.Op {
	case OpEq, OpSw, OpGt, OpGe, OpLt, OpLe:
		return Bound(*t), true
	default:
		return Bound{}, false
	}
}

// Alternatives gives one filter for each branch of a top-level or, itself alone where there is none.
func (f *Filter) Alternatives() []*Filter {
	or, ok := pushNot(f.Root, false).(*Or)
	if !ok {
		return []*Filter{f}
	}
	out := make([]*Filter, len(or.Parts))
	for i, p := range or.Parts {
		out[i] = &Filter{Root: p}
	}
	return out
}
