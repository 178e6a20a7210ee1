package scim

import (
	"errors"
	"strings"
)

// ParseFilter reads a filter: the grammar of RFC 7644 §3.4.2.2, and a sub-attribute after a value path
// (emails[type eq "work"].value eq "x"), which Entra sends. Operators, names and URNs may be in any case.
// Attributes that do not exist or are never returned are refused; comparisons are typed by the attribute.
// The text has at most 8 KiB, 50 levels and 200 terms. Every error is an [*Error] of type invalidFilter
// that names the column.
func ParseFilter(t *ResourceType, text string, tol Tolerance) (*Filter, error) {
	tk, why := newTokens(text, tol)
	if why != "" {
		return nil, NewInvalidFilter("", "the filter cannot be read: %s", why)
	}
	p := &parser{tokens: tk, t: t, what: "filter", refuse: NewInvalidFilter}
	root, err := p.or(nil)
	if err == nil && p.peek() != 0 {
		err = p.fault("and, or, or the end of the filter is expected")
	}
	if err != nil {
		return nil, err
	}
	return &Filter{Root: root}, nil
}

// parser reads expressions by recursive descent; its depth is bounded by maxFilterDepth.
type parser struct {
	*tokens
	t      *ResourceType
	what   string // "filter" or "path", for messages
	refuse func(path, format string, args ...any) *Error
}

func (p *parser) fault(what string) *Error {
	return p.refuse("", "the %s cannot be read at column %d: %s", p.what, p.column(), what)
}

// faultAt is a fault about an attribute at a column that is behind already.
func (p *parser) faultAt(column int, path, what string) *Error {
	return p.refuse(path, "the %s is not valid at column %d: %s: %s", p.what, column, path, what)
}

// enterLevel enters a level of nesting.
func (p *parser) enterLevel() error {
	p.depth++
	if p.depth > maxFilterDepth {
		return p.fault("it is nested deeper than 50 levels")
	}
	return nil
}

func (p *parser) or(within *Ref) (Expr, error) {
	return p.joined("or", within, p.and, func(parts []Expr) Expr { return &Or{parts} })
}

func (p *parser) and(within *Ref) (Expr, error) {
	return p.joined("and", within, p.factor, func(parts []Expr) Expr { return &And{parts} })
}

// joined reads parts between which word stands. Nested lists of the same kind become one.
func (p *parser) joined(word string, within *Ref, next func(*Ref) (Expr, error), join func([]Expr) Expr) (Expr, error) {
	var parts []Expr
	for {
		e, err := next(within)
		if err != nil {
			return nil, err
		}
		switch same := e.(type) {
		case *And:
			parts = appendParts(parts, e, same.Parts, word == "and")
		case *Or:
			parts = appendParts(parts, e, same.Parts, word == "or")
		default:
			parts = append(parts, e)
		}
		if !p.keyword(word) {
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return join(parts), nil
}

func appendParts(parts []Expr, e Expr, inner []Expr, flatten bool) []Expr {
	if flatten {
		return append(parts, inner...)
	}
	return append(parts, e)
}

// factor reads a group, a negation, a value path or a comparison.
func (p *parser) factor(within *Ref) (Expr, error) {
	start := p.pos
	if p.keyword("not") {
		// The grammar demands parentheses after not; an attribute may be called so.
		if p.peek() == '(' {
			e, err := p.group(within)
			if err != nil {
				return nil, err
			}
			return &Not{e}, nil
		}
		p.pos = start
	}
	if p.peek() == '(' {
		return p.group(within)
	}
	return p.comparison(within)
}

func (p *parser) group(within *Ref) (Expr, error) {
	if err := p.enterLevel(); err != nil {
		return nil, err
	}
	p.take('(')
	e, err := p.or(within)
	if err != nil {
		return nil, err
	}
	if !p.take(')') {
		return nil, p.fault("a closing parenthesis is expected")
	}
	p.depth--
	return e, nil
}

// comparison reads an attribute and what is asked of it.
func (p *parser) comparison(within *Ref) (Expr, error) {
	p.space()
	column := p.column()
	p.terms++
	if p.terms > maxFilterTerms {
		return nil, p.fault("it has more than 200 terms")
	}
	name := p.name()
	if name == "" {
		return nil, p.fault("an attribute is expected")
	}
	ref, err := p.reference(column, name, within)
	if err != nil {
		return nil, err
	}
	if p.pos < len(p.input) && p.input[p.pos] == '[' {
		if within != nil {
			return nil, p.fault("a value path cannot stand inside another")
		}
		return p.valuePath(column, ref)
	}
	return p.term(column, ref)
}

// reference finds the attribute that name means, inside a value path relative to its attribute.
func (p *parser) reference(column int, name string, within *Ref) (*Ref, error) {
	var ref *Ref
	var ok bool
	if within == nil {
		ref, ok = p.t.resolve(name, p.tol)
	} else {
		ref, ok = p.part(within, name)
	}
	if !ok {
		return nil, p.faultAt(column, name, "no schema of "+p.t.Name+" has the attribute")
	}
	if ref.Attr.Returned == ReturnedNever {
		return nil, p.faultAt(column, ref.Name, "the attribute is never returned and cannot be filtered by")
	}
	return ref, nil
}

// valuePath reads what is in the brackets after ref, and the sub-attribute that Entra puts behind them.
func (p *parser) valuePath(column int, ref *Ref) (Expr, error) {
	part, err := p.brackets(column, ref)
	if err != nil {
		return nil, err
	}
	if p.pos >= len(p.input) || p.input[p.pos] != '.' {
		return &Element{ref, part}, nil
	}
	p.pos++
	name := p.name()
	sub, err := p.reference(column, name, ref)
	if err != nil {
		return nil, err
	}
	term, err := p.term(column, sub)
	if err != nil {
		return nil, err
	}
	parts := []Expr{part}
	if and, ok := part.(*And); ok {
		parts = append([]Expr{}, and.Parts...)
	}
	return &Element{ref, &And{append(parts, term)}}, nil
}

// brackets reads [filter] after a complex attribute.
func (p *parser) brackets(column int, ref *Ref) (Expr, error) {
	if ref.Sub != nil || ref.Attr.Type != TypeComplex {
		return nil, p.faultAt(column, ref.Name, "only a complex attribute can have a value filter")
	}
	if err := p.enterLevel(); err != nil {
		return nil, err
	}
	p.pos++
	part, err := p.or(ref)
	if err != nil {
		return nil, err
	}
	if !p.take(']') {
		return nil, p.fault("a closing bracket is expected")
	}
	p.depth--
	return part, nil
}

// term reads the operator and the value after an attribute.
func (p *parser) term(column int, ref *Ref) (Expr, error) {
	p.space()
	at := p.pos
	op, ok := p.operator()
	if !ok {
		p.pos = at
		return nil, p.fault("eq, ne, co, sw, ew, gt, ge, lt, le or pr is expected")
	}
	if op == OpPr {
		return &Term{Ref: ref, Op: OpPr}, nil
	}
	at = p.pos
	raw, word, err := p.literal()
	if err != nil {
		p.pos = at
		p.space()
		return nil, p.fault(literalFault(err))
	}
	if ref, ok = p.comparable(ref); !ok {
		return nil, p.faultAt(column, ref.Name, "the attribute has parts, name one of them")
	}
	value, why := coerce(ref, op, raw)
	if why != "" && word != "" && p.tol.UnquotedValues {
		value, why = coerce(ref, op, word)
	}
	if why != "" {
		return nil, p.faultAt(column, ref.Name, why)
	}
	return &Term{Ref: ref, Op: op, Value: value}, nil
}

func literalFault(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		what, _, _ := strings.Cut(e.Detail, ", at byte")
		return what + "; a string in quotes, a number, true, false or null is expected"
	}
	return err.Error()
}

// comparable gives what a comparison of ref compares: of a complex attribute its value (RFC 7643 §2.4).
func (p *parser) comparable(ref *Ref) (*Ref, bool) {
	if ref.Target().Type != TypeComplex {
		return ref, true
	}
	if value := ref.Part("value"); value != nil {
		return value, true
	}
	return ref, false
}
