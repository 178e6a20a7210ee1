//go:build race

package apply_test

// raceDetector says that everything takes several times as long.
const raceDetector = true
