//go:build unix

package session

import "syscall"

// What the system says of a connection.
const (
	connectionRefused  = syscall.ECONNREFUSED
	connectionReset    = syscall.ECONNRESET
	hostUnreachable    = syscall.EHOSTUNREACH
	networkUnreachable = syscall.ENETUNREACH
)
