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

// A backup ends with a seal: magic, transaction, length, SHA-256 of all before it, and a checksum of the seal itself. It is
// behind the last page, where bbolt does not look, so that a backup can be opened as it is. bbolt's own pages have no
// checksum: a bit that flips within a value would be noticed by nobody.
const (
	sealLen = 64
	sealSum = sealLen - 8 // where the seal's own checksum stands
)

var sealMagic = []byte("SACBSEAL")

// writeSealed writes a copy of the file as the transaction sees it, with its seal.
func writeSealed(tx *bbolt.Tx, w io.Writer) error {
	sum := sha256.New()
	n, err := tx.WriteTo(io.MultiWriter(w, sum))
	if err != nil {
		return err
	}
	seal := bytes.Clone(sealMagic)
	seal = binary.BigEndian.AppendUint64(seal, uint64(tx.ID())) //nolint:gosec // not negative
	seal = binary.BigEndian.AppendUint64(seal, uint64(n))       //nolint:gosec // not negative
	seal = sum.Sum(seal)
	_, err = w.Write(binary.BigEndian.AppendUint64(seal, fnvOf(seal)))
	return err
}

func fnvOf(p []byte) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write(p)
	return sum.Sum64()
}

// checkSeal refuses a file that is not what its seal says, and one that has some other end behind its pages. A file that
// was written to since it was sealed, a backup in use as a state, is no longer compared; nor is one without a seal.
func checkSeal(file io.ReaderAt, meta metaRecord, size uint64) error {
	pages := meta.pages * uint64(meta.pageSize)
	if size%1024 == 0 { // the smallest page there is: all of the file are pages
		return nil
	}
	var seal [sealLen]byte
	if size != pages+sealLen {
		return fmt.Errorf("%d bytes are behind its pages: %w", size-pages, ErrDamaged)
	}
	if _, err := file.ReadAt(seal[:], int64(pages)); err != nil { //nolint:gosec // inside the file
		return err
	}
	order := binary.BigEndian
	if !bytes.HasPrefix(seal[:], sealMagic) || order.Uint64(seal[sealSum:]) != fnvOf(seal[:sealSum]) {
		return fmt.Errorf("the checksum at its end cannot be read: %w", ErrDamaged)
	}
	if meta.txid > order.Uint64(seal[8:]) {
		return nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, 0, int64(pages))); err != nil { //nolint:gosec // inside the file
		return err
	}
	if order.Uint64(seal[16:]) != pages || !bytes.Equal(sum.Sum(nil), seal[24:sealSum]) {
		return fmt.Errorf("the checksum at its end is that of another content: %w", ErrDamaged)
	}
	return nil
}

// dropSeal makes a state of a backup that was compared with its seal.
func dropSeal(path string) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR, fileMode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil || info.Size()%1024 != sealLen {
		return err
	}
	if err := file.Truncate(info.Size() - sealLen); err != nil {
		return err
	}
	return file.Sync()
}
