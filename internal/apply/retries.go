package apply

import (
	"context"
	"errors"
	"time"

	"sacbridge/internal/upstream"
)

// defaultWait is the pause the tenant asked for, else one that doubles from a second.
func defaultWait(try int, asked time.Duration) time.Duration {
	return max(asked, time.Second<<min(max(try-2, 0), 5))
}

// pause waits before try number try; false where the run stops meanwhile.
func (r *runner) pause(ctx context.Context, try int, asked time.Duration) bool {
	r.counter.retry()
	timer := time.NewTimer(r.d.Wait(try, asked))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
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

// askedPause gives the pause that the tenant asked for.
func askedPause(err error) time.Duration {
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
