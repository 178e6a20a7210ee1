package sac

import (
	"sync"
	"time"

	"sacbridge/internal/upstream"
)

// learned holds what writes have shown about the tenant.
type learned struct {
	tell func(upstream.Facts) // nil: nobody keeps it

	telling sync.Mutex // held while tell is called
	mu      sync.Mutex
	facts   upstream.Facts
	proving bool // somebody tries whether single roles can be patched
}

func newLearned(f upstream.Facts, tell func(upstream.Facts)) *learned {
	return &learned{facts: f.Clone(), tell: tell}
}

func (l *learned) get() upstream.Facts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.facts.Clone()
}

func (l *learned) rolePatch() upstream.Tri {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.facts.RolePatch
}

// beginProof reports whether the caller is to try if single roles can be patched; endProof must follow.
func (l *learned) beginProof() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proving || l.facts.RolePatch != upstream.Untried {
		return false
	}
	l.proving = true
	return true
}

func (l *learned) endProof() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proving = false
}

func (l *learned) setRolePatch(answer upstream.Tri) {
	l.change(func(f *upstream.Facts) bool {
		changed := f.RolePatch != answer
		f.RolePatch = answer
		return changed
	})
}

// saw learns from an update that the tenant has accepted: which attributes it left as they were, and which
// it took though it is known to ignore them.
func (l *learned) saw(asked []string, undone []upstream.Undone) {
	l.change(func(f *upstream.Facts) bool {
		changed := false
		left := map[string]bool{}
		for _, part := range undone {
			left[part.Key] = true
			if _, known := f.Ignored[part.Key]; part.Code != upstream.Ignored || known {
				continue
			}
			if f.Ignored == nil {
				f.Ignored = map[string]time.Time{}
			}
			f.Ignored[part.Key] = time.Now().UTC()
			changed = true
		}
		for _, name := range asked {
			if _, known := f.Ignored[name]; known && !left[name] {
				delete(f.Ignored, name)
				changed = true
			}
		}
		return changed
	})
}

// change changes the facts and tells them where change says that they are others now.
func (l *learned) change(change func(*upstream.Facts) bool) {
	l.telling.Lock()
	defer l.telling.Unlock()
	l.mu.Lock()
	changed := change(&l.facts)
	facts := l.facts.Clone()
	l.mu.Unlock()
	if changed && l.tell != nil {
		l.tell(facts)
	}
}
