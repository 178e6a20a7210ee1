package bolt

import (
	"encoding/binary"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// The buckets of a directory. Keys begin with the four bytes of their source, ids are 16 raw bytes, and
// texts in keys hold no zero byte, so that one can end them.
var (
	bucketSource    = []byte("source")      // name → its four bytes
	bucketUser      = []byte("user")        // id → record
	bucketGroup     = []byte("group")       // id → record, without members
	bucketUserName  = []byte("ix_username") // folded name → id
	bucketGroupName = []byte("ix_gname")    // folded name → id
	bucketExternal  = []byte("ix_extid")    // kind, externalId, 0, id
	bucketEmail     = []byte("ix_email")    // kind, folded address, 0, id
	bucketModified  = []byte("ix_modified") // kind, milliseconds, 0, id
	bucketMembers   = []byte("gm")          // group, member → kind and display name
	bucketGroups    = []byte("mg")          // member, group
	bucketCount     = []byte("count")       // kind, or one of the counters below → number
	bucketLog       = []byte("log")         // sequence number → event
	bucketDeleted   = []byte("deleted")     // kind, id → deleted record
	bucketPurged    = []byte("purged")      // id → sequence number of its last event, while that is kept
)

// What the count bucket holds beside the number of records of a kind.
const (
	counterLast  = 0xf0 // the last sequence number given
	counterFloor = 0xf1 // the last sequence number forgotten
)

// keyFold is where meta keeps the version of the folding that made the indexes.
var keyFold = []byte("fold")

// keyOwnPage is an empty bucket within the growing ones, see makeBucket. It is behind the keys of all sources.
var keyOwnPage = []byte{0xff}

func directoryBuckets() [][]byte {
	return [][]byte{
		bucketSource, bucketUser, bucketGroup, bucketUserName, bucketGroupName, bucketExternal, bucketEmail, bucketModified,
		bucketMembers, bucketGroups, bucketCount, bucketLog, bucketDeleted, bucketPurged,
	}
}

// buckets are the directory's buckets in one transaction.
type buckets struct {
	tx     *bbolt.Tx
	prefix []byte // of the source
}

// bucket gives a bucket. The directory's are made when it is opened, and never removed.
func (b *buckets) bucket(name []byte) *bbolt.Bucket { return b.tx.Bucket(name) }

// indexFill is how full bbolt leaves the first of two pages when it splits one. Names come by chance or, when a
// directory is first filled, in order: halves, which bbolt makes, would stay half empty then.
const indexFill = .75

// unordered gives a bucket whose keys come in any order.
func (b *buckets) unordered(name []byte) *bbolt.Bucket {
	bucket := b.tx.Bucket(name)
	bucket.FillPercent = indexFill
	return bucket
}

// appending gives a bucket whose keys come in ascending order most of the time, so that its pages are filled.
func (b *buckets) appending(name []byte) *bbolt.Bucket {
	bucket := b.tx.Bucket(name)
	bucket.FillPercent = 1
	return bucket
}

// key joins the source and parts.
func (b *buckets) key(parts ...[]byte) []byte {
	size := len(b.prefix)
	for _, part := range parts {
		size += len(part)
	}
	key := append(make([]byte, 0, size), b.prefix...)
	for _, part := range parts {
		key = append(key, part...)
	}
	return key
}

// sourcePrefix gives the four bytes of a source; nil for one that nobody has written to.
func sourcePrefix(tx *bbolt.Tx, source directory.SourceID) []byte {
	return tx.Bucket(bucketSource).Get([]byte(source))
}

func recordBucket(kind directory.Kind) []byte {
	if kind == directory.Group {
		return bucketGroup
	}
	return bucketUser
}

// index says how an index is kept: its bucket, the kind its keys begin with, and whether
// the id follows in the key.
type index struct {
	bucket []byte
	kind   []byte // with which its keys begin after the source; nil where the bucket is of one kind
	unique bool
}

func indexOf(ix directory.Index) index {
	kind := []byte{byte(ix.Kind)}
	switch ix.Field {
	case directory.ByName:
		if ix.Kind == directory.Group {
			return index{bucket: bucketGroupName, unique: true}
		}
		return index{bucket: bucketUserName, unique: true}
	case directory.ByExternalID:
		return index{bucket: bucketExternal, kind: kind}
	case directory.ByEmail:
		return index{bucket: bucketEmail, kind: kind}
	case directory.ByModified:
		return index{bucket: bucketModified, kind: kind}
	case directory.ByID:
	}
	return index{bucket: recordBucket(ix.Kind), unique: true}
}

// encode gives key and value of an index entry.
func (ix *index) encode(b *buckets, key []byte, id directory.ID) (k, v []byte) {
	if ix.unique {
		return b.key(key), id[:]
	}
	return b.key(ix.kind, key, []byte{0}, id[:]), nil
}

// decode reads an index entry, key without the source and the kind. ok is false where it is malformed.
func (ix *index) decode(field directory.Field, key, value []byte) (e directory.Entry, ok bool) {
	switch {
	case field == directory.ByID:
		ok = len(key) == store.IDLen
		copy(e.ID[:], key)
		e.Key = key
	case ix.unique:
		ok = len(value) == store.IDLen
		copy(e.ID[:], value)
		e.Key = key
	case len(key) > store.IDLen && key[len(key)-store.IDLen-1] == 0:
		ok = true
		copy(e.ID[:], key[len(key)-store.IDLen:])
		e.Key = key[:len(key)-store.IDLen-1]
	}
	return e, ok
}

// number reads a counter; 0 where it is not there.
func number(value []byte) uint64 {
	if len(value) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(value)
}

func (b *buckets) counter(name byte) uint64 {
	return number(b.bucket(bucketCount).Get(b.key([]byte{name})))
}

func (b *buckets) setCounter(name byte, n uint64) error {
	return b.bucket(bucketCount).Put(b.key([]byte{name}), store.SeqKey(n))
}
