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
type operations interface {
	NewToken(ctx context.Context, w tokenWish) (token string, err error)
	Tokens(ctx context.Context, source string) ([]tokenInfo, error)
	// RevokeTokens removes the tokens of a name, or the one whose id begins so, and counts them.
	RevokeTokens(ctx context.Context, w revokeWish) (int, error)
	// Deleted lists one page of deleted records, by id after one.
	Deleted(ctx context.Context, w deletedWish) ([]deletedInfo, error)
	RestoreDeleted(ctx context.Context, w restoreWish) (deletedInfo, error)
	// Backup writes a copy of the state. What was written is no backup where it fails.
	Backup(ctx context.Context, w io.Writer) error
	Check(ctx context.Context) (directory.Report, error)
}

// tokenWish asks for a token.
type tokenWish struct {
	Source string        `json:"source"`
	Name   string        `json:"name"`
	TTL    time.Duration `json:"ttl"` // 0: until revoked
}

// revokeWish names tokens to revoke.
type revokeWish struct {
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

// deletedWish asks for deleted records.
type deletedWish struct {
	Source string `json:"source"`
	Kind   string `json:"kind"`  // User or Group
	After  string `json:"after"` // "" from the start
}

// restoreWish names a deleted record.
type restoreWish struct {
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
type desk struct {
	sources []string
	tokens  scimserver.TokenStore
	dir     *directory.Directory
	now     func() time.Time
	audit   *slog.Logger
}

// NewToken implements operations.
func (d *desk) NewToken(ctx context.Context, w tokenWish) (string, error) {
	if err := knownSource(d.sources, w.Source); err != nil {
		return "", err
	}
	text, token, err := scimserver.NewToken(ctx, d.tokens, w.Source, w.Name, w.TTL, d.now())
	if errors.Is(err, scimserver.ErrTokenInUse) {
		return "", cli.Coded(cli.ExitUsage, err)
	}
	if err != nil {
		return "", err
	}
	d.audit.InfoContext(ctx, "token made", logSource, w.Source, logToken, w.Name, logID, tokenID(token.Hash))
	return text, nil
}

func tokenID(hash scimserver.TokenHash) string { return hex.EncodeToString(hash[:6]) }

// Tokens implements operations.
func (d *desk) Tokens(ctx context.Context, source string) ([]tokenInfo, error) {
	if source != "" {
		if err := knownSource(d.sources, source); err != nil {
			return nil, err
		}
	}
	all, err := scimserver.ListTokens(ctx, d.tokens, source)
	if err != nil {
		return nil, err
	}
	infos := make([]tokenInfo, len(all))
	for i, t := range all {
		infos[i] = tokenInfo{
			ID: tokenID(t.Hash), Source: t.Source, Name: t.Name, Created: t.Created, Expires: t.Expires,
			LastUsed: t.LastUsed, Valid: t.Valid(d.now()),
		}
	}
	return infos, nil
}

// RevokeTokens implements operations. The source need not be configured any more.
func (d *desk) RevokeTokens(ctx context.Context, w revokeWish) (int, error) {
	n, err := scimserver.RevokeTokens(ctx, d.tokens, w.Source, w.Name, func(t scimserver.Token) bool {
		return !t.Client && strings.HasPrefix(tokenID(t.Hash), strings.ToLower(w.ID))
	})
	if err != nil {
		return n, err
	}
	if n == 0 {
		return 0, cli.Usagef("source %q has no such token named %q (bridge token list shows them)", w.Source, w.Name)
	}
	d.audit.InfoContext(ctx, "tokens revoked", logSource, w.Source, logToken, w.Name, logCount, n)
	return n, nil
}

// Deleted implements operations.
func (d *desk) Deleted(ctx context.Context, w deletedWish) ([]deletedInfo, error) {
	if err := knownSource(d.sources, w.Source); err != nil {
		return nil, err
	}
	var after directory.ID
	if w.After != "" {
		var err error
		if after, err = directory.ParseID(w.After); err != nil {
			return nil, cli.Usagef("list deleted records after %q: %w", w.After, err)
		}
	}
	kind := directory.User
	if w.Kind == directory.Group.String() {
		kind = directory.Group
	}
	page, err := d.dir.Deleted(ctx, directory.SourceID(w.Source), kind, after, deletedPage)
	if err != nil {
		return nil, err
	}
	infos := make([]deletedInfo, len(page))
	for i := range page {
		r := &page[i]
		infos[i] = deletedInfo{ID: r.ID.String(), Kind: r.Kind.String(), Name: nameOf(&r.Header), At: r.At, By: r.By}
	}
	return infos, nil
}

func nameOf(h *directory.Header) string {
	if h.Kind == directory.Group {
		return h.DisplayName
	}
	return h.UserName
}

// RestoreDeleted implements operations. An id belongs to one record, so its kind need not be known.
func (d *desk) RestoreDeleted(ctx context.Context, w restoreWish) (deletedInfo, error) {
	if err := knownSource(d.sources, w.Source); err != nil {
		return deletedInfo{}, err
	}
	id, err := directory.ParseID(w.ID)
	if err != nil {
		return deletedInfo{}, cli.Usagef("restore %q: %w", w.ID, err)
	}
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		done, err := d.dir.Restore(ctx, directory.SourceID(w.Source), kind, id, directory.WriteOptions{By: "bridge deleted restore"})
		if errors.Is(err, directory.ErrNotFound) {
			continue
		}
		if _, taken := errors.AsType[*directory.ConflictError](err); taken {
			return deletedInfo{}, cli.Usagef("restore %s: %w: rename or delete that one first", id, err)
		}
		if err != nil {
			return deletedInfo{}, err
		}
		d.audit.InfoContext(ctx, "record restored", logSource, w.Source, logID, id.String())
		return deletedInfo{ID: id.String(), Kind: kind.String(), Name: nameOf(&done.Header)}, nil
	}
	return deletedInfo{}, cli.Usagef("source %q has no deleted record %s (bridge deleted list shows them)", w.Source, id)
}

// Backup implements operations.
func (d *desk) Backup(ctx context.Context, w io.Writer) error {
	if err := d.dir.Backup(ctx, w); err != nil {
		return err
	}
	d.audit.InfoContext(ctx, "backup made")
	return nil
}

// Check implements operations.
func (d *desk) Check(ctx context.Context) (directory.Report, error) { return d.dir.Check(ctx) }

// allDeleted lists the deleted records of a kind, page by page.
func allDeleted(ctx context.Context, ops operations, source string, kind directory.Kind) ([]deletedInfo, error) {
	var all []deletedInfo
	for after := ""; ; {
		page, err := ops.Deleted(ctx, deletedWish{Source: source, Kind: kind.String(), After: after})
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
