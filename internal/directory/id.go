package directory

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
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

// textLen is the length of a UUID as text; uuid.Parse takes other forms too.
const textLen = 36

// ErrID says that a text is no id of this directory.
var ErrID = errors.New("not an id")

// NewID makes an id of the time now and randomness. It fails only where the system has no random source.
func NewID(now time.Time) (ID, error) {
	random, err := uuid.NewV7()
	if err != nil {
		return ID{}, fmt.Errorf("make an id: %w", err)
	}
	id := ID(random)
	at := binary.BigEndian.AppendUint64(nil, uint64(max(now.UnixMilli(), 0))<<16)
	copy(id[:6], at) // the caller's clock, not the machine's
	return id, nil
}

// ParseID reads the 36 characters of a UUID in any letter case. Anything else is ErrID, which callers
// treat as an id that nobody has.
func ParseID(text string) (ID, error) {
	if len(text) != textLen {
		return ID{}, fmt.Errorf("%q: %w", clip(text), ErrID)
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return ID{}, fmt.Errorf("%q: %w", clip(text), ErrID)
	}
	return ID(id), nil
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
func (id ID) String() string { return uuid.UUID(id).String() }

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
