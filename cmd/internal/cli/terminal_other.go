//go:build !windows

package cli

import "os"

// knowsEscapes reports whether a terminal knows escape sequences: all that matter do.
func knowsEscapes(*os.File) bool { return true }
