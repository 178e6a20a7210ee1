package sac

import "sync"

// book remembers which user ID belongs to which v2 UUID. A UUID never changes while its person
// exists; who is deleted is struck out.
type book struct {
	mu   sync.RWMutex
	refs map[string]string // user ID → UUID
	ids  map[string]string // UUID → user ID
	made map[string]bool   // user IDs created by Bulk, whose UUIDs no answer has told yet
}

func newBook() *book {
	return &book{refs: map[string]string{}, ids: map[string]string{}, made: map[string]bool{}}
}

// created notes somebody whose UUID is still to be learnt.
func (b *book) created(userID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made[userID] = true
}

// nameless gives up to max user IDs whose UUIDs are still to be learnt.
func (b *book) nameless(max int) []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []string
	for id := range b.made {
		if len(out) >= max {
			break
		}
		out = append(out, id)
	}
	return out
}

func (b *book) put(userID, ref string) {
	if userID == "" || ref == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, ok := b.refs[userID]; ok && old != ref {
		delete(b.ids, old)
	}
	b.refs[userID], b.ids[ref] = ref, userID
	delete(b.made, userID)
}

func (b *book) ref(userID string) (string, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	ref, ok := b.refs[userID]
	return ref, ok
}

func (b *book) id(ref string) (string, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	id, ok := b.ids[ref]
	return id, ok
}

func (b *book) strike(userID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.ids, b.refs[userID])
	delete(b.refs, userID)
	delete(b.made, userID)
}

// maxInterned bounds the distinct strings an interner keeps.
const maxInterned = 50_000

// interner keeps one copy of strings that thousands of people share: languages, formats, role IDs,
// team names.
type interner struct {
	mu   sync.Mutex
	seen map[string]string
}

func newInterner() *interner { return &interner{seen: map[string]string{}} }

func (in *interner) one(s string) string {
	if s == "" {
		return ""
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if kept, ok := in.seen[s]; ok {
		return kept
	}
	if len(in.seen) < maxInterned {
		in.seen[s] = s
	}
	return s
}
