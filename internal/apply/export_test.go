package apply

import (
	"context"
	"time"
)

// HoldByClocks is Hold with clocks of the test's own.
func HoldByClocks(ctx context.Context, leases Leases, tenant string, ttl time.Duration, read func() (wall time.Time, running time.Duration)) (*HeldLease, error) {
	return hold(ctx, leases, tenant, "test", ttl, func() moment {
		wall, running := read()
		return moment{wall, running}
	})
}
