// Package listener guards the public address of the bridge, before anything is a request: how many connections may be
// open, and the certificate that is served, read again when its files change.
//
// It is not for what a request may do; internal/scimserver limits that. It imports the standard library only.
package listener
