package directory

import (
	"errors"
	"fmt"
	"strings"
)

// The sentinel errors of a directory.
var (
	ErrNotFound = errors.New("not found")
	// ErrTooMany says that a query would read more than is allowed (RFC 7644 §3.12: tooMany).
	ErrTooMany = errors.New("too many records: narrow the filter by userName, externalId, emails.value, displayName of a group, members or meta.lastModified, or read all of them without a filter, page by page")
	// ErrTrimmed says that a feed was asked for events which are no longer kept: the reader starts anew with
	// a full reconciliation.
	ErrTrimmed = errors.New("these events are no longer kept")
	// ErrAhead says that a feed was asked for events after a number that was never given: the store is older than its
	// reader, restored from a backup or behind after a failover. The reader starts anew as after ErrTrimmed.
	ErrAhead = errors.New("the reader has seen more events than there are")
	// ErrCursor says that a page cursor is not one of this directory (RFC 9865 §2.1: invalidCursor).
	ErrCursor = errors.New("invalid cursor")
	// ErrNameless says that a user has no userName, or a group no displayName.
	ErrNameless = errors.New("a name is required")
)

// ConflictError says that a value which must be unique belongs to another record.
type ConflictError struct {
	Kind   Kind
	Attr   string // userName, displayName, externalId, or id
	Value  string
	Holder ID
}

// Error names the attribute and the holder.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s %q belongs to %s %s already", e.Attr, clip(e.Value), strings.ToLower(e.Kind.String()), e.Holder)
}

// RevisionError says that a record is not at the revision the caller expected.
type RevisionError struct {
	Kind Kind
	ID   ID
	Got  uint64 // the revision it has
}

// Error names the record and its revision.
func (e *RevisionError) Error() string {
	return fmt.Sprintf("%s %s has changed, it is at revision %d", strings.ToLower(e.Kind.String()), e.ID, e.Got)
}

// UnknownMembersError lists members that the source does not hold, the first of them at least.
type UnknownMembersError struct {
	Group ID
	IDs   []string
}

// Error names the group and the first unknown member.
func (e *UnknownMembersError) Error() string {
	return fmt.Sprintf("group %s: no user or group has the id %q", e.Group, clip(e.IDs[0]))
}

// ValueError says that a value cannot be stored.
type ValueError struct {
	Attr, Reason string
}

// Error names the attribute.
func (e *ValueError) Error() string { return e.Attr + " " + e.Reason }

// UnwritableError says that the store takes no writes at the moment, through no fault of the write. Reading goes on, and
// writes work again once the reason is gone.
type UnwritableError struct {
	Reason string // in fixed words, such as "disk full"
	Err    error  // with path and cure, for the operator
}

// Error gives the text for the operator.
func (e *UnwritableError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *UnwritableError) Unwrap() error { return e.Err }
