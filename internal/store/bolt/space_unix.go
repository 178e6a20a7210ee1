//go:build linux || darwin

package bolt

import (
	"os"
	"path/filepath"
	"syscall"
)

// FreeBytes gives the room that this process may still use on the disk of the file at path; false where nobody knows.
func FreeBytes(path string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &s); err != nil || s.Blocks == 0 {
		return 0, false // some file systems in user space do not tell
	}
	blocks := s.Bavail
	if os.Geteuid() == 0 {
		blocks = s.Bfree // root may use what is reserved for it
	}
	return blocks * uint64(s.Bsize), true //nolint:gosec // a block's size is positive
}
