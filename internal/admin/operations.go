package admin

import (
	"context"
	"fmt"
	"io"
	"time"

	"sacbridge/internal/directory"
)

// Operations are what can be done with the state of a bridge. All methods may be called at once. An error about the
// request itself is a [*RejectedError].
type Operations interface {
	NewToken(ctx context.Context, r NewTokenRequest) (token string, err error)
	// Tokens lists the tokens of a source, of all for "".
	Tokens(ctx context.Context, source string) ([]Token, error)
	// RevokeTokens removes the tokens of a name, or the one whose id begins so, and counts them.
	RevokeTokens(ctx context.Context, r RevokeTokensRequest) (int, error)
	// Deleted lists one page of deleted records, by id after one.
	Deleted(ctx context.Context, r ListDeletedRequest) ([]Deleted, error)
	RestoreDeleted(ctx context.Context, r RestoreRequest) (Deleted, error)
	// Backup writes a copy of the state. What was written is no backup where it fails.
	Backup(ctx context.Context, w io.Writer) error
	Check(ctx context.Context) (directory.Report, error)
}

// NewTokenRequest asks for a token.
type NewTokenRequest struct {
	Source string        `json:"source"`
	Name   string        `json:"name"`
	TTL    time.Duration `json:"ttl"` // 0: until revoked
}

// RevokeTokensRequest names tokens to revoke.
type RevokeTokensRequest struct {
	Source string `json:"source"`
	Name   string `json:"name"`
	ID     string `json:"id"` // "" for all of the name
}

// Token is what is shown of a token.
type Token struct {
	ID       string    `json:"id"` // the beginning of the hash, which tells two of a name apart
	Source   string    `json:"source"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	Valid    bool      `json:"valid"`
}

// ListDeletedRequest asks for deleted records.
type ListDeletedRequest struct {
	Source string `json:"source"`
	Kind   string `json:"kind"`  // User or Group
	After  string `json:"after"` // "" from the start
}

// RestoreRequest names a deleted record.
type RestoreRequest struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

// Deleted is what is shown of a deleted record.
type Deleted struct {
	ID   string    `json:"id"`
	Kind string    `json:"kind"`
	Name string    `json:"name"`
	At   time.Time `json:"at,omitzero"`
	By   string    `json:"by,omitempty"`
}

// AllDeleted lists all deleted records of a source, page by page: users, then groups.
func AllDeleted(ctx context.Context, ops Operations, source string) ([]Deleted, error) {
	all := []Deleted{}
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		for after := ""; ; {
			page, err := ops.Deleted(ctx, ListDeletedRequest{Source: source, Kind: kind.String(), After: after})
			if err != nil {
				return nil, err
			}
			all = append(all, page...)
			if len(page) < deletedPage {
				break
			}
			after = page[len(page)-1].ID
		}
	}
	return all, nil
}

// RejectedError says that a request cannot be met as it is, such as one for an unknown source. Nothing was changed.
type RejectedError struct{ Reason error }

// Error gives the reason.
func (e *RejectedError) Error() string { return e.Reason.Error() }

// Unwrap gives the reason.
func (e *RejectedError) Unwrap() error { return e.Reason }

// Rejectedf makes a RejectedError, as fmt.Errorf does.
func Rejectedf(format string, args ...any) error { return &RejectedError{fmt.Errorf(format, args...)} }
