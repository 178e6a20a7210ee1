package bolt

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"sacbridge/internal/directory"
)

// Whatever stands in a file, checking its structure ends, and with an error that says what to do.
func FuzzStructure(f *testing.F) {
	path := filepath.Join(f.TempDir(), "bridge.db")
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := db.Directory(); err != nil {
		f.Fatal(err)
	}
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), []byte{})
	f.Add(uint16(3*os.Getpagesize()+10), []byte{0xff, 0xff})
	f.Add(uint16(4*os.Getpagesize()), []byte(directory.FoldVersion))
	f.Fuzz(func(t *testing.T, at uint16, patch []byte) {
		torn := bytes.Clone(whole)
		copy(torn[min(int(at), len(torn)):], patch)
		file := bytes.NewReader(torn)
		meta := metaAt(file, 0)
		if second := secondMeta(file); second.txid > meta.txid {
			meta = second
		}
		if meta.pages == 0 || meta.pages*uint64(meta.pageSize) > uint64(len(torn)) {
			return
		}
		if err := checkTree(file, meta); err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want ErrDamaged", err)
		}
	})
}
