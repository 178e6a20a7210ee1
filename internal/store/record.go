package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// SchemaVersion is the version of what the drivers write. A driver refuses a newer one.
const SchemaVersion = 1

// formatJSON is the first byte of a record: JSON follows.
const formatJSON = 1

// ErrFormat says that a record is not in a form this version can read.
var ErrFormat = errors.New("unknown record format")

// Encode gives v as a record: a format byte, then JSON.
func Encode(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return append([]byte{formatJSON}, body...), nil
}

// Decode reads a record of Encode into v. It keeps nothing of record.
func Decode(record []byte, v any) error {
	if len(record) == 0 {
		return fmt.Errorf("%w: empty", ErrFormat)
	}
	if record[0] != formatJSON {
		return fmt.Errorf("%w %d", ErrFormat, record[0])
	}
	if err := json.Unmarshal(record[1:], v); err != nil {
		return fmt.Errorf("decode record: %w", err)
	}
	return nil
}

// SeqKey gives a key that sorts as its number does.
func SeqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// Seq reads a key of SeqKey; ok is false where it is not one.
func Seq(key []byte) (seq uint64, ok bool) {
	if len(key) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key), true
}
