// Package identity is the neutral model of people, teams and their links, the same for every
// tenant and every wire format: what a user and a team are, what a reading of a tenant found
// (Snapshot), and the set algebra on role links and memberships. It is pure: no network, file,
// clock or random source, and it imports the standard library only.
package identity
