package scim

import (
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
	Folded string // Text under Caseless where the attribute is not caseExact, else Text
	Number float64
	Bool   bool
	Time   time.Time
}

// Filter is a parsed filter whose attributes are resolved against a resource type. It is immutable and
// safe for concurrent use.
type Filter struct{ Root Expr }

// Equals is the filter that compares an attribute that is a string with a text.
func Equals(ref *Ref, text string) *Filter {
	return &Filter{Root: &Term{Ref: ref, Op: OpEq, Value: textLiteral(ref.Target(), text)}}
}

// String gives the filter in canonical spelling; parsing it gives an equal filter.
func (f *Filter) String() string {
	var b strings.Builder
	printExpr(&b, f.Root, nil, 0)
	return b.String()
}

// The binding strengths of the grammar: or, and, everything else.
const (
	bindsOr = iota
	bindsAnd
	bindsTerm
)

// printExpr writes e; within is the attribute whose value path e stands in.
func printExpr(b *strings.Builder, e Expr, within *Ref, binds int) {
	switch e := e.(type) {
	case *And:
		printList(b, e.Parts, " and ", within, bindsAnd, binds)
	case *Or:
		printList(b, e.Parts, " or ", within, bindsOr, binds)
	case *Not:
		b.WriteString("not (")
		printExpr(b, e.Part, within, bindsOr)
		b.WriteString(")")
	case *Element:
		b.WriteString(e.Ref.Name)
		b.WriteString("[")
		printExpr(b, e.Part, e.Ref, bindsOr)
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
