package main

import "time"

// showTime shows a time, or a word where there is none.
func showTime(at time.Time, none string) string {
	if at.IsZero() {
		return none
	}
	return at.UTC().Format("2006-01-02 15:04")
}
