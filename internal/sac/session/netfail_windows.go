package session

import "golang.org/x/sys/windows"

// What the system says of a connection; the names of syscall stand for numbers here that Windows never gives.
const (
	connectionRefused  = windows.WSAECONNREFUSED
	connectionReset    = windows.WSAECONNRESET
	hostUnreachable    = windows.WSAEHOSTUNREACH
	networkUnreachable = windows.WSAENETUNREACH
)
