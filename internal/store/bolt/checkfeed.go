package bolt

import (
	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// bits is a set of numbers that are close together.
type bits map[uint64]*[1024]uint64

// add reports whether n is new.
func (b bits) add(n uint64) bool {
	page := b[n>>16]
	if page == nil {
		page = new([1024]uint64)
		b[n>>16] = page
	}
	word, bit := n>>6&1023, uint64(1)<<(n&63)
	was := page[word]&bit != 0
	page[word] |= bit
	return !was
}

func (b bits) has(n uint64) bool {
	page := b[n>>16]
	return page != nil && page[n>>6&1023]&(1<<(n&63)) != 0
}

// follow notes that an entry leads to an event of a record, and looks for that event.
func (c *sourceCheck) follow(seq directory.Seq, id directory.ID, bucket, key []byte) {
	if uint64(seq) <= c.counter(counterFloor) {
		return // forgotten, or none
	}
	if !c.inHistory.add(uint64(seq)) {
		c.fault(directory.FaultFeedGap, bucket, key, "event %d has two places in a history", seq)
	}
	if e, err := c.event(seq); err != nil || e.ID != id {
		c.fault(directory.FaultFeedGap, bucket, key, "the last event of %s before this is said to be %d, and is not", id, seq)
	}
}

// feed looks for gaps between the floor and the last number, and for events that no history leads to.
func (c *sourceCheck) feed() {
	last := c.counter(counterFloor)
	c.each(bucketPurged, func(key, value []byte) {
		c.follow(directory.Seq(number(value)), lastID(key), bucketPurged, key)
	})
	c.each(bucketLog, func(key, value []byte) {
		c.report.Events++
		seq, ok := store.Seq(key[len(c.prefix):])
		e, err := store.DecodeEvent(directory.Seq(seq), value)
		if !ok || err != nil {
			c.fault(directory.FaultUnreadable, bucketLog, key, "the event cannot be read: %v", err)
			return
		}
		if seq != last+1 {
			c.fault(directory.FaultFeedGap, bucketLog, key, "event %d follows %d", seq, last)
		}
		last = seq
		c.follow(e.Prev, e.ID, bucketLog, key)
	})
	if counted := c.counter(counterLast); counted != last {
		c.fault(directory.FaultFeedGap, bucketCount, c.key([]byte{counterLast}), "the last event is %d, %d is noted", last, counted)
	}
	c.each(bucketLog, func(key, _ []byte) {
		if seq, ok := store.Seq(key[len(c.prefix):]); ok && !c.inHistory.has(seq) {
			c.fault(directory.FaultFeedGap, bucketLog, key, "event %d is in no history", seq)
		}
	})
}
