package bolt

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

// DirectoryMmapSize is as long as the file is from the start, for Windows maps no more of a file than there is.
const DirectoryMmapSize = 64 << 20

// What the system says of a disk that takes no more, and of one that takes nothing. The names of syscall stand for
// numbers here that Windows never gives.
var noSpace = []syscall.Errno{
	windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED, windows.ERROR_FILE_TOO_LARGE,
}

const (
	quotaReached = windows.ERROR_DISK_QUOTA_EXCEEDED
	fileTooLarge = windows.ERROR_FILE_TOO_LARGE
	readOnlyDisk = windows.ERROR_WRITE_PROTECT
	diskFault    = windows.ERROR_IO_DEVICE
)

// FreeBytes gives the room that this process may still use on the disk of the file at path; false where nobody knows.
func FreeBytes(path string) (free uint64, ok bool) {
	folder, err := windows.UTF16PtrFromString(filepath.Dir(path))
	if err != nil {
		return 0, false
	}
	err = windows.GetDiskFreeSpaceEx(folder, &free, nil, nil)
	return free, err == nil
}

// openShared opens a file that can be removed while it is open, which os.OpenFile does not allow here. Of the flags it
// knows those for reading, writing and creating. Who may open the file is for its folder to say.
func openShared(path string, flag int, _ fs.FileMode) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	var access, create uint32 = windows.GENERIC_READ, windows.OPEN_EXISTING
	if flag&os.O_RDWR != 0 {
		access |= windows.GENERIC_WRITE
	}
	if flag&os.O_CREATE != 0 {
		create = windows.OPEN_ALWAYS
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(name, access, share, nil, create, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}
