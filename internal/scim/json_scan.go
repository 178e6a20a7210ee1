package scim

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of a body: no attribute of SCIM nests deeper than four levels.
const maxDepth = 32

// jsonObject is a JSON object as read: keys in the order and spelling of the text. It becomes a map once
// its keys are canonical.
type jsonObject []jsonField

type jsonField struct {
	key   string
	value any
}

// get finds a key in any case.
func (o jsonObject) get(key string) (any, bool) {
	for _, f := range o {
		if len(f.key) == len(key) && strings.EqualFold(f.key, key) {
			return f.value, true
		}
	}
	return nil, false
}

// jsonScanner reads JSON from a string; the strings it yields share the string's memory where they hold no
// escapes. encoding/json is not used since it lets the last of two equal keys win, where two spellings
// of one attribute have to be refused, and allows text after the document.
type jsonScanner struct {
	input string
	pos   int
}

// scanDocument reads a whole document that is an object.
func scanDocument(text string) (jsonObject, error) {
	s := &jsonScanner{input: text}
	s.space()
	v, err := s.value(0)
	if err != nil {
		return nil, err
	}
	s.space()
	if s.pos != len(s.input) {
		return nil, s.fail("there is text after the JSON document")
	}
	o, ok := v.(jsonObject)
	if !ok {
		return nil, NewInvalidSyntax("", "the body is %s, an object is expected", kindOf(v))
	}
	return o, nil
}

// CheckDocument refuses a body that is no JSON object, or in which a name stands twice, in any case. Every error is an
// [*Error].
func CheckDocument(body []byte) error {
	_, err := scanDocument(string(body))
	return err
}

func (s *jsonScanner) fail(what string) *Error {
	return NewInvalidSyntax("", "%s, at byte %d", what, s.pos+1)
}

func (s *jsonScanner) space() {
	for s.pos < len(s.input) {
		switch s.input[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek gives the next byte that is no blank, 0 at the end.
func (s *jsonScanner) peek() byte {
	s.space()
	if s.pos == len(s.input) {
		return 0
	}
	return s.input[s.pos]
}

// take goes past c where it is the next byte that is no blank.
func (s *jsonScanner) take(c byte) bool {
	if s.peek() != c || s.pos == len(s.input) {
		return false
	}
	s.pos++
	return true
}

func (s *jsonScanner) value(depth int) (any, error) {
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth + 1)
	case c == '[':
		return s.array(depth + 1)
	case c == '"':
		return s.string()
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case s.word("true"):
		return true, nil
	case s.word("false"):
		return false, nil
	case s.word("null"):
		return nil, nil
	case s.pos == len(s.input):
		return nil, s.fail("the JSON document ends early")
	default:
		return nil, s.fail("a JSON value is expected")
	}
}

func (s *jsonScanner) word(w string) bool {
	if !strings.HasPrefix(s.input[s.pos:], w) {
		return false
	}
	s.pos += len(w)
	return true
}

func (s *jsonScanner) object(depth int) (any, error) {
	if depth > maxDepth {
		return nil, s.fail("the JSON document is nested deeper than " + strconv.Itoa(maxDepth) + " levels")
	}
	s.pos++
	out := jsonObject{}
	if s.take('}') {
		return out, nil
	}
	for {
		if s.peek() != '"' {
			return nil, s.fail("an object's key is expected")
		}
		key, err := s.string()
		if err != nil {
			return nil, err
		}
		if !s.take(':') {
			return nil, s.fail("a colon is expected")
		}
		v, err := s.value(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, jsonField{key, v})
		if s.take(',') {
			continue
		}
		if s.take('}') {
			return out, out.checkKeys()
		}
		return nil, s.fail("a comma or the end of the object is expected")
	}
}

func (s *jsonScanner) array(depth int) (any, error) {
	if depth > maxDepth {
		return nil, s.fail("the JSON document is nested deeper than " + strconv.Itoa(maxDepth) + " levels")
	}
	s.pos++
	out := []any{}
	if s.take(']') {
		return out, nil
	}
	for {
		v, err := s.value(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if s.take(',') {
			continue
		}
		if s.take(']') {
			return out, nil
		}
		return nil, s.fail("a comma or the end of the list is expected")
	}
}

// checkKeys refuses two spellings of one key: attribute names know no case (RFC 7643 §2.1).
func (o jsonObject) checkKeys() error {
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

func (s *jsonScanner) number() (any, error) {
	start := s.pos
	s.word("-")
	if !s.word("0") && s.digits() == 0 {
		return nil, s.fail("a digit is expected")
	}
	if s.word(".") && s.digits() == 0 {
		return nil, s.fail("a digit is expected")
	}
	if s.word("e") || s.word("E") {
		if !s.word("+") {
			s.word("-")
		}
		if s.digits() == 0 {
			return nil, s.fail("a digit is expected")
		}
	}
	return json.Number(s.input[start:s.pos]), nil
}

func (s *jsonScanner) digits() int {
	start := s.pos
	for s.pos < len(s.input) && '0' <= s.input[s.pos] && s.input[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
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
