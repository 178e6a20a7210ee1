// Package apply carries a plan out through an upstream.Connector. A pure function cuts the plan into tasks that wait
// only for what they need (schedule.go), so that the estimate is the sum of their prices; workers carry these out, each
// send with a permission that asks for the held lease. What became of a call is judged by what the target shows, kept
// in the journal, which makes a killed run resumable, and told to the hook and in the result. The package never
// decides what to change, and prints nothing. It imports identity, plan and upstream.
package apply
