package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"sacbridge/internal/directory"
)

// deletedPage is how many deleted records are listed at once.
const deletedPage = 500

// Tokens makes, lists and revokes the bearer tokens of sources. What cannot be done as asked is a [*RejectedError].
type Tokens interface {
	// New makes a token, valid for ttl (0: until revoked), and gives its text, which is shown this once.
	New(ctx context.Context, source, name string, ttl time.Duration, now time.Time) (text string, token Token, err error)
	// List gives the tokens of a source, of all for "".
	List(ctx context.Context, source string, now time.Time) ([]Token, error)
	// Revoke removes the tokens of a name whose id begins so, and counts them.
	Revoke(ctx context.Context, source, name, id string) (int, error)
}

// Deps are what a [Service] needs.
type Deps struct {
	Sources   []string // names of the configured ones
	Tokens    Tokens
	Directory *directory.Directory
	Now       func() time.Time
	Audit     *slog.Logger // who changed what; it gets no secret and nothing personal
}

// Service carries operations out on a state that this process has open.
type Service struct{ deps Deps }

// NewService gives the Service over the parts of a state.
func NewService(deps Deps) *Service { return &Service{deps} }

// checkSource rejects a source that is not configured.
func (s *Service) checkSource(name string) error {
	if slices.Contains(s.deps.Sources, name) {
		return nil
	}
	return Rejectedf("there is no source %q; the configuration names %s", name, strings.Join(s.deps.Sources, ", "))
}

// NewToken implements Operations.
func (s *Service) NewToken(ctx context.Context, r NewTokenRequest) (string, error) {
	if err := s.checkSource(r.Source); err != nil {
		return "", err
	}
	text, token, err := s.deps.Tokens.New(ctx, r.Source, r.Name, r.TTL, s.deps.Now())
	if err != nil {
		return "", err
	}
	s.deps.Audit.InfoContext(ctx, "token made", "source", r.Source, "token", r.Name, "id", token.ID)
	return text, nil
}

// Tokens implements Operations.
func (s *Service) Tokens(ctx context.Context, source string) ([]Token, error) {
	if source != "" {
		if err := s.checkSource(source); err != nil {
			return nil, err
		}
	}
	return s.deps.Tokens.List(ctx, source, s.deps.Now())
}

// RevokeTokens implements Operations. The source need not be configured any more.
func (s *Service) RevokeTokens(ctx context.Context, r RevokeTokensRequest) (int, error) {
	n, err := s.deps.Tokens.Revoke(ctx, r.Source, r.Name, strings.ToLower(r.ID))
	if err != nil {
		return n, err
	}
	if n == 0 {
		return 0, Rejectedf("source %q has no such token named %q (bridge token list shows them)", r.Source, r.Name)
	}
	s.deps.Audit.InfoContext(ctx, "tokens revoked", "source", r.Source, "token", r.Name, "count", n)
	return n, nil
}

// Deleted implements Operations.
func (s *Service) Deleted(ctx context.Context, r ListDeletedRequest) ([]Deleted, error) {
	if err := s.checkSource(r.Source); err != nil {
		return nil, err
	}
	var after directory.ID
	if r.After != "" {
		var err error
		if after, err = directory.ParseID(r.After); err != nil {
			return nil, Rejectedf("list deleted records after %q: %w", r.After, err)
		}
	}
	kind := directory.User
	if r.Kind == directory.Group.String() {
		kind = directory.Group
	}
	page, err := s.deps.Directory.Deleted(ctx, directory.SourceID(r.Source), kind, after, deletedPage)
	if err != nil {
		return nil, err
	}
	infos := make([]Deleted, len(page))
	for i := range page {
		record := &page[i]
		infos[i] = Deleted{ID: record.ID.String(), Kind: record.Kind.String(), Name: nameOf(&record.Header), At: record.At, By: record.By}
	}
	return infos, nil
}

func nameOf(h *directory.Header) string {
	if h.Kind == directory.Group {
		return h.DisplayName
	}
	return h.UserName
}

// RestoreDeleted implements Operations. An id belongs to one record, so its kind need not be known.
func (s *Service) RestoreDeleted(ctx context.Context, r RestoreRequest) (Deleted, error) {
	if err := s.checkSource(r.Source); err != nil {
		return Deleted{}, err
	}
	id, err := directory.ParseID(r.ID)
	if err != nil {
		return Deleted{}, Rejectedf("restore %q: %w", r.ID, err)
	}
	for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
		done, err := s.deps.Directory.Restore(ctx, directory.SourceID(r.Source), kind, id, directory.WriteOptions{By: "bridge deleted restore"})
		if errors.Is(err, directory.ErrNotFound) {
			continue
		}
		if _, taken := errors.AsType[*directory.ConflictError](err); taken {
			return Deleted{}, Rejectedf("restore %s: %w: rename or delete that one first", id, err)
		}
		if err != nil {
			return Deleted{}, err
		}
		s.deps.Audit.InfoContext(ctx, "record restored", "source", r.Source, "id", id.String())
		return Deleted{ID: id.String(), Kind: kind.String(), Name: nameOf(&done.Header)}, nil
	}
	return Deleted{}, Rejectedf("source %q has no deleted record %s (bridge deleted list shows them)", r.Source, id)
}

// Backup implements Operations.
func (s *Service) Backup(ctx context.Context, w io.Writer) error {
	if err := s.deps.Directory.Backup(ctx, w); err != nil {
		return err
	}
	s.deps.Audit.InfoContext(ctx, "backup made")
	return nil
}

// Check implements Operations.
func (s *Service) Check(ctx context.Context) (directory.Report, error) {
	return s.deps.Directory.Check(ctx)
}
