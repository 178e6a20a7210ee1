package apply_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/upstream"
)

// counted are leases that count renewals and can fail them.
type counted struct {
	apply.Leases
	mu       sync.Mutex
	renewals int
	fail     func(n int) error
}

func (c *counted) Renew(ctx context.Context, l apply.Lease, ttl time.Duration) (apply.Lease, error) {
	c.mu.Lock()
	c.renewals++
	n := c.renewals
	c.mu.Unlock()
	if c.fail != nil {
		if err := c.fail(n); err != nil {
			return l, err
		}
	}
	return c.Leases.Renew(ctx, l, ttl)
}

const tenantURL = "https://b.example.test"

func leased(f *tenant, j apply.Journal, leases apply.Leases) apply.Deps {
	d := deps(f, j)
	d.Leases, d.Now, d.LeaseTTL = leases, time.Now, time.Minute
	return d
}

func TestASecondRunOnTheSameTenantFailsBeforeAnyCall(t *testing.T) {
	t.Parallel()
	leases := bolt.LeaseFile(filepath.Join(t.TempDir(), "leases"), time.Now)
	first, err := leases.Acquire(t.Context(), tenantURL, "the first", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	d, j := richPlan(), &memory{}
	res, err := apply.Run(t.Context(), leased(d.tenant, j, leases), d.plan)
	held, ok := errors.AsType[*apply.LeaseHeldError](err)
	if !ok || held.Lease.Holder != "the first" {
		t.Fatalf("got %v, want a LeaseHeldError that names the first", err)
	}
	if d.tenant.requests+d.tenant.readCount != 0 || j.begun || !res.Interrupted {
		t.Errorf("got %d calls, journal begun %v, interrupted %v", d.tenant.requests, j.begun, res.Interrupted)
	}
	if err := leases.Release(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	res, err = apply.Run(t.Context(), leased(d.tenant, j, leases), d.plan)
	if err != nil {
		t.Fatal(err)
	}
	endsWell(t, &d, res, "run")
	if l, ok, err := leases.Holder(t.Context(), tenantURL); ok || err != nil {
		t.Errorf("after the run: got holder %v, %v, want nobody", l, err)
	}
	for _, r := range j.records {
		if r.Fence != first.Fence+1 {
			t.Fatalf("record %d has fencing number %d, want %d", r.Seq, r.Fence, first.Fence+1)
		}
	}
}

func TestALongRunRenewsItsLease(t *testing.T) {
	t.Parallel()
	db := memoryLeases(t)
	synctest.Test(t, func(t *testing.T) {
		leases := &counted{Leases: db, fail: func(n int) error {
			if n == 2 {
				return errors.New("the file is busy")
			}
			return nil
		}}
		f := slow(5 * time.Minute)
		res, err := apply.Run(t.Context(), leased(f, &memory{}, leases), planOf(createUser("ANNA", ""), createUser("BERT", "ANNA")))
		if err != nil || !res.Complete() {
			t.Errorf("got %v, complete %v", err, res.Complete())
		}
		if leases.renewals < 29 || leases.renewals > 31 {
			t.Errorf("got %d renewals in 10 minutes, want 30", leases.renewals)
		}
		if _, ok, _ := leases.Holder(t.Context(), tenantURL); ok {
			t.Error("the lease was not released")
		}
	})
}

func TestALostLeaseStopsTheRunBeforeItsNextCall(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(int) error{
		"told by the renewal":                  func(int) error { return apply.ErrLeaseLost },
		"found by the check before the intent": func(int) error { return errors.New("the file is gone") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := memoryLeases(t)
			synctest.Test(t, func(t *testing.T) {
				leases, f, j := &counted{Leases: db, fail: fail}, slow(5*time.Minute), &memory{}
				p := planOf(createUser("ANNA", ""), createUser("BERT", "ANNA"))
				res, err := apply.Run(t.Context(), leased(f, j, leases), p)
				if !errors.Is(err, apply.ErrLeaseLost) || !res.Interrupted {
					t.Errorf("got %v, interrupted %v, want the lost lease", err, res.Interrupted)
				}
				if got := f.opNumber["create users"]; got != 1 {
					t.Errorf("got %d calls, want 1", got)
				}
				leases.fail, f.before = nil, nil
				res, err = apply.Resume(t.Context(), leased(f, j, leases))
				if err != nil || !res.Complete() || len(f.doubles()) > 0 {
					t.Errorf("resumed: got %v, %v, created twice %q", res.Entities, err, f.doubles())
				}
			})
		})
	}
}

// memoryLeases are leases by the bubble's clock in a file without fsync, open for the test.
func memoryLeases(t *testing.T) apply.Leases {
	t.Helper()
	path := filepath.Join(t.TempDir(), "leases")
	return bolt.LeaseFile(path, time.Now)
}

// slow is a tenant whose creates take a while.
func slow(d time.Duration) *tenant {
	l := usual
	l.Reread = 0
	f := newTenant(l)
	f.before = func(string, int) (error, bool) {
		<-time.After(d)
		return nil, true
	}
	return f
}

func TestACallThatOutlivesTheGraceTimeIsCutAndLookedAtLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, j := newTenant(usual), &memory{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		stuck := &stuckTenant{tenant: f}
		d := deps(f, j)
		d.Target, d.Grace = stuck, 30*time.Second
		start := time.Now()
		res, err := apply.Run(ctx, d, planOf(createUser("ANNA", "")))
		if !errors.Is(err, context.DeadlineExceeded) || !res.Interrupted || res.Entities[0].Status != apply.Pending {
			t.Errorf("got %v, interrupted %v, %v", err, res.Interrupted, res.Entities)
		}
		if got, want := time.Since(start), 90*time.Second; got != want {
			t.Errorf("got an end after %v, want %v", got, want)
		}
		if len(j.records) != 1 || j.records[0].Settled {
			t.Errorf("got records %+v, want the call unsettled", j.records)
		}
		d.Target = f
		res, err = apply.Resume(t.Context(), d)
		if err != nil || !res.Complete() || len(f.doubles()) > 0 {
			t.Errorf("resumed: got %v, %v", res.Entities, err)
		}
	})
}

func TestWaitsGrowAndFollowTheTenant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		asked time.Duration
		want  time.Duration
	}{
		"the tenant asks for nothing": {0, (1 + 2 + 4 + 8) * time.Second},
		"the tenant asks for 5 s":     {5 * time.Second, (5 + 5 + 5 + 8) * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newTenant(usual)
				f.before = on("delete team", always, &upstream.Error{Class: upstream.RetryLater, Op: "call", RetryAfter: c.asked}, false)
				d := deps(f, &memory{})
				d.Wait = nil
				start := time.Now()
				res, err := apply.Run(t.Context(), d, planOf(plan.Change{Entity: plan.Team, Op: plan.Delete, Key: "T"}))
				if err != nil || res.Entities[0].Status != apply.Failed {
					t.Errorf("got %v, %v, want it failed", res.Entities, err)
				}
				if got := time.Since(start); got != c.want {
					t.Errorf("got %v of waiting, want %v", got, c.want)
				}
			})
		})
	}
}

func TestAWaitEndsWithTheRun(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"delete team", "write team"} {
		synctest.Test(t, func(t *testing.T) {
			f := newTenant(usual)
			f.before = on(op, always, &upstream.Error{Class: upstream.RetryLater, Op: "call", RetryAfter: time.Hour}, false)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			d := deps(f, &memory{})
			d.Wait = nil
			start := time.Now()
			res, err := apply.Run(ctx, d, planOf(
				plan.Change{Entity: plan.Team, Op: plan.Create, Key: "N", AddRoles: []string{"R1"}},
				plan.Change{Entity: plan.Team, Op: plan.Delete, Key: "T"},
			))
			if !errors.Is(err, context.DeadlineExceeded) || res.Entities[1].Status != apply.Pending {
				t.Errorf("%s: got %v, %v", op, res.Entities, err)
			}
			if got := time.Since(start); got != time.Minute {
				t.Errorf("%s: got an end after %v, want a minute", op, got)
			}
		})
	}
}
