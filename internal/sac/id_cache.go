package sac

import "sync"

// idCache remembers which user ID belongs to which v2 UUID, as met in this run. A UUID never changes
// while its person exists; who is deleted is forgotten.
type idCache struct {
	mu      sync.RWMutex
	refs    map[string]string // user ID → UUID
	userIDs map[string]string // UUID → user ID
	awaited map[string]bool   // user IDs created by Bulk, whose UUIDs no answer has told yet
}

func newIDCache() *idCache {
	return &idCache{refs: map[string]string{}, userIDs: map[string]string{}, awaited: map[string]bool{}}
}

// await notes somebody whose UUID is still to be learnt.
func (c *idCache) await(userID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaited[userID] = true
}

// awaiting gives up to most user IDs whose UUIDs are still to be learnt.
func (c *idCache) awaiting(most int) []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []string
	for id := range c.awaited {
		if len(out) >= most {
			break
		}
		out = append(out, id)
	}
	return out
}

func (c *idCache) put(userID, ref string) {
	if userID == "" || ref == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.refs[userID]; ok && old != ref {
		delete(c.userIDs, old)
	}
	c.refs[userID], c.userIDs[ref] = ref, userID
	delete(c.awaited, userID)
}

func (c *idCache) ref(userID string) (string, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ref, ok := c.refs[userID]
	return ref, ok
}

func (c *idCache) userID(ref string) (string, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	id, ok := c.userIDs[ref]
	return id, ok
}

func (c *idCache) forget(userID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.userIDs, c.refs[userID])
	delete(c.refs, userID)
	delete(c.awaited, userID)
}
