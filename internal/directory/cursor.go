package directory

import (
	"encoding/base64"
	"encoding/binary"
)

// cursorVersion is the first byte of a cursor.
const cursorVersion = 1

// fingerprintLen is how much of a query's hash a cursor carries, so that it serves its own query only.
const fingerprintLen = 12

// cursor is where the next page begins (RFC 9865). It holds nothing secret and nothing that a client could not ask
// for, so it is not signed: a forged one gives another page.
type cursor struct {
	from   position
	offset int
	total  int
}

// encode gives a cursor as text for a URL.
func (r *query) encode(c cursor) string {
	raw := append([]byte{cursorVersion}, r.fingerprint()...)
	raw = binary.AppendUvarint(raw, uint64(max(c.offset, 0)))
	raw = binary.AppendUvarint(raw, uint64(max(c.total, 0)))
	raw = append(raw, c.from.id[:]...)
	raw = append(raw, c.from.key...)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// cursor reads the query's cursor: that of the first page where it has none.
func (r *query) cursor() (c cursor, err error) {
	if r.Cursor == "" {
		return c, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(r.Cursor)
	if err != nil || len(raw) < 1+fingerprintLen || raw[0] != cursorVersion || string(raw[1:1+fingerprintLen]) != r.fingerprint() {
		return c, ErrCursor
	}
	raw = raw[1+fingerprintLen:]
	for _, n := range [...]*int{&c.offset, &c.total} {
		value, size := binary.Uvarint(raw)
		if size <= 0 || value > 1<<40 {
			return c, ErrCursor
		}
		*n, raw = int(value), raw[size:]
	}
	if len(raw) < len(c.from.id) {
		return c, ErrCursor
	}
	copy(c.from.id[:], raw)
	c.from.key = string(raw[len(c.from.id):])
	return c, nil
}
