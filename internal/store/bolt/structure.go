package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
)

// What a bbolt file begins with: two pages, each of a header of 16 bytes and a meta record, of which the
// younger valid one holds. The numbers are in the machine's byte order.
const (
	metaMagic = 0xED0CDAED
	pageHead  = 16
	metaLen   = pageHead + 64
	metaSum   = metaLen - 8 // where the checksum stands
)

// The errors of a file that a crash, a disk or a copy has damaged.
var (
	ErrCutShort = errors.New("the end of the file is missing: restore a backup")
	ErrDamaged  = errors.New("the file is damaged: restore a backup")
)

// checkStructure refuses a file that is shorter than its meta record says, that is another than its checksum says, or whose
// tree of pages has a hole.
// bbolt maps the file into memory and trusts it: a read behind the end, or of a page that is none, would end
// the process. A file that is missing, empty or not bbolt's is left to bbolt, which says so.
func checkStructure(path string) (err error) {
	file, err := openShared(path, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return err
	}
	for range structureTries {
		meta := newestMeta(file)
		if err = checkPages(file, meta); err == nil || newestMeta(file).txid == meta.txid {
			return err
		}
	}
	return err
}

// structureTries is how often a file is looked at that another process is writing to: pages of a record that is no longer
// the youngest may have been used again.
const structureTries = 10

// checkPages compares the file with a meta record; one without pages says nothing.
func checkPages(file *os.File, meta metaRecord) error {
	if meta.pages == 0 {
		return nil
	}
	// The size is read after the record, since the file grows before its record says so.
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if size, need := uint64(info.Size()), meta.pages*uint64(meta.pageSize); size < need { //nolint:gosec // a size is not negative
		return fmt.Errorf("%d of %d bytes: %w", size, need, ErrCutShort)
	} else if err := checkTrailer(file, meta, size); err != nil {
		return err
	}
	return checkTree(file, meta)
}

// newestMeta gives the record that holds.
func newestMeta(file io.ReaderAt) metaRecord {
	meta := metaAt(file, 0)
	if second := secondMeta(file); second.txid > meta.txid {
		meta = second
	}
	return meta
}

// metaRecord is what checkStructure reads of a meta record; zero where there is no valid one.
type metaRecord struct {
	pageSize uint32
	root     uint64
	pages    uint64
	txid     uint64
}

// secondMeta finds the second record, which is one page behind the first, whatever the page size.
func secondMeta(file io.ReaderAt) metaRecord {
	for size := int64(1024); size <= 1<<16; size *= 2 {
		if m := metaAt(file, size); int64(m.pageSize) == size {
			return m
		}
	}
	return metaRecord{}
}

func metaAt(file io.ReaderAt, at int64) metaRecord {
	var raw [metaLen]byte
	if _, err := file.ReadAt(raw[:], at); err != nil {
		return metaRecord{}
	}
	sum := fnv.New64a()
	_, _ = sum.Write(raw[pageHead:metaSum])
	order := binary.NativeEndian
	if order.Uint32(raw[16:]) != metaMagic || order.Uint64(raw[metaSum:]) != sum.Sum64() {
		return metaRecord{}
	}
	return metaRecord{
		pageSize: order.Uint32(raw[24:]), root: order.Uint64(raw[32:]), pages: order.Uint64(raw[56:]), txid: order.Uint64(raw[64:]),
	}
}
