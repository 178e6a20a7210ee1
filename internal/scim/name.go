package scim

import (
	"strings"
	"unicode"
)

// Name gives the form under which two names of people or groups are the same: Caseless, without the blanks at the ends.
// Doing it twice changes nothing.
func Name(s string) string { return strings.TrimFunc(Caseless(s), isBlankRune) }

// isBlankRune says whether a character cannot be seen at the end of a name: white space, and what formats a text without
// showing.
func isBlankRune(r rune) bool {
	switch {
	case unicode.IsSpace(r), r == '\u00ad', r == '\u061c', r == '\u180e', r == '\ufeff', r == '\u2800', r == '\u3164':
		return true
	default:
		return '\u200b' <= r && r <= '\u200f' || '\u202a' <= r && r <= '\u202e' || '\u2060' <= r && r <= '\u206f'
	}
}

// isBlank says whether a value is a text in which nothing can be seen.
func isBlank(v any) bool {
	s, ok := v.(string)
	return ok && strings.TrimFunc(s, isBlankRune) == ""
}

// isUniqueName says whether values of the attribute are compared as names.
func (a *Attribute) isUniqueName() bool { return a.isName && a.Uniqueness == UniqueServer }

// folded gives the form in which values of the attribute are compared.
func (a *Attribute) folded(s string) string {
	switch {
	case a.CaseExact:
		return s
	case a.isUniqueName():
		return Name(s)
	default:
		return Caseless(s)
	}
}

// foldedFor gives the form of a literal: of a part of a name only the blanks at an end of the name do not count.
func (a *Attribute) foldedFor(op Op, s string) string {
	if !a.isUniqueName() {
		return a.folded(s)
	}
	switch op {
	case OpSw:
		return strings.TrimLeftFunc(Caseless(s), isBlankRune)
	case OpEw:
		return strings.TrimRightFunc(Caseless(s), isBlankRune)
	case OpCo:
		return Caseless(s)
	default:
		return Name(s)
	}
}
