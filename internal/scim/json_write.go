package scim

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendText writes s as a JSON string. Only what JSON demands is escaped, so that equal strings have
// equal bytes and text stays readable.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		dst = appendEscape(append(dst, s[start:i]...), c)
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}

// appendTree writes a value of a resource's tree; the keys that order names come first, in its order,
// the others after them, sorted.
func appendTree(dst []byte, v any, order []*Attribute) []byte {
	switch v := v.(type) {
	case string:
		return appendText(dst, v)
	case bool:
		if v {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case json.Number:
		return append(dst, v...)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTree(dst, e, order)
		}
		return append(dst, ']')
	case map[string]any:
		return appendObject(dst, v, order)
	default:
		return append(dst, "null"...)
	}
}

func appendObject(dst []byte, m map[string]any, order []*Attribute) []byte {
	dst = append(dst, '{')
	written := 0
	for _, a := range order {
		v, ok := m[a.Name]
		if !ok {
			continue
		}
		written++
		if a.Returned == ReturnedNever {
			continue
		}
		dst = appendMember(dst, a.Name, v, a.Sub)
	}
	if written < len(m) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !slices.ContainsFunc(order, func(a *Attribute) bool { return a.Name == key }) {
				dst = appendMember(dst, key, m[key], nil)
			}
		}
	}
	return append(dst, '}')
}

// appendMember writes a key and its value, after a comma where the object has begun already.
func appendMember(dst []byte, key string, v any, order []*Attribute) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(appendText(dst, key), ':')
	return appendTree(dst, v, order)
}
