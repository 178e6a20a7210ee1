package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/admin"
	"sacbridge/internal/config"
	"sacbridge/internal/directory"
	"sacbridge/internal/scimserver"
	"sacbridge/internal/store"
	"sacbridge/internal/store/bolt"
)

// state is the open file with what lives in it.
type state struct {
	db     *bolt.DB
	store  directory.Store
	dir    *directory.Directory
	tokens *scimserver.StoredTokens
}

// stateFolderThere refuses a state whose folder is missing: it may be on a volume that is not mounted, and a state made in
// its place would be an empty directory.
func stateFolderThere(path string) error {
	folder := filepath.Dir(path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return cli.Usagef("state: the folder %s does not exist: mount its volume, or create it; bridge serve --init makes the folder and an empty state", folder)
	}
	return nil
}

// prepareState decides what happens where there is no state: it is made where that was asked for, or where nobody could
// take it for an empty directory, since whoever may use a source has a token in the state. made says that it will be.
func (s *settings) prepareState(initialise bool) (made bool, err error) {
	path := s.file.State
	info, err := os.Stat(path)
	if err == nil && info.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, nil // there, or bolt.Open says what is wrong; an empty file is one that could not be made
	}
	if initialise {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return false, cli.Usagef("state: make its folder: %w", err)
		}
		return true, nil
	}
	if err := stateFolderThere(path); err != nil {
		return false, err
	}
	for _, name := range s.sourceNames() {
		if auth := s.bridge.Sources[name].Auth; len(auth.Clients)+len(auth.Issuers)+len(auth.Certificates) > 0 {
			return false, cli.Usagef("state: %s does not exist, and source %q would show an empty directory to its clients: mount the volume of the state, restore a backup, or make a new state with bridge serve --init", path, name)
		}
	}
	return true, nil
}

// openState opens or creates the file. It fails with bolt.ErrInUse where another process has it.
func (a *app) openState(ctx context.Context, path string, b *config.Bridge, log *slog.Logger) (s *state, err error) {
	if err := stateFolderThere(path); err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, bolt.Options{MmapSize: bolt.DirectoryMmapSize, Now: a.Now, Unwritable: tellOfDisk(log)})
	if err != nil {
		return nil, err
	}
	s = &state{db: db}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.store, err = db.Directory(); err != nil {
		return nil, err
	}
	if s.dir, err = directory.New(directory.Deps{Store: s.store, Now: a.Now, Log: log, Retention: b.Retention.Std()}); err != nil {
		return nil, err
	}
	s.tokens = scimserver.NewStoredTokens(db.Tokens(), store.ErrNoValue)
	if _, err = s.tokens.List(ctx, ""); err != nil { // what cannot be read is reported at the start, not to a provider
		return nil, err
	}
	return s, nil
}

// tellOfDisk logs when writes begin to fail, and when they arrive again.
func tellOfDisk(log *slog.Logger) func(error) {
	return func(err error) {
		if err == nil {
			log.Info("the state can be written again")
			return
		}
		log.Error("the state cannot be written: changes are answered with 503 until it can", logCause, err.Error())
	}
}

// Close lets go of the file.
func (s *state) Close() error {
	if s.store != nil {
		return errors.Join(s.store.Close(), s.db.Close())
	}
	return s.db.Close()
}

// adminService gives the operations on the state.
func (a *app) adminService(s *state, sources []string, audit *slog.Logger) *admin.Service {
	return admin.NewService(admin.Deps{Sources: sources, Tokens: sourceTokens{s.tokens}, Directory: s.dir, Now: a.Now, Audit: audit})
}

// errNoState says that there is no file yet.
var errNoState = errors.New("there is no state yet: bridge serve or bridge token new makes it")

// withState runs fn on the state of the configuration: through the socket of the server that has it open, else on
// the file itself. mustExist refuses to make a new file.
func (a *app) withState(ctx context.Context, mustExist bool, fn func(admin.Operations) error) (err error) {
	s, err := a.settings()
	if err != nil {
		return err
	}
	path := s.file.State
	if ops, ok := admin.Dial(ctx, s.file.SocketPath()); ok {
		return coded(fn(ops))
	}
	if err := stateFolderThere(path); err != nil {
		return err
	}
	if _, err := os.Stat(path); mustExist && errors.Is(err, fs.ErrNotExist) {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("%s: %w", path, errNoState))
	}
	st, err := a.openState(ctx, path, s.bridge, slog.New(slog.DiscardHandler))
	if errors.Is(err, bolt.ErrInUse) {
		// A server may have opened the file since the socket was tried.
		if ops, ok := admin.Dial(ctx, s.file.SocketPath()); ok {
			return coded(fn(ops))
		}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return coded(fn(a.adminService(st, s.sourceNames(), slog.New(slog.DiscardHandler))))
}

// inUse explains that another process has the state, and who, where that answers.
func inUse(ctx context.Context, socket string, err error) error {
	c, ok := admin.Dial(ctx, socket)
	if !ok {
		return err
	}
	h, herr := c.Server(ctx)
	if herr != nil {
		return err
	}
	return fmt.Errorf("%w: bridge %s with process number %d has it since %s, listening on %s", err, h.Command, h.PID, showTime(h.Since, "a moment ago"), h.Listen)
}
