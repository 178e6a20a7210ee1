package scim

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold gives the form under which two strings that are not caseExact are the same (RFC 7643 §2.2):
// each character is replaced by one representative of its simple case folding orbit, so that
// Fold(a) == Fold(b) exactly where strings.EqualFold(a, b). Folding twice changes nothing, ASCII folds
// to lower case, and nothing is allocated for a string that is folded already. Compatibility forms
// are not joined and one character never becomes two: "ß" and "ss" are different.
func Fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return foldFrom(s, i)
		}
	}
	return s
}

func foldFrom(s string, start int) string {
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:start])
	for _, r := range s[start:] {
		b.WriteRune(foldRune(r))
	}
	return b.String()
}

// foldRune gives the lower case of the smallest character of r's orbit: the orbit of k, K and the
// Kelvin sign gives k. A character without other cases stays as it is, also where it has a lower case
// that is no case variant (the dotted capital I).
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if least == r && unicode.SimpleFold(r) == r {
		return r
	}
	return unicode.ToLower(least)
}

// foldASCII writes the lower-case form of s to buf and gives it, or nil where s is longer than buf or
// not ASCII. Attribute names and URNs are ASCII (RFC 7643 §2.1).
func foldASCII(buf []byte, s string) []byte {
	if len(s) > len(buf) {
		return nil
	}
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return nil
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	return buf[:len(s)]
}
