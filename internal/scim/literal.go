package scim

import (
	"encoding/json"
	"math"
	"strconv"
)

// coerce gives the literal of a comparison between ref and a JSON value, or says why there is none. A
// string that spells a boolean, a number or a dateTime is one where the attribute is: Entra writes
// active eq "true".
func coerce(ref *Ref, op Op, raw any) (Literal, string) {
	target := ref.Target()
	if why := orders(target, op); why != "" {
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
		return textLiteral(target, s), ""
	}
}

func textLiteral(target *Attribute, s string) Literal {
	l := Literal{Type: target.Type, Text: s, Folded: s}
	if !target.CaseExact {
		l.Folded = Caseless(s)
	}
	return l
}

// orders says why op cannot be asked of a; "" where it can.
func orders(a *Attribute, op Op) string {
	switch op {
	case OpGt, OpGe, OpLt, OpLe:
		if a.Type == TypeBoolean || a.Type == TypeBinary {
			return "a " + string(a.Type) + " has no order, eq, ne and pr can be asked"
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
		d := &scanner{s: v}
		if _, err := d.number(); err != nil || d.i != len(v) {
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
