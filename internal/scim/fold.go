package scim

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Caseless gives the form under which two values of an attribute that is not caseExact are the same (RFC 7643
// §2.2): letter case folded as Fold does, full-width and half-width forms made one with the others, and marks
// composed with their letters, as RFC 7644 §5 asks for user names (PRECIS, RFC 8265 §3.3): "É" is the same
// typed as one character or as two. Doing it twice changes nothing.
func Caseless(s string) string {
	if isASCII(s) {
		return Fold(s)
	}
	s = Fold(norm.NFC.String(width.Fold.String(s)))
	for !norm.NFC.IsNormalString(s) {
		s = Fold(norm.NFC.String(s)) // a long s has become an s, which composes with its mark
	}
	return s
}

// equalCaseless says whether two values have one caseless form, for plain ASCII without making it.
func equalCaseless(a, b string) bool {
	if isASCII(a) && isASCII(b) {
		return strings.EqualFold(a, b)
	}
	return Caseless(a) == Caseless(b)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Fold gives the form under which names that differ in letter case alone are the same, those of attributes and
// schemas among them (RFC 7643 §2.1):
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

// foldRune gives the lower case of the smallest letter of r's orbit: the orbit of k, K and the
// Kelvin sign gives k, that of the iotas a letter and not the mark that is among them. A character without other cases stays as it is, also where it has a lower case
// that is no case variant (the dotted capital I).
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if unicode.SimpleFold(r) == r {
		return r
	}
	least := rune(unicode.MaxRune)
	for next := unicode.SimpleFold(r); ; next = unicode.SimpleFold(next) {
		if !unicode.Is(unicode.Mn, next) {
			least = min(least, next)
		}
		if next == r {
			return unicode.ToLower(least)
		}
	}
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
