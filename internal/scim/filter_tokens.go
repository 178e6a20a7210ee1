package scim

import (
	"strings"
	"unicode/utf8"
)

// The limits of a filter and of a path: what no sane question needs and what bounds the work and the
// depth of recursion on one that is not.
const (
	maxFilterBytes = 8 << 10
	maxFilterDepth = 50
	maxFilterTerms = 200
)

// tokens reads the words of a filter or a path.
type tokens struct {
	jsonScanner
	tol   Tolerance
	depth int
	terms int
}

// newTokens refuses text that is too long.
func newTokens(text string, tol Tolerance) (*tokens, string) {
	switch {
	case len(text) > maxFilterBytes:
		return nil, "it is longer than 8192 bytes"
	case !utf8.ValidString(text):
		return nil, "it is not UTF-8"
	case strings.ContainsFunc(text, isControl):
		return nil, "it holds a control character"
	default:
		return &tokens{jsonScanner: jsonScanner{input: text}, tol: tol}, ""
	}
}

func isControl(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' }

// column is the place of the next word, counted in characters from 1.
func (t *tokens) column() int { return utf8.RuneCountInString(t.input[:t.pos]) + 1 }

// name reads an attribute's name with its URN and sub-attribute: everything up to a blank, a bracket, a
// parenthesis or a quote. URNs hold dots, colons and hyphens.
func (t *tokens) name() string {
	t.space()
	start := t.pos
	for t.pos < len(t.input) && !strings.ContainsRune(" \t\r\n[]()\"", rune(t.input[t.pos])) {
		t.pos++
	}
	return t.input[start:t.pos]
}

// keyword goes past one of the words and, or, not in any case where it comes next as a whole word.
func (t *tokens) keyword(word string) bool {
	t.space()
	end := t.pos + len(word)
	if end > len(t.input) || !strings.EqualFold(t.input[t.pos:end], word) {
		return false
	}
	if end < len(t.input) && !strings.ContainsRune(" \t\r\n(", rune(t.input[end])) {
		return false
	}
	t.pos = end
	return true
}

// operator reads a comparison operator in any case.
func (t *tokens) operator() (Op, bool) {
	word := Fold(t.name())
	switch op := Op(word); op {
	case OpEq, OpNe, OpCo, OpSw, OpEw, OpGt, OpGe, OpLt, OpLe, OpPr:
		return op, true
	default:
		return "", false
	}
}

// isStrangeQuote says whether a character is a quote that people or editors write in place of ".
func isStrangeQuote(r rune) bool {
	return strings.ContainsRune("'`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u2039\u203a\u00ab\u00bb\u300c\u300d\uff02\uff07", r)
}

// literal reads a JSON string, number, boolean or null; without quotes, where the tolerance allows it, a
// word is a string. quoted tells a string from a word.
func (t *tokens) literal() (raw any, word string, err error) {
	if t.peek() == '"' {
		raw, err = t.string()
		return raw, "", err
	}
	start := t.pos
	for t.pos < len(t.input) && !strings.ContainsRune(" \t\r\n)]\"([", rune(t.input[t.pos])) {
		t.pos++
	}
	word = t.input[start:t.pos]
	if word == "" {
		return nil, "", t.fail("a value is missing")
	}
	if first, _ := utf8.DecodeRuneInString(word); isStrangeQuote(first) {
		return nil, "", t.fail("a value in quotes of another kind")
	}
	if last, _ := utf8.DecodeLastRuneInString(word); isStrangeQuote(last) {
		return nil, "", t.fail("a value with a quote of another kind at its end")
	}
	d := &jsonScanner{input: word}
	if v, err := d.value(maxDepth); err == nil && d.pos == len(word) {
		return v, word, nil
	}
	switch Fold(word) {
	case "true":
		return true, word, nil
	case "false":
		return false, word, nil
	case "null":
		return nil, word, nil
	}
	if t.tol.UnquotedValues {
		return word, word, nil
	}
	return nil, word, t.fail("a value without quotes")
}
