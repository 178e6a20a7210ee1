//go:build !linux

package admin

// shortSocketPath gives the path to a socket, unless its address cannot hold it: only Linux has a way around that.
func shortSocketPath(path string) (string, func(), error) {
	if len(path) > maxSocketPath {
		return "", nil, Rejectedf("%s has %d characters, and this system takes %d for a socket: choose a shorter folder for state", path, len(path), maxSocketPath)
	}
	return path, func() {}, nil
}
