//go:build !race

package main

// raceMemory is 1 where the race detector is off.
const raceMemory = 1
