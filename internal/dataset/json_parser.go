package dataset

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// jsonParser reads one JSON document and knows the place of every value, which encoding/json does not
// tell. It stops at the first fault: what follows broken JSON cannot be trusted.
type jsonParser struct {
	text      string
	file      string
	pos       int
	line      int // of pos, from 1
	lineStart int // offset at which that line begins
	depth     int
	maxDepth  int
	warnings  []Warning
}

// number is JSON's grammar of numbers (RFC 8259 section 6).
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`)

func (p *jsonParser) fault(format string, args ...any) error {
	return Faults{{File: p.file, Line: p.line, Column: p.column(), Cause: fmt.Sprintf(format, args...)}}
}

// column counts characters, not bytes.
func (p *jsonParser) column() int {
	return utf8.RuneCountInString(p.text[p.lineStart:p.pos]) + 1
}

func (p *jsonParser) warn(text string) {
	p.warnings = append(p.warnings, Warning{File: p.file, Line: p.line, Text: text})
}

// space moves on to the next character that is not white space and gives it, 0 at the end.
func (p *jsonParser) space() byte {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case '\n':
			p.line++
			p.lineStart = p.pos + 1
		case ' ', '\t', '\r':
		default:
			return p.text[p.pos]
		}
		p.pos++
	}
	return 0
}

// document reads the whole text.
func (p *jsonParser) document() (value, error) {
	v, err := p.value()
	if err != nil {
		return value{}, err
	}
	if v.kind == kindList && p.space() == ']' {
		p.warn("a second closing bracket ] follows the end of the list; it is passed over")
		p.pos++
	}
	if c := p.space(); c != 0 {
		return value{}, p.fault("%s after the end of the data", p.here())
	}
	return v, nil
}

// here describes what stands at the current place.
func (p *jsonParser) here() string {
	if p.pos >= len(p.text) {
		return "the file ends"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return fmt.Sprintf("unexpected %q", r)
}

func (p *jsonParser) value() (value, error) {
	c := p.space()
	v := value{line: p.line, column: p.column()}
	switch {
	case c == '{' || c == '[':
		return p.nested(v, c)
	case c == '"':
		text, err := p.string()
		v.kind, v.text = kindText, text
		return v, err
	case c == '-' || c >= '0' && c <= '9':
		v.kind, v.text = kindNumber, number.FindString(p.text[p.pos:])
	case p.word("true"):
		v.kind, v.text = kindBool, "true"
	case p.word("false"):
		v.kind, v.text = kindBool, "false"
	case p.word("null"):
		v.kind, v.text = kindNull, "null"
	}
	if v.text == "" {
		return v, p.fault("%s where a value should stand%s", p.here(), valueHint(p.text[p.pos:]))
	}
	p.pos += len(v.text)
	return v, nil
}

// word reports whether the text goes on with w.
func (p *jsonParser) word(w string) bool { return strings.HasPrefix(p.text[p.pos:], w) }

// valueHint names the cure of the commonest wrong values.
func valueHint(rest string) string {
	lower := strings.ToLower(rest[:min(len(rest), 5)])
	switch {
	case strings.HasPrefix(lower, "true"), lower == "false":
		return ": booleans are written true and false, in lower case"
	case strings.HasPrefix(lower, "'"), strings.HasPrefix(lower, "“"):
		return `: text stands in straight double quotation marks`
	default:
		return ""
	}
}

// nested reads an object or a list whose opening character stands at the current place.
func (p *jsonParser) nested(v value, open byte) (value, error) {
	if p.depth++; p.depth > p.maxDepth {
		return v, p.fault("nested deeper than %d levels", p.maxDepth)
	}
	defer func() { p.depth-- }()
	p.pos++
	var err error
	if open == '[' {
		v.kind = kindList
		err = p.items(']', func() error {
			item, err := p.value()
			v.list = append(v.list, item)
			return err
		})
		return v, err
	}
	v.kind = kindObject
	names := map[string]int{}
	err = p.items('}', func() error {
		m, err := p.member(names)
		v.object = append(v.object, m)
		return err
	})
	return v, err
}

// items reads what stands between commas up to the closing character, calling item for each.
func (p *jsonParser) items(closing byte, item func() error) error {
	for first := true; ; first = false {
		if p.space() == closing {
			if !first {
				p.warn(fmt.Sprintf("a comma before the closing %c; it is passed over", closing))
			}
			p.pos++
			return nil
		}
		if err := item(); err != nil {
			return err
		}
		switch p.space() {
		case ',':
			p.pos++
		case closing:
			p.pos++
			return nil
		default:
			return p.fault("%s where a comma or the closing %c should stand", p.here(), closing)
		}
	}
}

// member reads a field of an object. A name that came before is refused: which of the two values was
// meant cannot be known.
func (p *jsonParser) member(names map[string]int) (member, error) {
	if p.space() != '"' {
		return member{}, p.fault("%s where a field's name in quotation marks should stand", p.here())
	}
	at := *p
	name, err := p.string()
	if err != nil {
		return member{}, err
	}
	if line, ok := names[name]; ok {
		return member{}, at.fault("the field %q is here a second time, first on line %d", name, line)
	}
	names[name] = at.line
	if p.space() != ':' {
		return member{}, p.fault("%s where the colon after %q should stand", p.here(), name)
	}
	p.pos++
	v, err := p.value()
	return member{name: name, value: v}, err
}

// string reads a text whose opening quotation mark stands at the current place.
func (p *jsonParser) string() (string, error) {
	for end := p.pos + 1; end < len(p.text); end++ {
		switch p.text[end] {
		case '\\':
			end++
		case '"':
			var out string
			if err := json.Unmarshal([]byte(p.text[p.pos:end+1]), &out); err != nil {
				return "", p.fault("this text cannot be read: %v", err)
			}
			p.pos = end + 1
			return out, nil
		case '\n', '\r':
			return "", p.fault("this text has no closing quotation mark on its line")
		}
	}
	return "", p.fault("this text has no closing quotation mark")
}
