package session

import (
	"context"
	"errors"
	"time"

	"sacbridge/internal/upstream"
)

// ReadingServes is how long after a reading the write that is made from it may still be sent.
const ReadingServes = 5 * time.Second

var errOutdated = errors.New("what the write was made from was read too long ago")

// ReadThenWrite is a write together with the reading that it is made from. It holds one worker, so that no other
// call comes between the two.
type ReadThenWrite struct {
	s      *Session
	waits  context.Context // of everything but calls on the wire
	p      upstream.Permission
	login  *login
	try    int
	failed *failure // of the latest reading
}

// Prepare makes the write, reading by ReadThenWrite.Do what it needs. It is called before each send, so
// it starts from nothing each time. It may give up by an error of its own.
type Prepare func(u *ReadThenWrite) (Request, error)

// DoReadThenWrite makes a write from a reading. Prepare is called anew before the write is sent again, and where
// the write could not be sent right after the reading: the tenant asked everybody to pause, or the
// process stood still. Otherwise it is as Do, whose rules about repeats hold for the reading and the write.
func (s *Session) DoReadThenWrite(ctx context.Context, op string, p upstream.Permission, prepare Prepare) (*Response, error) {
	c := &call{Request: Request{Op: op, Permission: p}}
	if p == nil {
		return nil, &upstream.Error{Class: upstream.Refused, Op: op, Err: errNoPermission}
	}
	waits, done := c.untilStopped(ctx)
	defer done()
	u := &ReadThenWrite{s: s, waits: waits, p: p}
	t := s.newTries()
	var stale *login
	for {
		u.try = t.all
		resp, f, err := u.attempt(ctx, c, stale, prepare)
		if f == nil {
			return resp, err
		}
		if ended := t.next(waits, c, c.stopped(ctx, f)); ended != nil {
			return nil, reworded(err, &c.stopped(ctx, ended).Error)
		}
		if f.step == renew {
			stale = f.login
		}
		s.stats.retried()
	}
}

// reworded keeps what Prepare said about a failed reading, where that failure is final.
func reworded(said error, e *upstream.Error) error {
	if said != nil && errors.Is(said, e) {
		return said
	}
	return e
}

// attempt reads and writes once. A failure is one that may be followed by another try; an error beside it,
// or without it, is Prepare's.
func (u *ReadThenWrite) attempt(ctx context.Context, c *call, stale *login, prepare Prepare) (*Response, *failure, error) {
	s := u.s
	if err := s.limiter.enter(u.waits); err != nil {
		return nil, s.broken(u.waits, c, err, false), nil
	}
	defer s.limiter.leave()
	if err := c.permitted(); err != nil {
		return nil, c.notSent(err), nil
	}
	l, f := s.signIn(u.waits, c.Op, stale)
	if f == nil && s.cfg.Platform == cf {
		// The write's CSRF token is got before the reading; on NEO it comes with the reading.
		_, _, f = s.open(u.waits, l, &call{Request: Request{Op: c.Op, Method: "POST", Permission: u.p}})
	}
	if f != nil {
		return nil, f, nil
	}
	u.login, u.failed = l, nil
	r, err := prepare(u)
	if err != nil {
		if u.failed != nil && errors.Is(err, &u.failed.Error) {
			return nil, u.failed, err
		}
		return nil, nil, err
	}
	resp, f := u.write(ctx, r)
	return resp, f, nil
}

// Do makes one reading in the worker that is held. It is not repeated by itself: reading and writing begin anew.
func (u *ReadThenWrite) Do(ctx context.Context, r Request) (*Response, error) {
	r.Permission = u.p
	c, err := newCall(u.s.cfg.BaseURL, r)
	if err != nil {
		return nil, &upstream.Error{Class: upstream.Refused, Op: c.Op, Err: err}
	}
	resp, f := u.exchange(ctx, c, u.s.send)
	if f != nil {
		u.failed = f
		return nil, &f.Error
	}
	return resp, nil
}

// write sends the write, unless everybody is to pause.
func (u *ReadThenWrite) write(ctx context.Context, r Request) (*Response, *failure) {
	r.Permission = &freshness{Permission: u.p, read: upstream.Now(), now: upstream.Now}
	c, err := newCall(u.s.cfg.BaseURL, r)
	if err != nil {
		return nil, &failure{Error: upstream.Error{Class: upstream.Refused, Op: c.Op, Err: err}}
	}
	if u.s.limiter.paused() {
		return nil, &failure{step: anew, Error: upstream.Error{Class: upstream.RetryNow, Op: c.Op}}
	}
	resp, f := u.exchange(ctx, c, u.s.sendNow)
	if f != nil && errors.Is(f.Err, errOutdated) {
		f.step, f.Class, f.Code = repeat, upstream.RetryNow, upstream.CodeOutdated
	}
	return resp, f
}

// sender is a way to send a call.
type sender func(ctx, waits context.Context, l *login, c *call, csrf string) (*openResponse, *failure)

// exchange sends one call in the worker that is held and reads the answer.
func (u *ReadThenWrite) exchange(ctx context.Context, c *call, send sender) (*Response, *failure) {
	csrf, opened, f := u.s.open(u.waits, u.login, c)
	if f != nil {
		return nil, f
	}
	return u.s.exchange(ctx, u.waits, u.login, c, csrf, opened, send, u.try)
}

// Outdated tells whether a reading is too old for a write to be made from it.
func Outdated(read upstream.Moment) bool { return read.Until(upstream.Now()) > ReadingServes }

// freshness is the permission of a write as long as its reading is not too old.
type freshness struct {
	upstream.Permission
	read upstream.Moment
	now  func() upstream.Moment
}

// Check asks the permission and then looks at the clocks.
func (f *freshness) Check() error {
	if err := f.Permission.Check(); err != nil {
		return err
	}
	if f.read.Until(f.now()) > ReadingServes {
		return errOutdated
	}
	return nil
}
