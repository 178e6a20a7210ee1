package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// defaultQuestionTime is how long a question may keep the lease.
const defaultQuestionTime = 15 * time.Minute

// Deps is what an engine needs. Program must be set; Leases and Journals too, unless only plans are made.
type Deps struct {
	Program string // such as "transport"; names the holder of leases
	Version string // of the program; plans keep it
	// Leases say who may write to a tenant.
	Leases apply.Leases
	// Journals keep the record of each run.
	Journals apply.Journals
	// Writable proves that a journal can be kept, before any call: without one nothing may be written. nil: it can.
	Writable func() error
	Logger   *slog.Logger
	Now      func() time.Time // time.Now if nil
	// QuestionTime is how long a question may wait before the lease is released; 15 minutes if 0.
	QuestionTime time.Duration
	// Window is how far back what runs did counts in the guards; a day if 0.
	Window time.Duration
}

// Engine changes tenants. It is safe for concurrent use.
type Engine struct{ d Deps }

// New makes an engine.
func New(d Deps) *Engine {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	d.QuestionTime, d.Window = cmp.Or(d.QuestionTime, defaultQuestionTime), cmp.Or(d.Window, plan.DefaultWindow)
	return &Engine{d: d}
}

// tool names program and version, in plans.
func (e *Engine) tool() string { return e.d.Program + " " + e.d.Version }

// newID gives an identifier of a plan or run: a UUID of version 7 (RFC 9562 §5.7), so that run IDs sort by time.
func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an identifier: %w", err)
	}
	return id.String(), nil
}

// NotStartedError says why nothing at all was sent: what was asked for is wrong, or something is missing that a run
// needs.
type NotStartedError struct{ Err error }

// Error gives the text of the error below.
func (e *NotStartedError) Error() string { return e.Err.Error() }

// Unwrap gives the error below.
func (e *NotStartedError) Unwrap() error { return e.Err }

// notStarted marks what came before the first call; whoever gave up has another reason.
func notStarted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &NotStartedError{err}
}

// precheck refuses what is certain to fail or to harm before any call is made.
func (e *Engine) precheck(ctx context.Context, op *Operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if isSameTenant(op.From, op.To) {
		return &NotStartedError{fmt.Errorf("source and target are the same tenant (%s): choose two", hostOf(op.To.Tenant().URL))}
	}
	if err := errors.Join(op.From.credentials(), op.To.credentials()); err != nil {
		return &NotStartedError{err}
	}
	if op.PlanOnly || e.d.Writable == nil {
		return nil
	}
	if err := e.d.Writable(); err != nil {
		return &NotStartedError{err}
	}
	return nil
}
