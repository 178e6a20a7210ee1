//go:build !unix

package main

// runOnFullDisk has no way to limit files here; scripts use it on Unix only.
func runOnFullDisk() int { return 99 }
