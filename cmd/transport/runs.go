package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sacbridge/cmd/internal/show"
	"sacbridge/internal/apply"
)

// The statuses of a run as a whole.
const (
	runDone        = "done"
	runPartial     = "done in part" // resumable: what failed is tried once more
	runInterrupted = "interrupted"  // resumable
	runRunning     = "running"      // another process has its journal open
	runUnreadable  = "unreadable"
	runEmpty       = "not started" // refused before anything was written
)

// runInfo is what a list tells of a run.
type runInfo struct {
	ID      string    `json:"id"`
	Status  string    `json:"status"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Source  string    `json:"source"` // URL
	Target  string    `json:"target"` // URL
	Command string    `json:"command"`
	Done    int       `json:"done"`
	Failed  int       `json:"failed"`
	Cause   string    `json:"cause,omitempty"` // why it was interrupted, or cannot be read
}

// resumable reports whether `runs resume` has something to do.
func (r runInfo) resumable() bool { return r.Status == runInterrupted || r.Status == runPartial }

// list inspects every run. One that cannot be opened is listed with the cause.
func (s stateFolder) list(ctx context.Context) ([]runInfo, error) {
	ids, err := s.ids(ctx)
	if err != nil {
		return nil, err
	}
	runs := make([]runInfo, 0, len(ids))
	for _, id := range ids {
		runs = append(runs, s.look(ctx, id))
	}
	return runs, nil
}

// look opens a journal for a moment.
func (s stateFolder) look(ctx context.Context, id string) runInfo {
	brief, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	j, err := s.folder().Open(brief, id)
	if err != nil {
		status := runUnreadable
		if errors.Is(err, apply.ErrJournalOpen) {
			status = runRunning
		}
		return runInfo{ID: id, Status: status, Cause: err.Error()}
	}
	info, err := inspect(ctx, id, j)
	if err = errors.Join(err, j.Close()); err != nil {
		return runInfo{ID: id, Status: runUnreadable, Cause: err.Error()}
	}
	return info
}

// inspect tells what a journal says about its run. One without an end was killed.
func inspect(ctx context.Context, id string, j apply.Journal) (runInfo, error) {
	h, err := j.Header(ctx)
	if errors.Is(err, apply.ErrNoRun) {
		return runInfo{ID: id, Status: runEmpty}, nil
	}
	if err != nil {
		return runInfo{}, fmt.Errorf("read run %s: %w", id, err)
	}
	info := runInfo{ID: id, Status: runInterrupted, Started: h.Started, Source: h.Source, Target: h.Target, Command: h.Command}
	end, ok, err := j.End(ctx)
	if err != nil {
		return runInfo{}, fmt.Errorf("read run %s: %w", id, err)
	}
	if !ok {
		info.Cause = "the process was killed"
		return info, nil
	}
	t := show.TallyOf(end.Entities)
	info.Ended, info.Cause = end.At, end.Cause
	info.Done, info.Failed = t[apply.Done], t[apply.Failed]+t[apply.Partly]
	switch {
	case end.Interrupted:
	case info.Failed > 0:
		info.Status = runPartial
	default:
		info.Status = runDone
	}
	return info, nil
}

// runIDs lists the runs for completion.
func (a *app) runIDs(ctx context.Context) ([]string, error) {
	s, err := a.stateFolder()
	if err != nil {
		return nil, err
	}
	return s.ids(ctx)
}
