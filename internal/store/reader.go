package store

import (
	"fmt"
	"time"

	"sacbridge/internal/directory"
)

// reader reads values from the front of a text. After the first that is not there it gives zero values
// and is bad.
type reader struct {
	unread string
	bad    bool
}

func (r *reader) octet() byte {
	if len(r.unread) == 0 {
		r.bad = true
		return 0
	}
	b := r.unread[0]
	r.unread = r.unread[1:]
	return b
}

// number reads a uvarint.
func (r *reader) number() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.octet()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

// count reads how many things of at least size bytes follow.
func (r *reader) count(size int) int {
	n := r.number()
	if r.bad || n > uint64(len(r.unread)/size) { //nolint:gosec // a length
		r.bad = true
		return 0
	}
	return int(n) //nolint:gosec // at most the length of a text
}

func (r *reader) text() string { return r.next(r.count(1)) }

func (r *reader) next(n int) string {
	if n > len(r.unread) {
		r.bad, r.unread = true, ""
		return ""
	}
	text := r.unread[:n]
	r.unread = r.unread[n:]
	return text
}

func (r *reader) moment() time.Time { return time.UnixMilli(int64(r.number())).UTC() } //nolint:gosec // an int64 was written

func (r *reader) id() (id directory.ID) {
	copy(id[:], r.next(IDLen))
	return id
}

func (r *reader) ids() []directory.ID {
	n := r.count(IDLen)
	if n == 0 {
		return nil
	}
	ids := make([]directory.ID, n)
	for i := range ids {
		ids[i] = r.id()
	}
	return ids
}

// end says whether everything was there and nothing is left.
func (r *reader) end() error {
	if r.bad || r.unread != "" {
		return fmt.Errorf("%w: cut short or too long", ErrFormat)
	}
	return nil
}
