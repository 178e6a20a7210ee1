package apply_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/store/bolt"
)

// leaseFile are leases in a file of the test, by its clock.
func leaseFile(t *testing.T) apply.Leases {
	t.Helper()
	return bolt.LeaseFile(filepath.Join(t.TempDir(), "leases"), time.Now)
}

// held takes a lease until the test ends.
func held(t *testing.T, leases apply.Leases, holder string, ttl time.Duration) *apply.HeldLease {
	t.Helper()
	h, err := apply.Hold(t.Context(), leases, tenantURL, holder, ttl)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { giveBack(t, h) })
	return h
}

func giveBack(t *testing.T, h *apply.HeldLease) {
	t.Helper()
	if err := h.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestALeaseIsOverByWhicheverClockSaysMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wall, running time.Duration
		over          bool
	}{
		"no time has passed":                                   {0, 0, false},
		"half of the time has passed":                          {30 * time.Second, 30 * time.Second, false},
		"the time has passed":                                  {time.Minute, time.Minute, true},
		"the last moments stay unused":                         {58 * time.Second, 58 * time.Second, true},
		"the machine slept, and the running clock with it":     {time.Hour, time.Second, true},
		"the wall clock was set back while the process stood":  {-time.Hour, time.Hour, true},
		"the wall clock was set back and little time has gone": {-time.Hour, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start, passed := time.Now(), false
			clocks := func() (time.Time, time.Duration) {
				if passed {
					return start.Add(c.wall), c.running
				}
				return start, 0
			}
			h, err := apply.HoldByClocks(t.Context(), leaseFile(t), tenantURL, time.Minute, clocks)
			if err != nil {
				t.Fatal(err)
			}
			defer giveBack(t, h)
			passed = true
			if err := h.Check(t.Context()); errors.Is(err, apply.ErrLeaseLost) != c.over || (err != nil) != c.over {
				t.Errorf("got %v, want it over: %v", err, c.over)
			}
			if err := h.Ensure(t.Context()); err != nil {
				t.Errorf("nobody has come, but the lease cannot be had again: %v", err)
			}
		})
	}
}

func TestAnotherHolderEndsALeaseForGood(t *testing.T) {
	t.Parallel()
	leases := leaseFile(t)
	h := held(t, leases, "the first", time.Hour)
	if err := h.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := leases.Release(t.Context(), h.Current()); err != nil { // what a clock set forward does
		t.Fatal(err)
	}
	second := held(t, leases, "the second", time.Hour)
	for range 2 {
		if err := h.Check(t.Context()); !errors.Is(err, apply.ErrLeaseLost) {
			t.Errorf("the first may still write: %v", err)
		}
		if err := h.Ensure(t.Context()); !errors.Is(err, apply.ErrLeaseLost) {
			t.Errorf("the first may work on: %v", err)
		}
	}
	giveBack(t, h)
	if err := second.Check(t.Context()); err != nil {
		t.Errorf("the first gave the second's lease back: %v", err)
	}
	giveBack(t, second)
	if err := second.Check(t.Context()); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("a lease that was given back permits: %v", err)
	}
}

func TestALeaseIsRenewedUntilItIsLost(t *testing.T) {
	t.Parallel()
	db := leaseFile(t)
	synctest.Test(t, func(t *testing.T) {
		leases := &counted{Leases: db, fail: func(n int) error {
			switch {
			case n < 5:
				return nil
			case n < 7:
				return errors.New("the file is busy")
			}
			return apply.ErrLeaseLost
		}}
		h := held(t, leases, "the first", time.Minute)
		<-time.After(2*time.Minute + 10*time.Second) // two renewals have failed
		if err := h.Check(t.Context()); err != nil {
			t.Errorf("two failed renewals end the lease: %v", err)
		}
		select {
		case <-h.Lost():
			t.Fatal("the lease counts as lost")
		default:
		}
		<-h.Lost()
		if err := h.Err(); !errors.Is(err, apply.ErrLeaseLost) {
			t.Errorf("got %v, want the cause", err)
		}
		<-time.After(time.Hour)
		if leases.renewals != 7 {
			t.Errorf("got %d renewals, want none after the lease was lost", leases.renewals)
		}
	})
}

func TestALeaseOfSomebodyElseIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		patience time.Duration
		got      bool
		waited   time.Duration
		told     []string
	}{
		"no patience: refused at once":                    {0, false, 0, nil},
		"too little patience: refused at its end":         {4500 * time.Millisecond, false, 4500 * time.Millisecond, []string{"the first"}},
		"enough: taken as soon as the second holder goes": {time.Hour, true, 2 * time.Minute, []string{"the first", "the second"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			leases := leaseFile(t)
			synctest.Test(t, func(t *testing.T) {
				first := held(t, leases, "the first", time.Minute)
				go func() {
					<-time.After(time.Minute + 500*time.Millisecond)
					giveBack(t, first)
					second := held(t, leases, "the second", time.Minute)
					<-time.After(59 * time.Second)
					giveBack(t, second)
				}()
				var told []string
				start := time.Now()
				h, err := apply.HoldWithin(t.Context(), leases, tenantURL, "the third", time.Minute, c.patience, func(l apply.Lease) { told = append(told, l.Holder) })
				if got := time.Since(start); got != c.waited {
					t.Errorf("got an end after %v, want %v", got, c.waited)
				}
				if diff := cmp.Diff(told, c.told); diff != "" {
					t.Errorf("holders told (-got +want):\n%s", diff)
				}
				who, ok := errors.AsType[*apply.LeaseHeldError](err)
				if (h != nil) != c.got || ok == c.got || ok && who.Lease.Holder != "the first" {
					t.Errorf("got %v and error %v, want the lease: %v", h, err, c.got)
				}
				giveBack(t, h)
				<-time.After(time.Hour) // for the others to end
			})
		})
	}
}

func TestWaitingForALeaseEndsWithTheContext(t *testing.T) {
	t.Parallel()
	leases := leaseFile(t)
	synctest.Test(t, func(t *testing.T) {
		held(t, leases, "the first", time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := apply.HoldWithin(ctx, leases, tenantURL, "the second", time.Minute, time.Hour, nil)
		if got := time.Since(start); got != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v after %v", err, got)
		}
	})
}

func TestNoLeasePermitsEverything(t *testing.T) {
	t.Parallel()
	var h *apply.HeldLease
	if err := errors.Join(h.Check(t.Context()), h.Ensure(t.Context()), h.Err(), h.Release(t.Context())); err != nil {
		t.Error(err)
	}
	if h.Lost() != nil || h.Current() != (apply.Lease{}) {
		t.Errorf("got %v and %v", h.Lost(), h.Current())
	}
}
