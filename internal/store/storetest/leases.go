package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/apply"
)

// OpenLeases gives two handles on the same empty leases, as two processes would have them, both on the
// clock now.
type OpenLeases func(t *testing.T, now func() time.Time) (a, b apply.Leases)

const (
	tenant = "https://prod.example.test"
	ttl    = time.Minute
)

// clock is a clock that moves when told to.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// Leases runs the contract of apply.Leases.
func Leases(t *testing.T, open OpenLeases) {
	t.Run("nobody holds what was never taken", func(t *testing.T) { freshLease(t, open) })
	t.Run("a lease keeps others out until it is released", func(t *testing.T) { heldLease(t, open) })
	t.Run("a lease that ran out is lost to the next holder", func(t *testing.T) { expiredLease(t, open) })
	t.Run("a renewed lease lasts longer", func(t *testing.T) { renewedLease(t, open) })
	t.Run("a lease is outdated by the next one of the same holder", func(t *testing.T) { sameHolder(t, open) })
	t.Run("a number is worth nothing under another name", func(t *testing.T) { otherName(t, open) })
	t.Run("an outdated lease releases nothing", func(t *testing.T) { staleRelease(t, open) })
	t.Run("tenants do not disturb each other", func(t *testing.T) { otherTenant(t, open) })
	t.Run("of many who race one wins", func(t *testing.T) { concurrentAcquire(t, open) })
	t.Run("it agrees with a plain model", func(t *testing.T) { leaseModel(t, open) })
}

func freshLease(t *testing.T, open OpenLeases) {
	a, _ := open(t, newClock().now)
	if l, ok, err := a.Holder(t.Context(), tenant); ok || err != nil {
		t.Errorf("Holder: got %v, %v, %v, want nobody", l, ok, err)
	}
	l := apply.Lease{Tenant: tenant, Holder: "a", Fence: 1}
	if err := a.Check(t.Context(), l); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("Check: got %v, want ErrLeaseLost", err)
	}
	if _, err := a.Renew(t.Context(), l, ttl); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("Renew: got %v, want ErrLeaseLost", err)
	}
	if err := a.Release(t.Context(), l); err != nil {
		t.Errorf("Release: got %v, want nothing to happen", err)
	}
}

func heldLease(t *testing.T, open OpenLeases) {
	a, b := open(t, newClock().now)
	l := acquire(t, a, "a")
	_, err := b.Acquire(t.Context(), tenant, "b", ttl)
	held, ok := errors.AsType[*apply.LeaseHeldError](err)
	if !ok {
		t.Fatalf("second Acquire: got %v, want a LeaseHeldError", err)
	}
	if diff := cmp.Diff(held.Lease, l); diff != "" {
		t.Errorf("who holds it (-got +want):\n%s", diff)
	}
	if _, err := a.Acquire(t.Context(), tenant, "a", ttl); err == nil {
		t.Error("the holder itself got a second lease")
	}
	if got, ok, err := b.Holder(t.Context(), tenant); !ok || err != nil || cmp.Diff(got, l) != "" {
		t.Errorf("Holder: got %v, %v, %v, want %v", got, ok, err, l)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, holderErr := a.Holder(gone, tenant)
	_, renewErr := a.Renew(gone, l, time.Hour)
	for what, err := range map[string]error{
		"Holder": holderErr, "Renew": renewErr, "Check": a.Check(gone, l), "Release": a.Release(gone, l),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s for a caller who has gone: got %v, want context.Canceled", what, err)
		}
	}
	if err := errors.Join(a.Check(t.Context(), l), a.Release(t.Context(), l)); err != nil {
		t.Fatal(err)
	}
	if err := a.Check(t.Context(), l); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("Check after Release: got %v, want ErrLeaseLost", err)
	}
	if _, err := a.Renew(t.Context(), l, ttl); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("Renew after Release: got %v, want ErrLeaseLost", err)
	}
	if next := acquire(t, b, "b"); next.Fence <= l.Fence {
		t.Errorf("got fencing number %d after %d, want it to grow", next.Fence, l.Fence)
	}
}

func expiredLease(t *testing.T, open OpenLeases) {
	c := newClock()
	a, b := open(t, c.now)
	l := acquire(t, a, "a")
	c.advance(ttl)
	if err := a.Check(t.Context(), l); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("Check at the end of its time: got %v, want ErrLeaseLost", err)
	}
	if _, ok, err := b.Holder(t.Context(), tenant); ok || err != nil {
		t.Errorf("Holder: got %v, %v, want nobody", ok, err)
	}
	next := acquire(t, b, "b")
	if next.Fence <= l.Fence {
		t.Errorf("got fencing number %d after %d, want it to grow", next.Fence, l.Fence)
	}
	if _, err := a.Renew(t.Context(), l, ttl); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("Renew: got %v, want ErrLeaseLost", err)
	}
	if err := b.Check(t.Context(), next); err != nil {
		t.Error(err)
	}
}

// sameHolder takes a lease once more under the same name, as a process does that gave it back while a question waited.
func sameHolder(t *testing.T, open OpenLeases) {
	for name, end := range map[string]func(c *clock, s apply.Leases, l apply.Lease) error{
		"given back": func(_ *clock, s apply.Leases, l apply.Lease) error { return s.Release(t.Context(), l) },
		"run out": func(c *clock, _ apply.Leases, _ apply.Lease) error {
			c.advance(ttl)
			return nil
		},
	} {
		c := newClock()
		a, b := open(t, c.now)
		old := acquire(t, a, "a")
		if err := end(c, a, old); err != nil {
			t.Fatal(err)
		}
		next := acquire(t, b, "a")
		if err := a.Check(t.Context(), old); !errors.Is(err, apply.ErrLeaseLost) {
			t.Errorf("%s: Check of the earlier lease: got %v, want ErrLeaseLost", name, err)
		}
		if _, err := a.Renew(t.Context(), old, ttl); !errors.Is(err, apply.ErrLeaseLost) {
			t.Errorf("%s: Renew of the earlier lease: got %v, want ErrLeaseLost", name, err)
		}
		if err := errors.Join(a.Release(t.Context(), old), b.Check(t.Context(), next)); err != nil {
			t.Errorf("%s: the next lease after Release of the earlier one: %v", name, err)
		}
	}
}

// otherName looks at a lease whose number is that of somebody else's, as after the loss of the file.
func otherName(t *testing.T, open OpenLeases) {
	a, b := open(t, newClock().now)
	l := acquire(t, a, "a")
	forged := l
	forged.Holder = "b"
	if err := b.Check(t.Context(), forged); !errors.Is(err, apply.ErrLeaseLost) {
		t.Errorf("Check: got %v, want ErrLeaseLost", err)
	}
	if err := errors.Join(b.Release(t.Context(), forged), a.Check(t.Context(), l)); err != nil {
		t.Errorf("the holder after the other's Release: %v", err)
	}
}

func renewedLease(t *testing.T, open OpenLeases) {
	c := newClock()
	a, b := open(t, c.now)
	l := acquire(t, a, "a")
	c.advance(ttl - time.Second)
	renewed, err := a.Renew(t.Context(), l, ttl)
	if err != nil {
		t.Fatal(err)
	}
	if renewed.Fence != l.Fence || !renewed.Expires.Equal(c.now().Add(ttl)) {
		t.Errorf("got %v, want the same number and %v more", renewed, ttl)
	}
	if before, after := l.Left(c.now()), renewed.Left(c.now()); before != time.Second || after != ttl {
		t.Errorf("got %v left before and %v after, want a second and %v", before, after, ttl)
	}
	c.advance(ttl - time.Second)
	if err := errors.Join(a.Check(t.Context(), renewed), a.Check(t.Context(), l)); err != nil {
		t.Errorf("Check after Renew: %v", err)
	}
	c.advance(time.Hour)
	if _, err := a.Renew(t.Context(), renewed, ttl); err != nil {
		t.Errorf("Renew of a lease that ran out while nobody came: %v", err)
	}
	if _, err := b.Acquire(t.Context(), tenant, "b", ttl); err == nil {
		t.Error("a renewed lease was taken by another")
	}
}

func staleRelease(t *testing.T, open OpenLeases) {
	c := newClock()
	a, b := open(t, c.now)
	old := acquire(t, a, "a")
	c.advance(ttl)
	l := acquire(t, b, "b")
	if err := errors.Join(a.Release(t.Context(), old), b.Check(t.Context(), l)); err != nil {
		t.Errorf("the new holder after the old one's Release: %v", err)
	}
}

func otherTenant(t *testing.T, open OpenLeases) {
	a, b := open(t, newClock().now)
	l := acquire(t, a, "a")
	other, err := b.Acquire(t.Context(), "https://dev.example.test", "b", ttl)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Release(t.Context(), other), a.Check(t.Context(), l)); err != nil {
		t.Error(err)
	}
}

func concurrentAcquire(t *testing.T, open OpenLeases) {
	const rounds, racers = 5, 6
	a, b := open(t, newClock().now)
	last := uint64(0)
	for round := range rounds {
		var won sync.Map
		var race sync.WaitGroup
		for n := range racers {
			race.Go(func() {
				handle := a
				if n%2 == 1 {
					handle = b
				}
				l, err := handle.Acquire(t.Context(), tenant, fmt.Sprint("racer ", n), ttl)
				if err == nil {
					won.Store(n, l)
				} else if _, held := errors.AsType[*apply.LeaseHeldError](err); !held {
					t.Errorf("round %d: got %v, want a LeaseHeldError", round, err)
				}
			})
		}
		race.Wait()
		winners := 0
		won.Range(func(_, value any) bool {
			l, _ := value.(apply.Lease)
			winners++
			if l.Fence <= last {
				t.Errorf("round %d: got fencing number %d after %d", round, l.Fence, last)
			}
			last = l.Fence
			if err := a.Release(t.Context(), l); err != nil {
				t.Error(err)
			}
			return true
		})
		if winners != 1 {
			t.Fatalf("round %d: got %d winners, want 1", round, winners)
		}
	}
}

func leaseModel(t *testing.T, open OpenLeases) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newClock()
		a, b := open(t, c.now)
		var model apply.Lease // the tenant's last lease; Expires zero once released
		mine := map[string]apply.Lease{}
		handle := func(rt *rapid.T) (apply.Leases, string) {
			if rapid.Bool().Draw(rt, "second handle") {
				return b, "b"
			}
			return a, "a"
		}
		isMine := func(who string) bool {
			return mine[who].Fence != 0 && mine[who].Fence == model.Fence && !model.Expires.IsZero()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"acquire": func(rt *rapid.T) {
				s, who := handle(rt)
				l, err := s.Acquire(t.Context(), tenant, who, ttl)
				if free := !c.now().Before(model.Expires); free != (err == nil) {
					rt.Fatalf("Acquire by %s: got %v, free is %v", who, err, free)
				}
				if err == nil {
					if l.Fence <= model.Fence {
						rt.Fatalf("got fencing number %d after %d", l.Fence, model.Fence)
					}
					model, mine[who] = l, l
				}
			},
			"renew": func(rt *rapid.T) {
				s, who := handle(rt)
				l, err := s.Renew(t.Context(), mine[who], ttl)
				if isMine(who) != (err == nil) {
					rt.Fatalf("Renew by %s: got %v", who, err)
				}
				if err == nil {
					model, mine[who] = l, l
				}
			},
			"check": func(rt *rapid.T) {
				s, who := handle(rt)
				want := isMine(who) && c.now().Before(model.Expires)
				if err := s.Check(t.Context(), mine[who]); want != (err == nil) {
					rt.Fatalf("Check by %s: got %v", who, err)
				}
			},
			"release": func(rt *rapid.T) {
				s, who := handle(rt)
				if err := s.Release(t.Context(), mine[who]); err != nil {
					rt.Fatal(err)
				}
				if isMine(who) {
					model.Expires = time.Time{}
				}
			},
			"time passes": func(rt *rapid.T) {
				c.advance(time.Duration(rapid.IntRange(1, 90).Draw(rt, "seconds")) * time.Second)
			},
		})
	})
}

func acquire(t *testing.T, s apply.Leases, holder string) apply.Lease {
	t.Helper()
	l, err := s.Acquire(t.Context(), tenant, holder, ttl)
	if err != nil {
		t.Fatal(err)
	}
	if l.Tenant != tenant || l.Holder != holder || l.Fence == 0 {
		t.Fatalf("got lease %+v", l)
	}
	return l
}
