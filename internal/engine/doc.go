// Package engine is the one way to change a tenant, whoever asks for it: take the tenant's lease, read both sides, make
// a plan, judge it, have it approved, carry it out, and say what became of it. It also looks after the runs that this
// leaves: it lists, shows, resumes and prunes them, and sums up what they spent of the guards' limits. It takes two
// small endpoints, never a configuration; what it finds it gives back as values and errors with types, for the words are
// the business of whoever talks with people. It may import identity, plan, upstream and apply.
package engine
