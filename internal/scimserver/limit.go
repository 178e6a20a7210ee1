package scimserver

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// Attempts without a valid credential have a bucket of their own, so that strangers cannot use up a source's rate.
const (
	attemptRate  = 20
	attemptBurst = 100
)

// The header of a request, its first line included: what is answered, and what is read so that it can be refused by
// the Server. Beyond that net/http refuses it itself, see AnswerRefusals. Each connection may take so much.
const (
	maxHeader     = 32 << 10
	maxHeaderRead = 64 << 10
)

// checkHeader refuses a header over the limit. A filter travels in the request line, so this bounds it before
// anything is parsed.
func checkHeader(r *http.Request) error {
	size := len(r.Method) + len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	if size > maxHeader {
		return headerTooLarge()
	}
	return nil
}

func headerTooLarge() *problem {
	return fail(http.StatusRequestHeaderFieldsTooLarge, "", "the header is over the limit of "+strconv.Itoa(maxHeader)+" bytes")
}

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
