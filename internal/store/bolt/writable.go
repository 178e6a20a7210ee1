package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LeaseFileWritable proves that leases can be kept in the file at path, and makes its folder. It leaves the file as
// it is.
func LeaseFileWritable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("open %s: it is a link to what does not exist", path)
		}
		return tryFolder(filepath.Dir(path))
	case err != nil:
		return explain(path, "open", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("open %s: it is no file, but %s", path, kindOf(info))
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return explain(path, "open", err)
	}
	return errors.Join(file.Close(), tryFolder(filepath.Dir(path)))
}

func kindOf(info fs.FileInfo) string {
	if info.IsDir() {
		return "a folder"
	}
	return "something else (" + info.Mode().Type().String() + ")"
}

// tryFolder proves by a synced file that a folder takes files; it makes the folder where it is missing.
func tryFolder(dir string) (err error) {
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return explain(dir, "make", err)
	}
	file, err := os.CreateTemp(dir, ".writable.*")
	if err != nil {
		return explain(dir, "write to", err)
	}
	_, werr := file.Write(make([]byte, 1<<20)) // more than an empty journal takes
	if err := errors.Join(werr, file.Sync(), file.Close(), os.Remove(file.Name())); err != nil {
		return explain(dir, "write to", err)
	}
	return nil
}
