package dataset

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

var errEncoding = errors.New(`this line is neither UTF-8 nor UTF-16: save the file as "CSV UTF-8"`)

// decodeText gives the text of a file in UTF-8 (with or without a byte order mark) or UTF-16 (either
// byte order, which is guessed where there is no mark). Anything else is refused rather than guessed: a
// wrongly read umlaut is another person's name.
func decodeText(raw []byte) (string, error) {
	endian, policy := unicode.LittleEndian, unicode.ExpectBOM
	switch {
	case bytes.HasPrefix(raw, []byte{0xEF, 0xBB, 0xBF}):
		raw = raw[3:]
		fallthrough
	default:
		if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
			return "", errEncoding
		}
		return string(raw), nil
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}):
	case bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		endian = unicode.BigEndian
	case len(raw) > 1 && raw[1] == 0 && raw[0] != 0:
		policy = unicode.IgnoreBOM
	case len(raw) > 1 && raw[0] == 0 && raw[1] != 0:
		endian, policy = unicode.BigEndian, unicode.IgnoreBOM
	}
	out, err := unicode.UTF16(endian, policy).NewDecoder().Bytes(raw)
	if err != nil || len(raw)%2 != 0 || bytes.IndexByte(out, 0) >= 0 || bytes.ContainsRune(out, utf8.RuneError) {
		return "", errEncoding
	}
	return string(out), nil
}

// lineOfBadText gives the line of the first byte that is not UTF-8.
func lineOfBadText(raw []byte) int {
	line := 1
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		if r == utf8.RuneError && size == 1 || r == 0 {
			return line
		}
		if r == '\n' {
			line++
		}
		raw = raw[size:]
	}
	return 0
}
