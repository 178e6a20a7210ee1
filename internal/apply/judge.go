package apply

import (
	"context"
	"errors"
	"time"

	"sacbridge/internal/upstream"
)

// verdict is what an outcome means for a run.
type verdict int

const (
	succeeded verdict = iota
	failed            // for good
	again             // certainly without effect, later
	dangling          // a role or manager is unknown: again without it
	unsure            // look first
	fatal             // for every other call too
)

// judge tells what an outcome's error means.
func judge(err error) verdict {
	if err == nil {
		return succeeded
	}
	if stopsRun(err) {
		return fatal
	}
	switch upstream.ClassOf(err) {
	case upstream.RetryNow, upstream.RetryLater, upstream.NotSent:
		return again
	case upstream.Refused:
		if missingRef(err) != "" {
			return dangling
		}
		return failed
	case upstream.Gone, upstream.Conflict, upstream.Changed:
		return failed
	default: // unknown, cancelled in mid-air, or not classed at all: it may have taken effect
		return unsure
	}
}

// stopsRun reports whether err means that no other call can succeed either.
func stopsRun(err error) bool {
	e, ok := errors.AsType[*upstream.Error](err)
	return ok && (e.Unreachable || e.Class == upstream.Credentials)
}

func missingRef(err error) string {
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		return e.MissingRef
	}
	return ""
}

func askedPause(err error) time.Duration {
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// retry makes a read until it succeeds, at most maxTries times. A failure that stops the run stops it.
func retry[T any](ctx context.Context, r *runner, read func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		if ctx.Err() != nil {
			var none T
			return none, context.Cause(ctx)
		}
		got, err := read()
		switch {
		case err == nil || ctx.Err() != nil:
			return got, err
		case stopsRun(err):
			r.halt(err)
			return got, err
		case try >= maxTries || !r.pause(ctx, try+1, askedPause(err)):
			return got, err
		}
	}
}
