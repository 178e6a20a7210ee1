package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"sacbridge/internal/apply"
	"sacbridge/internal/store"
)

// fileMode keeps plans and journals, which name people, from other accounts.
const fileMode fs.FileMode = 0o600

// defaultTimeout is how long Open waits for another process to let go of the file.
const defaultTimeout = time.Second

// The sentinel errors of a file.
var (
	ErrInUse  = errors.New("in use by another process")
	ErrNewer  = errors.New("written by a newer version")
	ErrClosed = errors.New("the file is closed")
)

var (
	bucketMeta = []byte("meta")
	keySchema  = []byte("schema")
)

// Options of Open.
type Options struct {
	Timeout time.Duration    // how long to wait for another process to close the file; 1 s if 0
	Now     func() time.Time // the clock that leases run by; time.Now if nil
	// NoSync leaves out the fsync of each write. A crash loses data then: for tests only.
	NoSync bool
	// MmapSize is how much address space the file gets at once, in bytes. A write that outgrows it waits for
	// every reader. 0 suits a file that stays small; a directory wants DirectoryMmapSize.
	MmapSize int
	// Unwritable is told when writes begin to fail because of the disk (a *directory.UnwritableError), and by nil when they
	// arrive again; nil tells nobody. It must not use the DB.
	Unwritable func(error)

	openFile func(path string, flag int, mode fs.FileMode) (*os.File, error) // openShared if nil
}

// DB is an open file. It is safe for concurrent use.
type DB struct {
	path      string
	bolt      *bbolt.DB
	commits   *committer
	now       func() time.Time
	committed notifier // tells of each commit of the directory, and of the end

	tokenVersion atomic.Uint64
}

// Open opens or creates the file at path, which only this process can use until Close. It fails with
// ErrInUse where another process has it, and with ErrNewer where the file has a newer schema.
func Open(path string, o Options) (*DB, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	file, err := openFile(path, &bbolt.Options{
		Timeout: o.Timeout, NoSync: o.NoSync, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
		InitialMmapSize: o.MmapSize, OpenFile: o.openFile,
	})
	if err != nil {
		return nil, err
	}
	return &DB{path: path, bolt: file, commits: newCommitter(file, newDisk(path, o.Unwritable)), now: o.Now}, nil
}

// openFile opens a bbolt file and checks or, unless it is opened for reading, writes its schema version.
func openFile(path string, o *bbolt.Options) (*bbolt.DB, error) {
	if o.OpenFile == nil {
		o.OpenFile = openShared
	}
	_, missing := os.Stat(path)
	if err := checkStructure(path); err != nil {
		return nil, explain(path, "open", err)
	}
	file, err := bbolt.Open(path, fileMode, o)
	if err != nil {
		return nil, explain(path, "open", err)
	}
	if err = checkSchema(file, path); err == nil && missing != nil && !o.ReadOnly {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(explain(path, "open", err), file.Close())
	}
	return file, nil
}

// checkSchema refuses a file of a newer schema, migrates one of an older, and marks a new file.
func checkSchema(file *bbolt.DB, path string) error {
	found, foreign := 0, false
	err := file.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketMeta)
		if b == nil {
			key, _ := tx.Cursor().First()
			foreign = key != nil
			return nil
		}
		n, err := strconv.Atoi(string(b.Get(keySchema)))
		if err != nil {
			return fmt.Errorf("read the schema version: %w", err)
		}
		found = n
		return nil
	})
	switch {
	case err != nil:
		return err
	case foreign:
		return fmt.Errorf("it is another program's database: %w", bolterrors.ErrInvalid)
	case found > store.SchemaVersion:
		return fmt.Errorf("%w (schema %d, this one knows up to %d): use that version", ErrNewer, found, store.SchemaVersion)
	case found == store.SchemaVersion || file.IsReadOnly():
		return nil
	case found > 0:
		return migrate(file, path, found, migrations())
	}
	return file.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketMeta)
		if err != nil {
			return err
		}
		return b.Put(keySchema, []byte(strconv.Itoa(store.SchemaVersion)))
	})
}

// syncFolder makes the name of a new file survive a power loss. Systems that cannot sync a folder keep
// it by other means.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := folder.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, fs.ErrPermission) {
		return errors.Join(err, folder.Close())
	}
	return folder.Close()
}

// explain wraps an error of the file with its path and, where one is known, the cure.
func explain(path, doing string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s %s: %w: wait for it to end, or stop it", doing, path, ErrInUse)
	case isForeign(err):
		return fmt.Errorf("%s %s: this is not a file of sacbridge, or it is damaged: %w", doing, path, err)
	}
	return Explain(path, doing, err)
}

// isForeign reports whether an error says that a file is none of bbolt's, or that its beginning is damaged.
func isForeign(err error) bool {
	return errors.Is(err, bolterrors.ErrInvalid) || errors.Is(err, bolterrors.ErrChecksum) || errors.Is(err, bolterrors.ErrVersionMismatch)
}

// isDamage reports whether an error says that a file is damaged, or none of sacbridge.
func isDamage(err error) bool {
	return isForeign(err) || errors.Is(err, ErrCutShort) || errors.Is(err, ErrDamaged)
}

// Explain wraps an error of reading or writing path with the cure, where the disk is to blame, such as in
// "back up to copy.db: the disk is full, free some space".
func Explain(path, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return fmt.Errorf("%s %s: the disk is full (or a quota, a limit on files, or the inodes are), free some space: %w", doing, path, err)
	case isErrno(err, readOnlyDisk):
		return fmt.Errorf("%s %s: the disk cannot be written to, choose another folder: %w", doing, path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s %s: this account may not write there, give it the right or choose another folder: %w", doing, path, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s %s: the folder does not exist, create it: %w", doing, path, err)
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}

// Journal gives the journal that the file holds, of a run whose lease is in the file too.
func (db *DB) Journal() apply.Journal { return &journal{db: db} }

// Leases gives the leases that the file holds.
func (db *DB) Leases() apply.Leases {
	return &leases{write: db.commits.do, read: db.view, now: db.now}
}

// view runs fn in a read transaction.
func (db *DB) view(fn func(tx *bbolt.Tx) error) error {
	err := db.bolt.View(fn)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return fmt.Errorf("read %s: %w", db.path, ErrClosed)
	}
	return err
}

// Close ends all writes and lets go of the file. Closing twice does nothing.
func (db *DB) Close() error {
	if !db.commits.close() {
		return nil
	}
	err := db.bolt.Close()
	db.committed.notify()
	if err != nil {
		return explain(db.path, "close", err)
	}
	return nil
}
