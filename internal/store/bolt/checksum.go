package bolt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// A backup ends with a trailer: magic, transaction, length, SHA-256 of all before it, and a checksum of the trailer
// itself. It is behind the last page, where bbolt does not look, so that a backup can be opened as it is. bbolt's own
// pages have no checksum: a bit that flips within a value would be noticed by nobody.
const (
	trailerLen = 64
	trailerSum = trailerLen - 8 // where the trailer's own checksum stands
	minPage    = 1024           // the smallest page of bbolt: a file of pages alone is a multiple of it
)

var trailerMagic = []byte("SACBSUM1")

// writeWithTrailer writes a copy of the file as the transaction sees it, with its trailer.
func writeWithTrailer(tx *bbolt.Tx, w io.Writer) error {
	sum := sha256.New()
	n, err := tx.WriteTo(io.MultiWriter(w, sum))
	if err != nil {
		return err
	}
	trailer := bytes.Clone(trailerMagic)
	trailer = binary.BigEndian.AppendUint64(trailer, uint64(tx.ID())) //nolint:gosec // not negative
	trailer = binary.BigEndian.AppendUint64(trailer, uint64(n))       //nolint:gosec // not negative
	trailer = sum.Sum(trailer)
	_, err = w.Write(binary.BigEndian.AppendUint64(trailer, fnvOf(trailer)))
	return err
}

func fnvOf(p []byte) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write(p)
	return sum.Sum64()
}

// checkTrailer refuses a file that is not what its trailer says, and one whose trailer is longer or shorter than that. A
// file that was written to since then, a backup in use as a state, is no longer compared; nor is one without a trailer.
func checkTrailer(file io.ReaderAt, meta metaRecord, size uint64) error {
	pages := meta.pages * uint64(meta.pageSize)
	if size%minPage == 0 {
		return nil
	}
	var trailer [trailerLen]byte
	n, err := file.ReadAt(trailer[:], int64(pages)) //nolint:gosec // inside the file
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if size != pages+trailerLen {
		if bytes.HasPrefix(trailer[:n], trailerMagic) {
			return fmt.Errorf("the checksum at its end has %d of %d bytes: %w", size-pages, trailerLen, ErrDamaged)
		}
		return nil // a write that a crash has cut
	}
	order := binary.BigEndian
	if !bytes.HasPrefix(trailer[:], trailerMagic) || order.Uint64(trailer[trailerSum:]) != fnvOf(trailer[:trailerSum]) {
		return fmt.Errorf("the checksum at its end cannot be read: %w", ErrDamaged)
	}
	if meta.txid > order.Uint64(trailer[8:]) {
		return nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, 0, int64(pages))); err != nil { //nolint:gosec // inside the file
		return err
	}
	if order.Uint64(trailer[16:]) != pages || !bytes.Equal(sum.Sum(nil), trailer[24:trailerSum]) {
		return fmt.Errorf("the checksum at its end is that of another content: %w", ErrDamaged)
	}
	return nil
}

// dropTrailer makes a state of a backup that was compared with its trailer. It refuses one with some other end.
func dropTrailer(path string) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR, fileMode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	switch {
	case err != nil || info.Size()%minPage == 0:
		return err
	case info.Size()%minPage != trailerLen:
		return fmt.Errorf("%w: its end is not that of a backup", ErrBackup)
	}
	if err := file.Truncate(info.Size() - trailerLen); err != nil {
		return err
	}
	return file.Sync()
}
