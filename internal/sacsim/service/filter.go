package service

import (
	"encoding/json"
	"fmt"
	"strings"
)

// maxFilter bounds the text of a filter; 600 or-joined UUIDs are about 40 kB.
const maxFilter = 1 << 20

// node is a parsed filter (RFC 7644 section 3.4.2.2). op is and, or, not, [] (a value path), or a
// comparison in lower case.
type node struct {
	op   string
	attr string
	kids []*node
	val  literal
}

// literal is the right side of a comparison; strings and numbers keep their text.
type literal struct {
	kind byte // 's' string, 'n' number, 'b' boolean, '0' null
	text string
}

type parser struct {
	src   string
	pos   int
	depth int
}

// parseFilter reads a filter. Keywords do not mind letter case (script 1665 writes Ew and Not), and
// or-chains of any length need no recursion.
func parseFilter(src string) (*node, error) {
	if len(src) > maxFilter {
		return nil, fmt.Errorf("filter is longer than %d bytes", maxFilter)
	}
	p := &parser{src: src}
	n, err := p.chain("or")
	if err != nil {
		return nil, fmt.Errorf("filter at %d: %w", p.pos, err)
	}
	if p.space(); p.pos < len(p.src) {
		return nil, fmt.Errorf("filter at %d: unexpected %q", p.pos, p.src[p.pos])
	}
	return n, nil
}

// chain reads terms joined by one operator: or-chains of and-chains.
func (p *parser) chain(op string) (*node, error) {
	next := p.term
	if op == "or" {
		next = func() (*node, error) { return p.chain("and") }
	}
	var kids []*node
	for {
		n, err := next()
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
		if !p.keyword(op) {
			break
		}
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return &node{op: op, kids: kids}, nil
}

func (p *parser) term() (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.keyword("not") {
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		return &node{op: "not", kids: []*node{n}}, nil
	}
	if p.symbol('(') {
		n, err := p.chain("or")
		if err == nil && !p.symbol(')') {
			err = fmt.Errorf("a closing parenthesis is missing")
		}
		return n, err
	}
	return p.comparison()
}

func (p *parser) comparison() (*node, error) {
	attr := p.word()
	if attr == "" || attr[0] >= '0' && attr[0] <= '9' {
		return nil, fmt.Errorf("an attribute is missing")
	}
	if p.symbol('[') {
		inner, err := p.chain("or")
		if err == nil && !p.symbol(']') {
			err = fmt.Errorf("a closing bracket is missing")
		}
		return &node{op: "[]", attr: attr, kids: []*node{inner}}, err
	}
	op := strings.ToLower(p.word())
	switch op {
	case "pr":
		return &node{op: op, attr: attr}, nil
	case "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le":
		val, err := p.literal()
		return &node{op: op, attr: attr, val: val}, err
	}
	return nil, fmt.Errorf("unknown operator %q", op)
}

func (p *parser) literal() (literal, error) {
	p.space()
	if p.pos < len(p.src) && p.src[p.pos] == '"' {
		end := p.pos + 1
		for end < len(p.src) && p.src[end] != '"' {
			if p.src[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(p.src) {
			return literal{}, fmt.Errorf("a closing quote is missing")
		}
		var s string
		if err := json.Unmarshal([]byte(p.src[p.pos:end+1]), &s); err != nil {
			return literal{}, fmt.Errorf("a string does not parse: %w", err)
		}
		p.pos = end + 1
		return literal{kind: 's', text: s}, nil
	}
	word := p.word()
	switch strings.ToLower(word) {
	case "true", "false":
		return literal{kind: 'b', text: strings.ToLower(word)}, nil
	case "null":
		return literal{kind: '0'}, nil
	}
	var n json.Number
	if err := json.Unmarshal([]byte(word), &n); err != nil || word == "" {
		return literal{}, fmt.Errorf("a value is missing")
	}
	return literal{kind: 'n', text: word}, nil
}

func (p *parser) space() {
	for p.pos < len(p.src) && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t' || p.src[p.pos] == '\n' || p.src[p.pos] == '\r') {
		p.pos++
	}
}

// word reads up to a blank, a quote or a bracket; URNs hold colons and dots.
func (p *parser) word() string {
	p.space()
	start := p.pos
	for p.pos < len(p.src) && !strings.ContainsRune(" \t\r\n()[]\"", rune(p.src[p.pos])) {
		p.pos++
	}
	return p.src[start:p.pos]
}

func (p *parser) symbol(c byte) bool {
	p.space()
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// keyword takes a word if it is the one asked for.
func (p *parser) keyword(word string) bool {
	at := p.pos
	if strings.EqualFold(p.word(), word) {
		return true
	}
	p.pos = at
	return false
}
