package directory

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// SourceID names an inbound endpoint, the partition of everything here.
type SourceID string

// Seq numbers the events of a source from 1 without gaps, in the order of their commits.
type Seq uint64

// Kind tells people from groups.
type Kind uint8

// The kinds of record.
const (
	User Kind = iota + 1
	Group
)

// String gives the SCIM name of the resource type.
func (k Kind) String() string {
	switch k {
	case User:
		return "User"
	case Group:
		return "Group"
	}
	return "Kind(" + hex.EncodeToString([]byte{byte(k)}) + ")"
}

// ID identifies a record within a source: a UUID of version 7 (RFC 9562 §5.7), so that newer records sort
// after older ones.
type ID [16]byte

// ErrID says that a text is no id of this directory.
var ErrID = errors.New("not an id")

// NewID makes an id of the time now and randomness. It fails only where the system has no random source.
func NewID(now time.Time) (ID, error) {
	var id ID
	binary.BigEndian.PutUint64(id[:8], uint64(max(now.UnixMilli(), 0))<<16)
	if _, err := rand.Read(id[6:]); err != nil {
		return ID{}, fmt.Errorf("make an id: %w", err)
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id, nil
}

// ParseID reads the 36 characters of a UUID in any letter case. Anything else is ErrID, which callers
// treat as an id that nobody has.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return ID{}, fmt.Errorf("%q: %w", clip(text), ErrID)
	}
	at := 0
	for _, part := range [...]string{text[0:8], text[9:13], text[14:18], text[19:23], text[24:36]} {
		n, err := hex.Decode(id[at:], []byte(part))
		if err != nil {
			return ID{}, fmt.Errorf("%q: %w", clip(text), ErrID)
		}
		at += n
	}
	return id, nil
}

// clip keeps what strangers send short in messages.
func clip(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// String gives the UUID in lower case.
func (id ID) String() string {
	var text [36]byte
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// Compare orders ids as their bytes, which is by age.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// IsZero reports whether id is the zero value, which no record has.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText gives the UUID in lower case.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what ParseID reads.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}
