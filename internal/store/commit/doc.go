// Package commit plans the commit of a directory.Change, for every database driver alike: it compares the preconditions,
// refuses what they forbid, numbers revisions and events, and gives what is to be written. It is pure given what it
// reads; a driver reads and writes inside one transaction. It may import directory.
package commit
