package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// RunStatus is what became of a run as a whole.
type RunStatus string

// The statuses of a run.
const (
	RunDone        RunStatus = "done"
	RunPartial     RunStatus = "done in part" // resumable: what failed is tried once more
	RunInterrupted RunStatus = "interrupted"  // resumable
	RunRunning     RunStatus = "running"      // another process has its journal open
	RunUnreadable  RunStatus = "unreadable"
	RunEmpty       RunStatus = "not started" // refused before anything was written
)

// RunInfo is what a list tells of a run.
type RunInfo struct {
	ID      string    `json:"id"`
	Status  RunStatus `json:"status"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Source  string    `json:"source"` // URL
	Target  string    `json:"target"` // URL
	Command string    `json:"command"`
	Done    int       `json:"done"`
	Failed  int       `json:"failed"`
	Cause   string    `json:"cause,omitempty"` // why it was interrupted, or cannot be read
}

// Resumable reports whether resuming has something to do.
func (r RunInfo) Resumable() bool { return r.Status == RunInterrupted || r.Status == RunPartial }

// Run is all that a journal tells of a run.
type Run struct {
	RunInfo
	End   *apply.End     `json:"end,omitempty"` // absent where the run was killed
	Plan  *plan.Plan     `json:"plan"`          // null where the run was not started
	Calls []apply.Record `json:"calls"`         // every intended call with what became of it
}

// journalTimeout is how long a list waits for one journal.
const journalTimeout = 100 * time.Millisecond

// Runs tells of every run that has a journal, the newest first. One that cannot be opened is listed with the cause.
func (e *Engine) Runs(ctx context.Context) ([]RunInfo, error) {
	ids, err := e.RunIDs(ctx)
	if err != nil {
		return nil, err
	}
	runs := make([]RunInfo, 0, len(ids))
	for _, id := range ids {
		runs = append(runs, e.runInfo(ctx, id))
	}
	return runs, nil
}

// RunIDs lists the runs that have a journal, the newest first.
func (e *Engine) RunIDs(ctx context.Context) ([]string, error) {
	ids, err := e.d.Journals.List(ctx)
	if err != nil {
		return nil, &NotStartedError{err}
	}
	return ids, nil
}

// runInfo opens a journal for a moment. Of a run whose journal tells nothing, the ID tells when it began.
func (e *Engine) runInfo(ctx context.Context, id string) RunInfo {
	info := RunInfo{ID: id}
	info.Started, _ = begunAt(id)
	err := e.withJournal(ctx, id, func(j apply.Journal) (err error) {
		return readRunInfo(ctx, j, &info)
	})
	switch {
	case errors.Is(err, apply.ErrJournalOpen):
		info.Status, info.Cause = RunRunning, err.Error()
	case err != nil:
		info.Status, info.Cause = RunUnreadable, err.Error()
	}
	return info
}

// withJournal reads a journal that nobody else has open.
func (e *Engine) withJournal(ctx context.Context, id string, read func(apply.Journal) error) (err error) {
	brief, cancel := context.WithTimeout(ctx, journalTimeout)
	defer cancel()
	j, err := e.d.Journals.Open(brief, id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	return read(j)
}

// readRunInfo puts what a journal says about its run into info. A run without an end was killed.
func readRunInfo(ctx context.Context, j apply.Journal, info *RunInfo) error {
	h, err := j.Header(ctx)
	if errors.Is(err, apply.ErrNoRun) {
		info.Status = RunEmpty
		return nil
	}
	if err != nil {
		return fmt.Errorf("read run %s: %w", info.ID, err)
	}
	info.Status, info.Started = RunInterrupted, h.Started
	info.Source, info.Target, info.Command = h.Source, h.Target, h.Command
	end, ok, err := j.End(ctx)
	if err != nil {
		return fmt.Errorf("read run %s: %w", info.ID, err)
	}
	if !ok {
		info.Cause = "the process was killed"
		return nil
	}
	t := TallyOf(end.Entities)
	info.Ended, info.Cause = end.At, end.Cause
	info.Done, info.Failed = t[apply.Done], t[apply.Failed]+t[apply.Partly]
	switch {
	case end.Interrupted:
	case info.Failed > 0:
		info.Status = RunPartial
	default:
		info.Status = RunDone
	}
	return nil
}

// Run reads all that the journal of a run holds. The beginning of its ID is enough where only one run begins so.
func (e *Engine) Run(ctx context.Context, prefix string) (run *Run, err error) {
	id, j, err := e.openRun(ctx, prefix)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	run = &Run{RunInfo: RunInfo{ID: id}, Calls: []apply.Record{}}
	run.Started, _ = begunAt(id)
	if err := readRunInfo(ctx, j, &run.RunInfo); err != nil || run.Status == RunEmpty {
		return run, err
	}
	end, ok, err := j.End(ctx)
	if err != nil {
		return nil, fmt.Errorf("read run %s: %w", id, err)
	}
	if ok {
		run.End = &end
	}
	if run.Plan, err = apply.StoredPlan(ctx, j); err != nil {
		return nil, fmt.Errorf("read run %s: %w", id, err)
	}
	err = j.Records(ctx, func(rec apply.Record) bool {
		run.Calls = append(run.Calls, rec)
		return true
	})
	return run, wrap("read the calls of run "+id, err)
}

// openRun opens the journal of the one run whose ID begins with prefix.
func (e *Engine) openRun(ctx context.Context, prefix string) (id string, j apply.Journal, err error) {
	if id, err = e.findRun(ctx, prefix); err != nil {
		return "", nil, err
	}
	j, err = e.d.Journals.Open(ctx, id)
	if errors.Is(err, apply.ErrNoRun) || errors.Is(err, apply.ErrJournalOpen) {
		err = &NotStartedError{err}
	}
	return id, j, err
}

// UnknownRunError says that no run has an ID that begins so.
type UnknownRunError struct{ Prefix string }

// Error names what was looked for.
func (e *UnknownRunError) Error() string { return fmt.Sprintf("there is no run %q", e.Prefix) }

// findRun gives the one run whose ID begins with prefix.
func (e *Engine) findRun(ctx context.Context, prefix string) (string, error) {
	ids, err := e.RunIDs(ctx)
	if err != nil {
		return "", err
	}
	var hits []string
	for _, id := range ids {
		if id == prefix {
			return id, nil
		}
		if strings.HasPrefix(id, prefix) {
			hits = append(hits, id)
		}
	}
	switch len(hits) {
	case 0:
		return "", &NotStartedError{&UnknownRunError{prefix}}
	case 1:
		return hits[0], nil
	}
	return "", &NotStartedError{fmt.Errorf("%d runs begin with %q, such as %s and %s", len(hits), prefix, hits[0], hits[1])}
}

// Prunable gives those of the runs that are done, ended before a time, and no longer count in the guards' window.
func (e *Engine) Prunable(runs []RunInfo, before time.Time) []RunInfo {
	before = e.prunedBefore(before)
	return slices.DeleteFunc(slices.Clone(runs), func(r RunInfo) bool { return r.Status != RunDone || !r.Ended.Before(before) })
}

// Prune takes away the journals of runs that are done and ended before a time, and gives their IDs. What can be
// resumed stays, and so does what still counts in the guards' window.
func (e *Engine) Prune(ctx context.Context, before time.Time) ([]string, error) {
	before = e.prunedBefore(before)
	return e.d.Journals.Prune(ctx, func(_ apply.Header, end *apply.End) bool {
		return end != nil && !end.Interrupted && end.At.Before(before) && TallyOf(end.Entities).Missing() == 0
	})
}

// prunedBefore keeps what the guards still count.
func (e *Engine) prunedBefore(before time.Time) time.Time {
	if window := e.d.Now().Add(-e.d.Window); before.After(window) {
		return window
	}
	return before
}
