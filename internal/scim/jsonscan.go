package scim

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of a body: no attribute of SCIM nests deeper than four levels.
const maxDepth = 32

// object is a JSON object as read: keys in the order and spelling of the text. It becomes a map once
// its keys are canonical.
type object []field

type field struct {
	key   string
	value any
}

// get finds a key in any case.
func (o object) get(key string) (any, bool) {
	for _, f := range o {
		if len(f.key) == len(key) && strings.EqualFold(f.key, key) {
			return f.value, true
		}
	}
	return nil, false
}

// scanner reads JSON from a string; the strings it yields share the string's memory where they hold no
// escapes. encoding/json is not used since it lets the last of two equal keys win, where two spellings
// of one attribute have to be refused, and allows text after the document.
type scanner struct {
	s string
	i int
}

// scanDocument reads a whole document that is an object.
func scanDocument(text string) (object, error) {
	d := &scanner{s: text}
	d.space()
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	d.space()
	if d.i != len(d.s) {
		return nil, d.fail("the body goes on after the JSON document")
	}
	o, ok := v.(object)
	if !ok {
		return nil, NewInvalidSyntax("", "the body is %s, an object is expected", kindOf(v))
	}
	return o, nil
}

func (d *scanner) fail(what string) *Error {
	return NewInvalidSyntax("", "%s, at byte %d", what, d.i+1)
}

func (d *scanner) space() {
	for d.i < len(d.s) {
		switch d.s[d.i] {
		case ' ', '\t', '\n', '\r':
			d.i++
		default:
			return
		}
	}
}

// peek gives the next byte that is no blank, 0 at the end.
func (d *scanner) peek() byte {
	d.space()
	if d.i == len(d.s) {
		return 0
	}
	return d.s[d.i]
}

// take goes past c where it is the next byte that is no blank.
func (d *scanner) take(c byte) bool {
	if d.peek() != c || d.i == len(d.s) {
		return false
	}
	d.i++
	return true
}

func (d *scanner) value(depth int) (any, error) {
	switch c := d.peek(); {
	case c == '{':
		return d.object(depth + 1)
	case c == '[':
		return d.array(depth + 1)
	case c == '"':
		return d.text()
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	case d.word("true"):
		return true, nil
	case d.word("false"):
		return false, nil
	case d.word("null"):
		return nil, nil
	case d.i == len(d.s):
		return nil, d.fail("the JSON document ends early")
	default:
		return nil, d.fail("no JSON value")
	}
}

func (d *scanner) word(w string) bool {
	if !strings.HasPrefix(d.s[d.i:], w) {
		return false
	}
	d.i += len(w)
	return true
}

func (d *scanner) object(depth int) (any, error) {
	if depth > maxDepth {
		return nil, d.fail("the JSON document is nested deeper than " + strconv.Itoa(maxDepth) + " levels")
	}
	d.i++
	out := object{}
	if d.take('}') {
		return out, nil
	}
	for {
		if d.peek() != '"' {
			return nil, d.fail("an object's key is expected")
		}
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		if !d.take(':') {
			return nil, d.fail("a colon is expected")
		}
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, field{key, v})
		if d.take(',') {
			continue
		}
		if d.take('}') {
			return out, out.checkKeys()
		}
		return nil, d.fail("a comma or the end of the object is expected")
	}
}

func (d *scanner) array(depth int) (any, error) {
	if depth > maxDepth {
		return nil, d.fail("the JSON document is nested deeper than " + strconv.Itoa(maxDepth) + " levels")
	}
	d.i++
	out := []any{}
	if d.take(']') {
		return out, nil
	}
	for {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if d.take(',') {
			continue
		}
		if d.take(']') {
			return out, nil
		}
		return nil, d.fail("a comma or the end of the list is expected")
	}
}

// checkKeys refuses two spellings of one key: attribute names know no case (RFC 7643 §2.1).
func (o object) checkKeys() error {
	if len(o) <= 12 {
		for i, f := range o {
			for _, g := range o[:i] {
				if strings.EqualFold(f.key, g.key) {
					return NewInvalidSyntax(f.key, "%q is given twice in one object", f.key)
				}
			}
		}
		return nil
	}
	seen := make(map[string]bool, len(o))
	for _, f := range o {
		key := Fold(f.key)
		if seen[key] {
			return NewInvalidSyntax(f.key, "%q is given twice in one object", f.key)
		}
		seen[key] = true
	}
	return nil
}

func (d *scanner) number() (any, error) {
	start := d.i
	d.word("-")
	if !d.word("0") && d.digits() == 0 {
		return nil, d.fail("a digit is expected")
	}
	if d.word(".") && d.digits() == 0 {
		return nil, d.fail("a digit is expected")
	}
	if d.word("e") || d.word("E") {
		if !d.word("+") {
			d.word("-")
		}
		if d.digits() == 0 {
			return nil, d.fail("a digit is expected")
		}
	}
	return json.Number(d.s[start:d.i]), nil
}

func (d *scanner) digits() int {
	start := d.i
	for d.i < len(d.s) && '0' <= d.s[d.i] && d.s[d.i] <= '9' {
		d.i++
	}
	return d.i - start
}

// kindOf names the JSON type of a value for a message.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
