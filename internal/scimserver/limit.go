package scimserver

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Attempts without a valid credential have a bucket of their own, so that strangers cannot use up a source's rate.
const (
	attemptRate  = 20
	attemptBurst = 100
)

// bucket is a token bucket; nil never holds anyone up.
type bucket struct{ limiter *rate.Limiter }

func newBucket(perSecond float64, burst int) *bucket {
	if perSecond <= 0 {
		return nil
	}
	return &bucket{rate.NewLimiter(rate.Limit(perSecond), burst)}
}

// wait takes one request out of the bucket and gives 0, or the whole seconds after which there will be one.
func (b *bucket) wait(now time.Time) int {
	if b == nil {
		return 0
	}
	res := b.limiter.ReserveN(now, 1)
	delay := res.DelayFrom(now)
	if delay <= 0 {
		return 0
	}
	res.CancelAt(now)
	return max(int(math.Ceil(delay.Seconds())), 1)
}
