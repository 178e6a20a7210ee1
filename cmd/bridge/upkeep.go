package main

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// watchInterval is how often the disk is looked at where nobody asks for the readiness.
const watchInterval = 10 * time.Second

// watchDisk looks whether there is room, so that the log tells when it ends and when it is back.
func (s *server) watchDisk(ctx context.Context) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		_ = s.state.db.Writable() // which tells the log of a change
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// expireInterval is how often what is past its time is removed.
const expireInterval = time.Hour

// expireDeleted removes deleted records and events that are past the retention time.
func (s *server) expireDeleted(ctx context.Context) {
	tick := time.NewTicker(expireInterval)
	defer tick.Stop()
	for {
		s.logFailure(ctx, "remove what is past its retention time", s.expire(ctx))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// expire does it for all sources that there is anything of: what was promised to be removed goes also where a source is
// no longer configured.
func (s *server) expire(ctx context.Context) error {
	sources, err := s.state.dir.Sources(ctx)
	errs := []error{err}
	for _, source := range sources {
		errs = append(errs, s.state.dir.Expire(ctx, source))
	}
	return errors.Join(errs...)
}

func (s *server) logFailure(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.logs.server.LogAttrs(ctx, slog.LevelError, what, slog.String(logCause, err.Error()))
	}
}
