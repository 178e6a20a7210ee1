package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// CanWriteWhole says why WriteWhole cannot make a file at path, as far as that shows without making it.
func CanWriteWhole(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// WriteWhole makes the file at path from what write writes, or leaves what is there: it is written beside path, synced
// and renamed, and readable by its owner only. It gives the size of the file.
func WriteWhole(path string, write func(io.Writer) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return 0, err
	}
	defer func() {
		if err == nil {
			return
		}
		if rerr := os.Remove(f.Name()); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}()
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	info, serr := f.Stat()
	if err = errors.Join(err, serr, f.Close()); err != nil {
		return 0, err
	}
	return info.Size(), os.Rename(f.Name(), path)
}
