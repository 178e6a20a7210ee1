//go:build race

package main

// raceMemory is how much more memory the race detector's shadow takes.
const raceMemory = 4
