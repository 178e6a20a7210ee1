package apply_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
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

// underLease lets do run with the lease of the tenant, as one process would.
func underLease(t *testing.T, f upstream.Connector, j apply.Journal, leases apply.Leases, do func(apply.Deps) (*apply.Result, error)) (*apply.Result, error) {
	t.Helper()
	h, err := apply.Hold(t.Context(), leases, tenantURL, "test", time.Minute)
	if err != nil {
		return nil, err
	}
	defer giveBack(t, h)
	return do(apply.Deps{Target: f, Journal: j, Lease: h, Now: time.Now, Wait: noWait, RunID: "run-1"})
}

func TestARunNeedsTheLeaseOfItsTenant(t *testing.T) {
	t.Parallel()
	leases := leaseFile(t)
	first := held(t, leases, "the first", time.Hour)
	d, j := richPlan(), &memory{}
	run := func(deps apply.Deps) (*apply.Result, error) { return apply.Run(t.Context(), deps, d.plan) }
	_, err := underLease(t, d.tenant, j, leases, run)
	if who, ok := errors.AsType[*apply.LeaseHeldError](err); !ok || who.Lease.Holder != "the first" {
		t.Fatalf("got %v, want a LeaseHeldError that names the first", err)
	}
	other, err := apply.Hold(t.Context(), leases, "https://other.example.test", "test", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer giveBack(t, other)
	wrong := deps(d.tenant, j)
	wrong.Lease = other
	res, err := run(wrong)
	if err == nil || d.tenant.requests+d.tenant.readCount != 0 || j.begun || !res.Interrupted {
		t.Errorf("with another tenant's lease: %v, %d calls, journal begun %v, interrupted %v", err, d.tenant.requests, j.begun, res.Interrupted)
	}
	giveBack(t, first)
	if res, err = underLease(t, d.tenant, j, leases, run); err != nil {
		t.Fatal(err)
	}
	endsWell(t, &d, res, "run")
	for _, r := range j.records {
		if r.Fence != first.Current().Fence+1 {
			t.Fatalf("record %d has fencing number %d, want %d", r.Seq, r.Fence, first.Current().Fence+1)
		}
	}
}

func TestALongRunRenewsItsLease(t *testing.T) {
	t.Parallel()
	db := leaseFile(t)
	synctest.Test(t, func(t *testing.T) {
		leases := &counted{Leases: db, fail: func(n int) error {
			if n == 2 {
				return errors.New("the file is busy")
			}
			return nil
		}}
		f := slow(5 * time.Minute)
		res, err := underLease(t, f, &memory{}, leases, func(d apply.Deps) (*apply.Result, error) {
			return apply.Run(t.Context(), d, planOf(createUser("ANNA", ""), createUser("BERT", "ANNA")))
		})
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
			db := leaseFile(t)
			synctest.Test(t, func(t *testing.T) {
				leases, f, j := &counted{Leases: db, fail: fail}, slow(5*time.Minute), &memory{}
				p := planOf(createUser("ANNA", ""), createUser("BERT", "ANNA"))
				res, err := underLease(t, f, j, leases, func(d apply.Deps) (*apply.Result, error) { return apply.Run(t.Context(), d, p) })
				if !errors.Is(err, apply.ErrLeaseLost) || !res.Interrupted {
					t.Errorf("got %v, interrupted %v, want the lost lease", err, res.Interrupted)
				}
				if got := f.opNumber["create users"]; got != 1 {
					t.Errorf("got %d calls, want 1", got)
				}
				leases.fail, f.before = nil, nil
				res, err = underLease(t, f, j, leases, func(d apply.Deps) (*apply.Result, error) { return apply.Resume(t.Context(), d) })
				if err != nil || !res.Complete() || len(f.doubles()) > 0 {
					t.Errorf("resumed: got %v, %v, created twice %q", res.Entities, err, f.doubles())
				}
			})
		})
	}
}

// lateJournal begins only once its context has ended.
type lateJournal struct{ *memory }

func (j lateJournal) Begin(ctx context.Context, _ apply.Header, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestALeaseThatIsLostBeforeTheJournalBeginsIsToldAsTheCause(t *testing.T) {
	t.Parallel()
	f, j := newTenant(usual), lateJournal{&memory{}}
	_, err := underLease(t, f, j, leaseFile(t), func(d apply.Deps) (*apply.Result, error) {
		giveBack(t, d.Lease)
		return apply.Run(t.Context(), d, planOf(createUser("ANNA", "")))
	})
	if !errors.Is(err, apply.ErrLeaseLost) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the lost lease", err)
	}
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
