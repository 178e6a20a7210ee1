package scim

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string that begins at the scanner's position.
func (s *jsonScanner) string() (string, error) {
	s.pos++
	start, ascii := s.pos, true
	for s.pos < len(s.input) {
		switch c := s.input[s.pos]; {
		case c == '"':
			text := s.input[start:s.pos]
			s.pos++
			if !ascii && !utf8.ValidString(text) {
				return "", s.fail("a string is not UTF-8")
			}
			return text, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return "", s.fail("a control character in a string has to be escaped")
		case c >= utf8.RuneSelf:
			ascii = false
		}
		s.pos++
	}
	return "", s.fail("a string is not terminated")
}

// escaped reads the rest of a string that has escapes, of which what begins at start is read already.
func (s *jsonScanner) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(s.input[start:s.pos])
	for s.pos < len(s.input) {
		switch c := s.input[s.pos]; {
		case c == '"':
			s.pos++
			if !utf8.ValidString(b.String()) {
				return "", s.fail("a string is not UTF-8")
			}
			return b.String(), nil
		case c == '\\':
			r, ok := s.escape()
			if !ok {
				return "", s.fail("a string holds an unknown escape")
			}
			if utf16.IsSurrogate(r) {
				return "", NewInvalidValue("", "a string holds half of a surrogate pair, which is no character, at byte %d", s.pos)
			}
			if r == 0 {
				return "", NewInvalidValue("", "a string holds the character NUL, at byte %d", s.pos)
			}
			b.WriteRune(r)
		case c < ' ':
			return "", s.fail("a control character in a string has to be escaped")
		default:
			b.WriteByte(c)
			s.pos++
		}
	}
	return "", s.fail("a string is not terminated")
}

// escape reads one escape; half a surrogate pair gives that half, which is no character.
func (s *jsonScanner) escape() (rune, bool) {
	if s.pos+1 >= len(s.input) {
		return 0, false
	}
	c := s.input[s.pos+1]
	if c != 'u' {
		at := strings.IndexByte(`"\/bfnrt`, c)
		if at < 0 {
			return 0, false
		}
		s.pos += 2
		return rune("\"\\/\b\f\n\r\t"[at]), true
	}
	r, ok := hex4(s.input, s.pos+2)
	if !ok {
		return 0, false
	}
	s.pos += 6
	if !utf16.IsSurrogate(r) {
		return r, true
	}
	if strings.HasPrefix(s.input[s.pos:], `\u`) {
		if low, ok := hex4(s.input, s.pos+2); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				s.pos += 6
				return pair, true
			}
		}
	}
	return r, true
}

func hex4(s string, at int) (rune, bool) {
	if at+4 > len(s) || strings.ContainsAny(s[at:at+4], "+-_") {
		return 0, false
	}
	n, err := strconv.ParseInt(s[at:at+4], 16, 32)
	return rune(n), err == nil
}
