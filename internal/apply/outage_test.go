package apply_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// noTime is how a tenant says that it has no time.
func noTime(status int) *upstream.Error {
	e := &upstream.Error{Class: upstream.RetryLater, Op: "call", Status: status, Detail: "injected"}
	if status == http.StatusTooManyRequests {
		e.Code = upstream.CodeThrottled
	}
	if status == http.StatusBadGateway || status == http.StatusGatewayTimeout {
		e.Class = upstream.Unknown
	}
	return e
}

func upstreamError(err error) *upstream.Error {
	e, _ := errors.AsType[*upstream.Error](err)
	return e
}

// TestTrial6ATenantWithoutTimeStopsTheRun is about a tenant that answers everything by 503 or 429, or a gateway that
// does so in its place.
func TestTrial6ATenantWithoutTimeStopsTheRun(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 502, 503, 504} {
		for _, after := range []int{0, 4} {
			for _, reads := range []bool{true, false} {
				t.Run(fmt.Sprintf("%d after %d calls, reads succeed %v", status, after, reads), func(t *testing.T) {
					t.Parallel()
					d := richPlan()
					var mu sync.Mutex
					calls := 0
					d.tenant.before = func(string, int) (error, bool) {
						mu.Lock()
						defer mu.Unlock()
						if calls++; calls > after {
							return noTime(status), false
						}
						return nil, true
					}
					if !reads {
						d.tenant.reads = func(int) error {
							mu.Lock()
							defer mu.Unlock()
							if calls <= after {
								return nil
							}
							return noTime(status)
						}
					}
					path := journalPath(t)
					db, j := journalFile(t, path)
					res, err := apply.Run(t.Context(), deps(d.tenant, j), d.plan)
					if e := upstreamError(err); e == nil || !e.Unreachable || e.Class != upstream.RetryLater || !res.Interrupted {
						t.Fatalf("got %v, interrupted %v, want the run to stop as if the tenant were out of reach", err, res.Interrupted)
					}
					for _, e := range res.Entities {
						if e.Status == apply.Failed {
							t.Errorf("%s %s is failed (%s), want it open", e.Op, e.Key, e.Cause)
						}
					}
					if limit := after + 60; calls > limit {
						t.Errorf("got %d calls, want no more than %d", calls, limit)
					}
					if err := db.Close(); err != nil {
						t.Fatal(err)
					}
					d.tenant.before, d.tenant.reads = nil, nil
					res, _ = life(t, d.tenant, path, d.plan, -1)
					endsWell(t, &d, res, "resumed")
				})
			}
		}
	}
}

// TestTrial6AFewPeopleAreEnough is about plans that are too small for three calls in a row.
func TestTrial6AFewPeopleAreEnough(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.before = func(string, int) (error, bool) { return noTime(503), false }
	person := func(id string) plan.Change {
		return plan.Change{Entity: plan.User, Op: plan.Create, Key: id, User: &identity.User{UserID: id, Email: id + "@x.example", Active: true}}
	}
	for _, n := range []int{1, 2} {
		res, err := apply.Run(t.Context(), deps(f, &memory{}), planOf([]plan.Change{person("A"), person("B")}[:n]...))
		if stopped := err != nil; stopped != (n == 2) || res.Interrupted != stopped {
			t.Errorf("%d people: got %v, interrupted %v", n, err, res.Interrupted)
		}
	}
}

// TestTrial6OnePoisonedItemStopsNoRun is about people whom the tenant never gets written, each alone.
func TestTrial6OnePoisonedItemStopsNoRun(t *testing.T) {
	t.Parallel()
	for _, poisoned := range [][]string{{"P01"}, {"P03", "P07"}, {"P02", "P04", "P06", "P08"}} {
		t.Run(strings.Join(poisoned, " "), func(t *testing.T) {
			t.Parallel()
			l := usual
			l.Workers, l.CreateBatch = 1, 1
			f := newTenant(l)
			bad := identity.Lookup(poisoned)
			f.poisoned = map[string]error{}
			for id := range bad {
				f.poisoned[id] = noTime(503)
			}
			var changes []plan.Change
			for i := range 10 {
				id := fmt.Sprintf("P%02d", i)
				changes = append(changes, plan.Change{Entity: plan.User, Op: plan.Create, Key: id, User: &identity.User{UserID: id, Email: id + "@x.example", Active: true}})
			}
			res, err := apply.Run(t.Context(), deps(f, &memory{}), planOf(changes...))
			if err != nil || res.Interrupted {
				t.Fatalf("got %v, interrupted %v", err, res.Interrupted)
			}
			for _, e := range res.Entities {
				if (e.Status == apply.Failed) != bad[e.Key] {
					t.Errorf("%s: %s (%s)", e.Key, e.Status, e.Cause)
				}
			}
		})
	}
}
