//go:build unix

package bolt

import (
	"io/fs"
	"os"
	"syscall"
)

// DirectoryMmapSize is address space for a directory of some million records. It is not memory.
const DirectoryMmapSize = 16 << 30

// What the system says of a disk that takes no more, and of one that takes nothing.
var noSpace = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}

const (
	quotaReached = syscall.EDQUOT
	fileTooLarge = syscall.EFBIG
	readOnlyDisk = syscall.EROFS
	diskFault    = syscall.EIO
)

// openShared opens a file that can be removed while it is open.
func openShared(path string, flag int, mode fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag, mode)
}
