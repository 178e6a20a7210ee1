//go:build !unix

package cli

// ignoreBrokenPipes has nothing to do where a write to a pipe without reader is an error anyway.
func ignoreBrokenPipes() {}
