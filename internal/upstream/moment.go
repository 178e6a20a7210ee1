package upstream

import "time"

// Moment is one reading of the wall clock and of one that only runs forward. The zero Moment is long ago.
type Moment struct {
	Wall    time.Time
	Running time.Duration
}

var started = time.Now()

// Now reads both clocks.
func Now() Moment {
	now := time.Now()
	return Moment{Wall: now.Round(0), Running: now.Sub(started)}
}

// Until is how much time has passed from m to now by whichever clock says more. The running clock may stand still while
// the machine sleeps, and the wall clock may be set back.
func (m Moment) Until(now Moment) time.Duration {
	return max(now.Wall.Sub(m.Wall), now.Running-m.Running)
}
