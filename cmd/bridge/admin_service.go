package main

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/directory"
	"sacbridge/internal/scimserver"
)

// operations are what the commands ask of the state, whether this process has the file open or the
// server of another one answers through its socket. All methods may be called at once.
type adminOperations interface {
	NewToken(ctx context.Context, r newTokenRequest) (token string, err error)
	Tokens(ctx context.Context, source string) ([]tokenInfo, error)
	// RevokeTokens removes the tokens of a name, or the one whose id begins so, and counts them.
	RevokeTokens(ctx context.Context, r revokeTokensRequest) (int, error)
	// Deleted lists one page of deleted records, by id after one.
	Deleted(ctx context.Context, r listDeletedRequest) ([]deletedInfo, error)
	RestoreDeleted(ctx context.Context, r restoreRequest) (deletedInfo, error)
	// Backup writes a copy of the state. What was written is no backup where it fails.
	Backup(ctx context.Context, w io.Writer) error
	Check(ctx context.Context) (directory.Report, error)
}

// newTokenRequest asks for a token.
type newTokenRequest struct {
	Source string        `json:"source"`
	Name   string        `json:"name"`
	TTL    time.Duration `json:"ttl"` // 0: until revoked
}

// revokeTokensRequest names tokens to revoke.
type revokeTokensRequest struct {
	Source string `json:"source"`
	Name   string `json:"name"`
	ID     string `json:"id"` // "" for all of the name
}

// tokenInfo is what is shown of a token.
type tokenInfo struct {
	ID       string    `json:"id"` // the beginning of the hash, which tells two of a name apart
	Source   string    `json:"source"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	Valid    bool      `json:"valid"`
}

// listDeletedRequest asks for deleted records.
type listDeletedRequest struct {
	Source string `json:"source"`
	Kind   string `json:"kind"`  // User or Group
	After  string `json:"after"` // "" from the start
}

// restoreRequest names a deleted record.
type restoreRequest struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

// deletedInfo is what is shown of a deleted record.
type deletedInfo struct {
	ID   string    `json:"id"`
	Kind string    `json:"kind"`
	Name string    `json:"name"`
	At   time.Time `json:"at,omitzero"`
	By   string    `json:"by,omitempty"`
}

// deletedPage is how many deleted records are listed at once.
const deletedPage = 500

// desk carries operations out on a state that this process has open.
type adminService struct {
	sources []string
	tokens  scimserver.TokenStore
	dir     *directory.Directory
	now     func() time.Time
	audit   *slog.Logger
}

// NewToken implements adminOperations.
func (s *adminService) NewToken(ctx context.Context, r newTokenRequest) (string, error) {
	if err := knownSource(s.sources, r.Source); err != nil {
		return "", err
	}
	text, token, err := scimserver.NewToken(ctx, s.tokens, r.Source, r.Name, r.TTL, s.now())
	if errors.Is(err, scimserver.ErrTokenInUse) {
		return "", cli.Coded(cli.ExitUsage, err)
	}
	if err != nil {
		return "", err
	}
	s.audit.InfoContext(ctx, "token made", logSource, r.Source, logToken, r.Name, logID, tokenID(token.Hash))
	return text, nil
}

func tokenID(hash scimserver.TokenHash) string { return hex.EncodeToString(hash[:6]) }

// Tokens implements adminOperations.
func (s *adminService) Tokens(ctx context.Context, source string) ([]tokenInfo, error) {
	if source != "" {
		if err := knownSource(s.sources, source); err != nil {
			return nil, err
		}
	}
	all, err := scimserver.ListTokens(ctx, s.tokens, source)
	if err != nil {
		return nil, err
	}
	infos := make([]tokenInfo, len(all))
	for i, t := range all {
		infos[i] = tokenInfo{
			ID: tokenID(t.Hash), Source: t.Source, Name: t.Name, Created: t.Created, Expires: t.Expires,
			LastUsed: t.LastUsed, Valid: t.Valid(s.now()),
		}
	}
	return infos, nil
}

// RevokeTokens implements adminOperations. The source need not be configured any more.
func (s *adminService) RevokeTokens(ctx context.Context, r revokeTokensRequest) (int, error) {
	n, err := scimserver.RevokeTokens(ctx, s.tokens, r.Source, r.Name, func(t scimserver.Token) bool {
		return !t.Client && strings.HasPrefix(tokenID(t.Hash), strings.ToLower(r.ID))
	})
	if err != nil {
		return n, err
	}
	if n == 0 {
		return 0, cli.Usagef("source %q has no such token named %q (bridge token list shows them)", r.Source, r.Name)
	}
	s.audit.InfoContext(ctx, "tokens revoked", logSource, r.Source, logToken, r.Name, logCount, n)
	return n, nil
}

// Deleted implements adminOperations.
func (s *adminService) Deleted(ctx context.Context, r listDeletedRequest) ([]deletedInfo, error) {
	if err := knownSource(s.sources, r.Source); err != nil {
		return nil, err
	}
	var after directory.ID
	if r.After != "" {
		var err error
		if after, err = directory.ParseID(r.After); err != nil {
			return nil, cli.Usagef("list deleted records after %q: %w", r.After, err)
		}
	}
	kind := directory.User
	if r.Kind == directory.Group.String() {
		kind = directory.Group
	}
	page, err := s.dir.Deleted(ctx, directory.SourceID(r.Source), kind, after, deletedPage)
	if err != nil {
		return nil, err
	}
	infos := make([]deletedInfo, len(page))
	for i := range page {
		record := &page[i]
		infos[i] = deletedInfo{ID: record.ID.String(), Kind: record.Kind.String(), Name: nameOf(&record.Header), At: record.At, By: record.By}
	}
	return infos, nil
}

func nameOf(h *directory.Header) string {
	if h.Kind == directory.Group {
		return h.DisplayName
	}
	return h.UserName
}

// RestoreDeleted implements adminOperations. An id belongs to one record, so its kind need not be known.
func (s *adminService) RestoreDeleted(ctx context.Context, r restoreRequest) (deletedInfo, error) {
	if err := knownSource(s.sources, r.Source); err != nil {
		return deletedInfo{}, err
	}
	id, err := directory.ParseID(r.ID)
	if err != nil {
		return deletedInfo{}, cli.Usagef("restore %q: %w", r.ID, err)
	}
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		done, err := s.dir.Restore(ctx, directory.SourceID(r.Source), kind, id, directory.WriteOptions{By: "bridge deleted restore"})
		if errors.Is(err, directory.ErrNotFound) {
			continue
		}
		if _, taken := errors.AsType[*directory.ConflictError](err); taken {
			return deletedInfo{}, cli.Usagef("restore %s: %w: rename or delete that one first", id, err)
		}
		if err != nil {
			return deletedInfo{}, err
		}
		s.audit.InfoContext(ctx, "record restored", logSource, r.Source, logID, id.String())
		return deletedInfo{ID: id.String(), Kind: kind.String(), Name: nameOf(&done.Header)}, nil
	}
	return deletedInfo{}, cli.Usagef("source %q has no deleted record %s (bridge deleted list shows them)", r.Source, id)
}

// Backup implements adminOperations.
func (s *adminService) Backup(ctx context.Context, w io.Writer) error {
	if err := s.dir.Backup(ctx, w); err != nil {
		return err
	}
	s.audit.InfoContext(ctx, "backup made")
	return nil
}

// Check implements adminOperations.
func (s *adminService) Check(ctx context.Context) (directory.Report, error) { return s.dir.Check(ctx) }

// allDeleted lists the deleted records of a kind, page by page.
func allDeleted(ctx context.Context, ops adminOperations, source string, kind directory.Kind) ([]deletedInfo, error) {
	var all []deletedInfo
	for after := ""; ; {
		page, err := ops.Deleted(ctx, listDeletedRequest{Source: source, Kind: kind.String(), After: after})
		if err != nil {
			return nil, err
		}
		all = slices.Concat(all, page)
		if len(page) < deletedPage {
			return all, nil
		}
		after = page[len(page)-1].ID
	}
}
