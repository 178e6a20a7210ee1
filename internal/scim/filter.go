package scim

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Op is a comparison operator (RFC 7644 §3.4.2.2, table 3).
type Op string

// The operators.
const (
	OpEq Op = "eq"
	OpNe Op = "ne"
	OpCo Op = "co"
	OpSw Op = "sw"
	OpEw Op = "ew"
	OpGt Op = "gt"
	OpGe Op = "ge"
	OpLt Op = "lt"
	OpLe Op = "le"
	OpPr Op = "pr"
)

// Expr is a node of a filter: *And, *Or, *Not, *Term or *Element. Nodes are immutable.
type Expr interface{ isExpr() }

type (
	// And is true where all of its parts are; there are at least two, none of them an And.
	And struct{ Parts []Expr }
	// Or is true where one of its parts is; there are at least two, none of them an Or.
	Or struct{ Parts []Expr }
	// Not is true where its part is not.
	Not struct{ Part Expr }
	// Term compares an attribute with a literal, or asks with [OpPr] whether it is assigned. A comparison of
	// a complex attribute is one of its value sub-attribute: emails eq "x" has the Ref emails.value.
	Term struct {
		Ref   *Ref
		Op    Op
		Value Literal
	}
	// Element is true where one value of the attribute matches Part as a whole. The refs inside Part are
	// sub-attributes of Ref, which has no Sub.
	Element struct {
		Ref  *Ref
		Part Expr
	}
)

func (*And) isExpr()     {}
func (*Or) isExpr()      {}
func (*Not) isExpr()     {}
func (*Term) isExpr()    {}
func (*Element) isExpr() {}

// Literal is the value of a [Term], coerced to the type of the attribute: Text for string, reference and
// binary, Number for integer and decimal, Bool for boolean, Time for dateTime. Null stands for null.
type Literal struct {
	Type   Type
	Null   bool
	Text   string // as written, escapes decoded; of a number and a dateTime the written form
	Folded string // Text as it is compared: under Caseless where the attribute is not caseExact, under Name for names
	Number float64
	Bool   bool
	Time   time.Time
}

// Filter is a parsed filter whose attributes are resolved against a resource type. It is immutable and
// safe for concurrent use.
type Filter struct{ Root Expr }

// Equals is the filter that compares an attribute that is a string with a text.
func Equals(ref *Ref, text string) *Filter {
	return &Filter{Root: &Term{Ref: ref, Op: OpEq, Value: textLiteral(ref.Target(), OpEq, text)}}
}

// String gives the filter in canonical spelling; parsing it gives an equal filter.
func (f *Filter) String() string {
	var b strings.Builder
	printExpr(&b, f.Root, nil, 0)
	return b.String()
}

// The binding strengths of the grammar: or, and, everything else.
const (
	precedenceOr = iota
	precedenceAnd
	precedenceTerm
)

// printExpr writes e; within is the attribute whose value path e stands in.
func printExpr(b *strings.Builder, e Expr, within *Ref, binds int) {
	switch e := e.(type) {
	case *And:
		printList(b, e.Parts, " and ", within, precedenceAnd, binds)
	case *Or:
		printList(b, e.Parts, " or ", within, precedenceOr, binds)
	case *Not:
		b.WriteString("not (")
		printExpr(b, e.Part, within, precedenceOr)
		b.WriteString(")")
	case *Element:
		b.WriteString(e.Ref.Name)
		b.WriteString("[")
		printExpr(b, e.Part, e.Ref, precedenceOr)
		b.WriteString("]")
	case *Term:
		printTerm(b, e, within)
	}
}

func printList(b *strings.Builder, parts []Expr, word string, within *Ref, own, binds int) {
	if own < binds {
		b.WriteString("(")
	}
	for i, p := range parts {
		if i > 0 {
			b.WriteString(word)
		}
		printExpr(b, p, within, own+1)
	}
	if own < binds {
		b.WriteString(")")
	}
}

func printTerm(b *strings.Builder, t *Term, within *Ref) {
	if within != nil && t.Ref.Sub != nil {
		b.WriteString(t.Ref.Sub.Name)
	} else {
		b.WriteString(t.Ref.Name)
	}
	b.WriteString(" " + string(t.Op))
	if t.Op != OpPr {
		b.WriteString(" " + t.Value.String())
	}
}

// String gives the literal as a filter writes it.
func (l Literal) String() string {
	switch {
	case l.Null:
		return "null"
	case l.Type == TypeBoolean:
		return strconv.FormatBool(l.Bool)
	case l.Type == TypeInteger, l.Type == TypeDecimal:
		return l.Text
	default:
		return string(appendText(nil, l.Text))
	}
}

// coerce gives the literal of a comparison between ref and a JSON value, or says why there is none. A
// string that spells a boolean, a number or a dateTime is one where the attribute is: Entra writes
// active eq "true".
func coerce(ref *Ref, op Op, raw any) (Literal, string) {
	target := ref.Target()
	if why := rejectsOperator(target, op); why != "" {
		return Literal{}, why
	}
	if raw == nil {
		if op != OpEq && op != OpNe {
			return Literal{}, "null can be compared by eq and ne only"
		}
		return Literal{Type: target.Type, Null: true}, ""
	}
	s, isText := raw.(string)
	switch target.Type {
	case TypeBoolean:
		return coerceBool(raw)
	case TypeInteger, TypeDecimal:
		return coerceNumber(target.Type, op, raw)
	case TypeDateTime:
		if at, ok := parseTime(s); isText && ok {
			return Literal{Type: TypeDateTime, Text: s, Folded: s, Time: at}, ""
		}
		if isText && (op == OpCo || op == OpSw || op == OpEw) {
			return Literal{Type: TypeDateTime, Text: s, Folded: s}, ""
		}
		return Literal{}, "a dateTime with date, time and offset is expected"
	default:
		if !isText {
			return Literal{}, "a string in quotes is expected, not " + kindOf(raw)
		}
		return textLiteral(target, op, s), ""
	}
}

func textLiteral(target *Attribute, op Op, s string) Literal {
	return Literal{Type: target.Type, Text: s, Folded: target.foldedFor(op, s)}
}

// rejectsOperator says why op cannot be asked of a; "" where it can.
func rejectsOperator(a *Attribute, op Op) string {
	switch op {
	case OpGt, OpGe, OpLt, OpLe:
		if a.Type == TypeBoolean || a.Type == TypeBinary {
			return "a " + string(a.Type) + " has no order: only eq, ne and pr apply"
		}
	case OpCo, OpSw, OpEw:
		if a.Type == TypeBoolean || a.Type == TypeInteger || a.Type == TypeDecimal {
			return string(op) + " compares text, the attribute is " + withArticle(a.Type)
		}
	default:
	}
	return ""
}

func coerceBool(raw any) (Literal, string) {
	b, ok := raw.(bool)
	if s, isText := raw.(string); isText {
		b, ok = parseBool(s)
	}
	if !ok {
		return Literal{}, "true or false is expected"
	}
	return Literal{Type: TypeBoolean, Bool: b}, ""
}

func coerceNumber(kind Type, _ Op, raw any) (Literal, string) {
	var s string
	switch v := raw.(type) {
	case json.Number:
		s = string(v)
	case string:
		d := &jsonScanner{input: v}
		if _, err := d.number(); err != nil || d.pos != len(v) {
			return Literal{}, "a number is expected"
		}
		s = v
	default:
		return Literal{}, "a number is expected"
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(n, 0) {
		return Literal{}, "a number within the range of a double is expected"
	}
	return Literal{Type: kind, Text: s, Folded: s, Number: n}, ""
}
