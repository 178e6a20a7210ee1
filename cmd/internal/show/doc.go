// Package show is how the programs show plans, runs and results: to people, with counts first and names below, and to
// programs as one JSON document; the meter that tells how far things are, and the question before anything is
// written. It decides nothing.
package show
