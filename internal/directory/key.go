package directory

import (
	"encoding/binary"
	"time"

	"sacbridge/internal/scim"
)

// FoldVersion names the rules of NameKey. A Store keeps it with its indexes, which must be made anew where
// it changes.
const FoldVersion = "scim-names-2"

// NameKey gives the key of an index for the name of a user or a group. It is scim.Name and nothing else: two names have
// one key exactly where the evaluation of a filter calls them equal, and what begins with a text for a filter (sw)
// begins with its key here.
func NameKey(value string) []byte { return []byte(scim.Name(value)) }

// EmailKey gives the key of an index for an address, which is compared without letter case.
func EmailKey(value string) []byte { return []byte(scim.Caseless(value)) }

// TimeKey gives the key of ByModified: milliseconds, so that keys sort as moments do.
func TimeKey(at time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(at.UnixMilli(), 0)))
}

// KeyAfter gives the first key after all that begin with prefix; nil where there is none.
func KeyAfter(prefix []byte) []byte {
	for n := len(prefix) - 1; n >= 0; n-- {
		if prefix[n] < 0xff {
			next := append([]byte(nil), prefix[:n+1]...)
			next[n]++
			return next
		}
	}
	return nil
}
