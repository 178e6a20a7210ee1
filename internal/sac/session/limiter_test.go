package session

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"
)

func TestTheRateIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openDirect(t, newTenant(cf), func(c *Config) { c.PerSecond = 2 })
		start := time.Now()
		for range 11 {
			must(t, s, read(users))
		}
		if got := time.Since(start); got < 4990*time.Millisecond || got > 5010*time.Millisecond {
			t.Errorf("11 calls took %v, want 5s", got)
		}
		if got := s.Stats().Waited; got < 4990*time.Millisecond {
			t.Errorf("Stats has waited %v", got)
		}
	})
}

func TestA429HalvesTheRateOnceAndTakesAWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLimiter(4, 0)
		var sent time.Time
		for range 20 { // ten a second
			if err := wait(t.Context(), 100*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			sent = time.Now()
			if _, err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := wait(t.Context(), 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		for range 3 { // a burst
			p.throttled(sent, time.Second)
		}
		if got := p.perSecond.Limit(); got < 4.9 || got > 5.1 {
			t.Errorf("got %v a second, want half of ten", got)
		}
		if p.slotsToDisable != 1 {
			t.Errorf("%d workers are to go, want 1", p.slotsToDisable)
		}
	})
}

// succeedLater has a call go well when the bounds may be raised.
func succeedLater(p *limiter) {
	p.lowered, p.raised = p.lowered.Add(-raiseEvery), p.raised.Add(-raiseEvery)
	p.succeeded()
}

// Trial 6: it took 16 minutes, since the rate was raised by calls that went well, of which there were few.
func TestAfterSix429sTheRateRecoversInAboutAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLimiter(4, 0)
		call := func() time.Time {
			if _, err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			return time.Now()
		}
		for range 50 { // ten a second
			call()
			if err := wait(t.Context(), 100*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		for range 6 {
			sent := call()
			p.throttled(sent, 0)
		}
		if got := p.perSecond.Limit(); got != slowest {
			t.Fatalf("the rate is %v after six 429s", got)
		}
		begun := time.Now()
		for p.perSecond.Limit() < 10 || p.disabledSlots+p.slotsToDisable > 0 {
			call()
			p.succeeded()
		}
		if got := time.Since(begun); got > 70*time.Second || got < 20*time.Second {
			t.Errorf("ten calls a second and all workers are back after %v, want about a minute", got)
		}
	})
}

func TestRateAndWorkersStayWithinTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.IntRange(1, 5).Draw(t, "workers")
		top := rapid.SampledFrom([]float64{0, 1, 20}).Draw(t, "top")
		p := newLimiter(workers, top)
		busy := 0
		for range rapid.IntRange(0, 600).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				if p.slots.TryAcquire(1) {
					busy++
				}
			case 1:
				if busy > 0 {
					p.leave()
					busy--
				}
			case 2:
				p.throttled(time.Now(), 0)
			case 3:
				succeedLater(p)
			}
			free := 0
			for p.slots.TryAcquire(1) {
				free++
			}
			p.slots.Release(int64(free))
			if busy+free+p.disabledSlots != workers {
				t.Fatalf("%d busy, %d free and %d held slots of %d", busy, free, p.disabledSlots, workers)
			}
			if p.disabledSlots+p.slotsToDisable > workers-1 || p.disabledSlots < 0 || p.slotsToDisable < 0 {
				t.Fatalf("%d held and %d owed slots of %d", p.disabledSlots, p.slotsToDisable, workers)
			}
			if l := p.perSecond.Limit(); l < slowest || l > p.top {
				t.Fatalf("rate %v is not within %v and %v", l, slowest, p.top)
			}
		}
		for range 100 {
			succeedLater(p)
		}
		if top == 1 && p.perSecond.Limit() != rate.Limit(1) {
			t.Fatalf("the rate stays at %v", p.perSecond.Limit())
		}
	})
}

func TestNoMoreWorkersThanAllowedAreAtWork(t *testing.T) {
	t.Parallel()
	var now atomic.Int32
	var mu sync.Mutex
	var most int32
	var once sync.Once
	gate := make(chan struct{})
	srv, _ := onUsers(func(_ int, _ http.ResponseWriter, _ *http.Request) bool {
		n := now.Add(1)
		defer now.Add(-1)
		mu.Lock()
		most = max(most, n)
		mu.Unlock()
		if n == 3 {
			once.Do(func() { close(gate) }) // all three are here
		}
		<-gate
		return false
	})
	s := open(t, srv, cf, func(c *Config) { c.Workers = 3 })
	must(t, s, read("/api/v1/scim/Groups"))
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := s.Do(t.Context(), read(users)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most != 3 {
		t.Errorf("%d calls were side by side, want 3", most)
	}
}

func TestOne429PausesAllWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var early atomic.Int32
		start := time.Now()
		srv, _ := onUsers(func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n == 1 {
				w.Header().Set("Retry-After", "30")
				sendJSON(w, http.StatusTooManyRequests, `{}`)
				return true
			}
			if time.Since(start) < 30*time.Second {
				early.Add(1)
			}
			return false
		})
		s := openDirect(t, srv)
		var wg sync.WaitGroup
		call := func() {
			if _, err := s.Do(t.Context(), read(users)); err != nil {
				t.Error(err)
			}
		}
		wg.Go(call)
		synctest.Wait() // the first call has its answer and pauses
		for range 8 {
			wg.Go(call)
		}
		wg.Wait()
		if early.Load() > 0 {
			t.Errorf("%d calls did not wait", early.Load())
		}
	})
}
