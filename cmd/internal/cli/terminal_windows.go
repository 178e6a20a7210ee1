package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// knowsEscapes has the console take escape sequences, and reports whether it does. Those before Windows 10 do not.
func knowsEscapes(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
