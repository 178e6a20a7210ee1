// Package bolt keeps records in one bbolt file: the bridge's directory with its change feed and history,
// the journal of a run, and the leases on tenants. All writes of a file go through one group committer,
// so that many callers share one fsync, and every write is on disk before its call returns. It may import
// store, store/commit, identity, directory and apply.
package bolt
