package sac_test

import (
	"runtime"
	"testing"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// TestEverybodyOfALargeTenantFits reads 5,000 people twice and a team of 4,800, and holds what stays
// in memory to the share that 80,000 people may have of a 250 MB process.
func TestEverybodyOfALargeTenantFits(t *testing.T) {
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true}],
	 "usersRange":[{"prefix":"U","from":1,"to":5000,"pad":5,"domain":"example.com","user":{"roles":["PROFILE:sap.epm:BI_Admin","PROFILE:sap.epm:Viewer"]}}],
	 "teams":[{"id":"T","membersRange":[{"prefix":"U","from":1,"to":4800,"pad":5}]}]}`
	s := open(t, setup{seed: seed})
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var kept []identity.Snapshot
	for range 2 {
		snap, err := upstream.Load(t.Context(), s.Tenant, identity.Scope{AllUsers: true, Groups: []string{"T"}, MembersOf: []string{"T"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(snap.Users) != 5001 || len(snap.Groups["T"].Members) != 4800 {
			t.Fatalf("%d people, %d members", len(snap.Users), len(snap.Groups["T"].Members))
		}
		kept = append(kept, snap)
	}
	grown := heap() - min(before, heap())
	t.Logf("%d MB for %d snapshots", grown>>20, len(kept))
	if grown > 12<<20 {
		t.Errorf("%d MB stay in use", grown>>20)
	}
	runtime.KeepAlive(kept)
}
