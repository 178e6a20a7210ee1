package sacsim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim"
)

// bigSeed is a tenant of 20,000 people with one team that holds the first of them.
func bigSeed(members int) string {
	held := ""
	if members > 0 {
		held = fmt.Sprintf(`,"membersRange":[{"prefix":"U","from":1,"to":%d,"pad":5}]`, members)
	}
	return `{"usersRange":[{"prefix":"U","from":1,"to":20000,"pad":5}],"teams":[{"id":"Big"` + held + `},{"id":"Small"}]}`
}

// putTeam is the body of a v1 PUT with the people from..to as members.
func putTeam(id string, from, to int) string {
	var members []string
	for n := from; n <= to; n++ {
		members = append(members, fmt.Sprintf(`{"type":"User","value":"U%05d"}`, n))
	}
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"` + id + `","displayName":"x","roles":[],"members":[` +
		strings.Join(members, ",") + `]}`
}

const (
	bigTeam   = "/api/v1/scim/Groups/Big"
	smallTeam = "/api/v1/scim/Groups/Small"
)

// slow gives a logged-on client of a simulator with the profile real.
func slow(t *testing.T, seed string, speed float64) *direct {
	t.Helper()
	d := newDirect(t, newServer(t, sacsim.Options{Latency: sacsim.Real(), Speed: speed}, seed))
	d.login()
	return d
}

func TestBehaviour52_ALongUpdateIs502AndGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := slow(t, bigSeed(0), 1)
		start := time.Now()
		got := d.do(http.MethodPut, bigTeam, putTeam("Big", 1, 12_000)) // about 360 s
		if got.Code != http.StatusBadGateway || time.Since(start) != 300*time.Second {
			t.Fatalf("answered %d after %s, want 502 after 5m", got.Code, time.Since(start))
		}
		if n := strings.Count(d.want(http.MethodGet, bigTeam, http.StatusOK).Body.String(), `"value":"U`); n != 0 {
			t.Errorf("%d members at the cut, want 0: the work is not done yet", n)
		}
		next := d.do(http.MethodPut, bigTeam, putTeam("Big", 1, 12_000)) // waits for the first, then changes nothing
		if took := time.Since(start); next.Code != http.StatusOK || took < 340*time.Second || took > 400*time.Second {
			t.Errorf("the repeat answered %d after %s in all, want 200 once the first is done", next.Code, took)
		}
		if n := strings.Count(next.Body.String(), `"value":"U`); n != 12_000 {
			t.Errorf("%d members in the end, want 12000", n)
		}
	})
}

func TestBehaviour52_SlowerWithTeamSize(t *testing.T) {
	t.Parallel()
	took := func(members int) (span time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			d := slow(t, bigSeed(members), 1)
			start := time.Now()
			if got := d.do(http.MethodPut, bigTeam, putTeam("Big", 1, members+100)); got.Code != http.StatusOK {
				t.Fatalf("PUT = %d %.200s", got.Code, got.Body)
			}
			span = time.Since(start)
		})
		return span
	}
	if small, large := took(10), took(15_000); large < small+time.Second {
		t.Errorf("100 people took %s in a team of 10 and %s in one of 15,000", small, large)
	}
}

func TestBehaviour53_ALongDeleteIs502ThenGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := slow(t, bigSeed(12_000), 1)
		if got := d.do(http.MethodDelete, bigTeam, ""); got.Code != http.StatusBadGateway {
			t.Fatalf("DELETE = %d, want 502", got.Code)
		}
		d.want(http.MethodGet, bigTeam, http.StatusOK)
		d.wait(200 * time.Second)
		d.want(http.MethodGet, bigTeam, http.StatusNotFound)
		d.want(http.MethodGet, usersV1+"/U00001", http.StatusOK)
	})
}

func TestBehaviour53_AnOrdinaryDeleteIs204AndSparesThePeople(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	wantStatus(t, c.call(http.MethodDelete, "/api/v1/scim/Groups/Team1", ""), http.StatusNoContent)
	wantStatus(t, c.call(http.MethodGet, "/api/v1/scim/Groups/Team1", ""), http.StatusNotFound)
	wantStatus(t, c.call(http.MethodGet, usersV1+"/U1", ""), http.StatusOK)
}

func TestUpdatesOfOneTeamWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := slow(t, bigSeed(0), 1)
		start := time.Now()
		var mu sync.Mutex
		var order []string
		var calls sync.WaitGroup
		begin := func(name, path, body string) {
			calls.Go(func() {
				got := d.do(http.MethodPut, path, body)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, fmt.Sprintf("%s %d at %.0fs", name, got.Code, time.Since(start).Seconds()))
			})
			synctest.Wait()
		}
		begin("first", bigTeam, putTeam("Big", 1, 380))
		begin("second", bigTeam, putTeam("Big", 1, 381))
		begin("other team", smallTeam, putTeam("Small", 1, 38))
		calls.Wait()
		// 380 people at about 33 a second, then one more; the other team does not wait
		want := []string{"other team 200 at 1s", "first 200 at 12s", "second 200 at 12s"}
		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		got := d.want(http.MethodGet, bigTeam, http.StatusOK)
		if n := strings.Count(got.Body.String(), `"value":"U`); n != 381 {
			t.Errorf("%d members, want the second update's 381", n)
		}
	})
}

func TestOtherCallsRunEightAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := slow(t, "", 1)
		start := time.Now()
		var mu sync.Mutex
		var ends []time.Duration
		var calls sync.WaitGroup
		for range 17 {
			calls.Go(func() {
				d.do(http.MethodGet, usersV1+"/U1", "")
				mu.Lock()
				defer mu.Unlock()
				ends = append(ends, time.Since(start))
			})
		}
		calls.Wait()
		slices.Sort(ends)
		got := []time.Duration{ends[0], ends[7], ends[8], ends[15], ends[16]}
		want := []time.Duration{150, 150, 300, 300, 450}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ends of 17 reads (-want +got):\n%s", diff)
		}
	})
}

func TestSpeedDividesWaitsButNotCosts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := slow(t, "", 100)
		d.do(http.MethodPost, "/__stats/reset", "")
		start := time.Now()
		d.want(http.MethodGet, usersV1+"/U1", http.StatusOK)
		if took := time.Since(start); took != 1500*time.Microsecond {
			t.Errorf("a read took %s, want 1.5ms", took)
		}
		if got := d.do(http.MethodGet, "/__stats", "").Body.String(); !strings.Contains(got, `"serviceSeconds":0.15`) {
			t.Errorf("stats = %s, want 0.15 service seconds", got)
		}
	})
}

func TestFetchMakesAReadAFifthSlower(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := slow(t, "", 1)
		d.csrf = "fetch"
		start := time.Now()
		d.want(http.MethodGet, usersV1+"/U1", http.StatusOK)
		if took := time.Since(start); took != 180*time.Millisecond {
			t.Errorf("a read that fetches took %s, want 180ms", took)
		}
	})
}

func TestCloseEndsWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := slow(t, bigSeed(0), 1)
		start := time.Now()
		var calls sync.WaitGroup
		calls.Go(func() {
			defer func() { _ = recover() }() // the recorder can't be hung up on
			d.do(http.MethodPut, bigTeam, putTeam("Big", 1, 5000))
		})
		synctest.Wait()
		d.server.Close()
		calls.Wait()
		if took := time.Since(start); took != 0 {
			t.Errorf("the call ended after %s, want at once", took)
		}
	})
}
