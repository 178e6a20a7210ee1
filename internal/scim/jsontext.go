package scim

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string that begins at the scanner's place.
func (d *scanner) text() (string, error) {
	d.i++
	start, ascii := d.i, true
	for d.i < len(d.s) {
		switch c := d.s[d.i]; {
		case c == '"':
			s := d.s[start:d.i]
			d.i++
			if !ascii && !utf8.ValidString(s) {
				return "", d.fail("a string is not UTF-8")
			}
			return s, nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", d.fail("a control character in a string has to be escaped")
		case c >= utf8.RuneSelf:
			ascii = false
		}
		d.i++
	}
	return "", d.fail("a string does not end")
}

// escaped reads the rest of a string that has escapes, of which what begins at start is read already.
func (d *scanner) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(d.s[start:d.i])
	for d.i < len(d.s) {
		switch c := d.s[d.i]; {
		case c == '"':
			d.i++
			if !utf8.ValidString(b.String()) {
				return "", d.fail("a string is not UTF-8")
			}
			return b.String(), nil
		case c == '\\':
			r, ok := d.escape()
			if !ok {
				return "", d.fail("a string holds an unknown escape")
			}
			if r == 0 {
				return "", NewInvalidValue("", "a string holds the character NUL, at byte %d", d.i)
			}
			b.WriteRune(r)
		case c < ' ':
			return "", d.fail("a control character in a string has to be escaped")
		default:
			b.WriteByte(c)
			d.i++
		}
	}
	return "", d.fail("a string does not end")
}

// escape reads one escape; half a surrogate pair gives the replacement character, as encoding/json does.
func (d *scanner) escape() (rune, bool) {
	if d.i+1 >= len(d.s) {
		return 0, false
	}
	c := d.s[d.i+1]
	if c != 'u' {
		at := strings.IndexByte(`"\/bfnrt`, c)
		if at < 0 {
			return 0, false
		}
		d.i += 2
		return rune("\"\\/\b\f\n\r\t"[at]), true
	}
	r, ok := hex4(d.s, d.i+2)
	if !ok {
		return 0, false
	}
	d.i += 6
	if !utf16.IsSurrogate(r) {
		return r, true
	}
	if strings.HasPrefix(d.s[d.i:], `\u`) {
		if low, ok := hex4(d.s, d.i+2); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				d.i += 6
				return pair, true
			}
		}
	}
	return utf8.RuneError, true
}

func hex4(s string, at int) (rune, bool) {
	if at+4 > len(s) || strings.ContainsAny(s[at:at+4], "+-_") {
		return 0, false
	}
	n, err := strconv.ParseInt(s[at:at+4], 16, 32)
	return rune(n), err == nil
}
