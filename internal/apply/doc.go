// Package apply carries a plan out through an upstream.Connector: batches in dependency order (a pure
// function, so that the estimate is its length), workers, verification of unknown outcomes, the journal
// that makes a killed run resumable, the lease on the target, hooks for progress and the result per
// entity. It never decides what to change, and prints nothing. It imports identity, plan and upstream.
package apply
