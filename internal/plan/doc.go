// Package plan decides: from what is wanted (Request), what the source holds and what the target
// holds it makes an ordered list of changes, each with before, after and reason, together with the
// conflicts, skips and tripped guards that a person has to see before anything is written. It also
// owns the plan's file format and its fingerprints. It is pure (no network, file, clock or random
// source) and imports identity only.
package plan
