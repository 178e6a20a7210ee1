package admin

import (
	"os"
	"path/filepath"
	"strconv"
)

// shortSocketPath gives a path to a socket that its address can hold, and a function to call once it was used.
func shortSocketPath(path string) (string, func(), error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	short := filepath.Join("/proc/self/fd", strconv.FormatUint(uint64(folder.Fd()), 10), filepath.Base(path))
	return short, func() { _ = folder.Close() }, nil
}
