package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"strconv"
	"unicode/utf8"
)

const (
	checksumKey    = "checksum"
	checksumPrefix = "sha256:"
)

// contentHash hashes what a plan file says, key by key and value by value in the order of the file, without
// its white space. Each text goes with its length, so that neighbours cannot be confused.
type contentHash struct {
	sum     hash.Hash
	compact *bytes.Buffer
}

func newContentHash() contentHash { return contentHash{sum: sha256.New(), compact: &bytes.Buffer{}} }

// key hashes a key as it reads from the file, where text that is not valid UTF-8 has been replaced.
func (h contentHash) key(name string) {
	if !utf8.ValidString(name) {
		name = string([]rune(name))
	}
	h.text([]byte(name))
}

// value hashes a value in compact form.
func (h contentHash) value(compact []byte) { h.text(compact) }

// valueOf hashes a value as it stands in a file. It must be valid JSON.
func (h contentHash) valueOf(text []byte) error {
	h.compact.Reset()
	if err := json.Compact(h.compact, text); err != nil {
		return err
	}
	h.value(h.compact.Bytes())
	return nil
}

func (h contentHash) text(b []byte) {
	_, _ = io.WriteString(h.sum, strconv.Itoa(len(b))+":") // a hash never fails
	_, _ = h.sum.Write(b)
}

func (h contentHash) checksum() string { return checksumPrefix + hex.EncodeToString(h.sum.Sum(nil)) }
