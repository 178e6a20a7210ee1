package scim

import (
	"strings"
	"unicode/utf8"
)

// Quick is a filter of one of the shapes that nearly all requests have: attr eq "value", and Entra's
// emails[type eq "work"].value eq "value", where Type is "work".
type Quick struct {
	Ref   *Ref // emails.value for emails eq "value" and for Entra's form
	Value string
	Type  string
}

// ScanFilter recognises a [Quick] filter without building a tree. It answers ok only for a filter that
// ParseFilter reads to the same meaning; for everything else, valid or not, ok is false.
func ScanFilter(t *ResourceType, text string) (q Quick, ok bool) {
	if len(text) > maxFilterBytes {
		return Quick{}, false
	}
	end := strings.IndexAny(text, " [(\"")
	if end <= 0 {
		return Quick{}, false
	}
	ref, ok := t.Ref(text[:end])
	if !ok {
		return Quick{}, false
	}
	rest := text[end:]
	if rest[0] == '[' {
		kind, tail, ok := scanTypeFilter(rest)
		if !ok || kind == "" || !hasType(ref) {
			return Quick{}, false
		}
		q.Type, rest = kind, tail
	}
	if q.Ref = quickRef(ref); q.Ref == nil {
		return Quick{}, false
	}
	q.Value, rest, ok = scanEq(rest)
	return q, ok && rest == ""
}

// hasType says whether a value filter on the type can be asked of ref.
func hasType(ref *Ref) bool {
	return ref.Sub == nil && ref.Attr.MultiValued && ref.Attr.subs["type"] != nil && ref.Attr.subs["value"] != nil
}

// quickRef is the string that eq on ref compares, nil where it compares none.
func quickRef(ref *Ref) *Ref {
	if ref.Target().Type == TypeComplex {
		if ref.Attr.subs["value"] == nil {
			return nil
		}
		ref = ref.parts["value"]
	}
	if ref.Target().Type != TypeString || ref.Attr.Returned == ReturnedNever {
		return nil
	}
	return ref
}

// scanTypeFilter reads [type eq "x"].value.
func scanTypeFilter(s string) (kind, rest string, ok bool) {
	if len(s) < 5 || !strings.EqualFold(s[1:5], "type") {
		return "", "", false
	}
	kind, rest, ok = scanEq(s[5:])
	const tail = "].value"
	if !ok || len(rest) < len(tail) || !strings.EqualFold(rest[:len(tail)], tail) {
		return "", "", false
	}
	return kind, rest[len(tail):], true
}

// scanEq reads a blank, eq, a blank and a quoted string without escapes.
func scanEq(s string) (value, rest string, ok bool) {
	if len(s) < 6 || s[0] != ' ' || s[1]|0x20 != 'e' || s[2]|0x20 != 'q' || s[3] != ' ' || s[4] != '"' {
		return "", "", false
	}
	for i := 5; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[5:i], s[i+1:], true
		case c == '\\' || c < ' ' || c >= utf8.RuneSelf:
			return "", "", false
		}
	}
	return "", "", false
}

// Filter gives the same filter as a tree.
func (q Quick) Filter() *Filter {
	value := &Term{Ref: q.Ref, Op: OpEq, Value: textLiteral(q.Ref.Target(), q.Value)}
	if q.Type == "" {
		return &Filter{Root: value}
	}
	kind := q.Ref.whole.parts["type"]
	return &Filter{Root: &Element{Ref: q.Ref.whole, Part: &And{[]Expr{
		&Term{Ref: kind, Op: OpEq, Value: textLiteral(kind.Sub, q.Type)}, value,
	}}}}
}

// Folded is the value as an index of the attribute holds it: caseless unless the attribute is caseExact.
func (q Quick) Folded() string {
	if q.Ref.Target().CaseExact {
		return q.Value
	}
	return Caseless(q.Value)
}
