package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"go.etcd.io/bbolt"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// migration leads a file from one schema version to the next.
type migration struct {
	from int
	name string
	run  func(tx *bbolt.Tx) error
}

// migrations lists the steps to store.SchemaVersion, in order. Version 1 is the first there is.
func migrations() []migration { return nil }

// migrate takes the steps that a file of version found still lacks, each in a transaction of its own with
// its new version, after one backup beside the file.
func migrate(file *bbolt.DB, path string, found int, steps []migration) error {
	backed := false
	for _, step := range steps {
		if step.from < found {
			continue
		}
		if !backed {
			if err := backUpBeside(file, fmt.Sprintf("%s.schema%d.bak", path, found)); err != nil {
				return err
			}
			backed = true
		}
		err := file.Update(func(tx *bbolt.Tx) error {
			if err := step.run(tx); err != nil {
				return err
			}
			return tx.Bucket(bucketMeta).Put(keySchema, []byte(strconv.Itoa(step.from+1)))
		})
		if err != nil {
			return fmt.Errorf("migrate from schema %d (%s): %w", step.from, step.name, err)
		}
	}
	return nil
}

// backUpBeside copies the file; what was at the place is replaced.
func backUpBeside(file *bbolt.DB, path string) error {
	copied, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return fmt.Errorf("back up before a migration: %w", err)
	}
	err = file.View(func(tx *bbolt.Tx) error { return writeWithTrailer(tx, copied) })
	if err == nil {
		err = copied.Sync()
	}
	if err = errors.Join(err, copied.Close()); err != nil {
		return fmt.Errorf("back up before a migration: %w", err)
	}
	return nil
}

// prepareDirectory makes the directory's buckets where they are missing, and the indexes anew where the
// rules of folding have changed.
func (db *DB) prepareDirectory() error {
	ready, folded := false, ""
	err := db.view(func(tx *bbolt.Tx) error {
		ready = true
		for _, name := range directoryBuckets() {
			ready = ready && tx.Bucket(name) != nil
		}
		folded = string(tx.Bucket(bucketMeta).Get(keyFold))
		return nil
	})
	if err != nil || ready && folded == directory.FoldVersion {
		return err
	}
	if folded != "" && folded != directory.FoldVersion {
		if err := backUpBeside(db.bolt, db.path+".fold.bak"); err != nil {
			return err
		}
	}
	return db.commits.do(func(tx *bbolt.Tx) error {
		for _, name := range directoryBuckets() {
			if err := makeBucket(tx, name); err != nil {
				return err
			}
		}
		if folded != "" && folded != directory.FoldVersion {
			if err := reindex(tx); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyFold, []byte(directory.FoldVersion))
	})
}

// makeBucket makes a bucket where it is missing, with a page of its own if it will grow. bbolt keeps a small bucket
// inside its parent's page, unless it holds another bucket; while a directory is small its many buckets would split
// that page, which is part of every commit, for good.
func makeBucket(tx *bbolt.Tx, name []byte) error {
	b, err := tx.CreateBucketIfNotExists(name)
	if err != nil || bytes.Equal(name, bucketSource) || bytes.Equal(name, bucketCount) {
		return err
	}
	_, err = b.CreateBucketIfNotExists(keyOwnPage)
	return err
}

// reindex makes all indexes anew from the records. It fails where two records have one name now: an older
// version of the program and a renaming solve that.
func reindex(tx *bbolt.Tx) error {
	for _, name := range [][]byte{bucketUserName, bucketGroupName, bucketExternal, bucketEmail, bucketModified} {
		if err := tx.DeleteBucket(name); err != nil {
			return err
		}
		if err := makeBucket(tx, name); err != nil {
			return err
		}
	}
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		c := tx.Bucket(recordBucket(kind)).Cursor()
		for key, value := c.First(); value != nil; key, value = c.Next() { // keyOwnPage, without a value, is the last
			if err := reindexRecord(tx, key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func reindexRecord(tx *bbolt.Tx, key, value []byte) error {
	h, err := store.DecodeHeader(lastID(key), value)
	if err != nil {
		return err
	}
	b := buckets{tx: tx, prefix: bytes.Clone(key[:len(key)-store.IDLen])}
	for _, e := range h.Entries() {
		ix := indexOf(directory.Index{Kind: h.Kind, Field: e.Field})
		k, v := ix.encode(&b, e.Key, h.ID)
		if ix.unique && tx.Bucket(ix.bucket).Get(k) != nil {
			return fmt.Errorf("index anew: %s %s has the name %q of another record now", h.Kind, h.ID, e.Key)
		}
		if err := tx.Bucket(ix.bucket).Put(k, v); err != nil {
			return err
		}
	}
	return nil
}
