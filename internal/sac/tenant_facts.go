package sac

import (
	"sync"
	"time"

	"sacbridge/internal/upstream"
)

// tenantFacts holds what writes have shown about the tenant.
type tenantFacts struct {
	onChange func(upstream.Facts) // nil: nobody keeps it

	notifyMu sync.Mutex // held while onChange is called
	mu       sync.Mutex
	facts    upstream.Facts
	probing  bool // somebody tries whether single roles can be patched
}

func newTenantFacts(f upstream.Facts, onChange func(upstream.Facts)) *tenantFacts {
	return &tenantFacts{facts: f.Clone(), onChange: onChange}
}

func (l *tenantFacts) get() upstream.Facts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.facts.Clone()
}

func (l *tenantFacts) rolePatch() upstream.Tri {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.facts.RolePatch
}

// beginProbe reports whether the caller is to try if single roles can be patched; endProbe must follow.
func (l *tenantFacts) beginProbe() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.probing || l.facts.RolePatch != upstream.Untried {
		return false
	}
	l.probing = true
	return true
}

func (l *tenantFacts) endProbe() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.probing = false
}

func (l *tenantFacts) setRolePatch(answer upstream.Tri) {
	l.change(func(f *upstream.Facts) bool {
		changed := f.RolePatch != answer
		f.RolePatch = answer
		return changed
	})
}

// recordUndone learns from an update that the tenant has accepted: which attributes it left as they were, and which
// it took though it is known to ignore them.
func (l *tenantFacts) recordUndone(asked []string, undone []upstream.Undone) {
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

// change changes the facts and calls onChange where change says that they are others now.
func (l *tenantFacts) change(change func(*upstream.Facts) bool) {
	l.notifyMu.Lock()
	defer l.notifyMu.Unlock()
	l.mu.Lock()
	changed := change(&l.facts)
	facts := l.facts.Clone()
	l.mu.Unlock()
	if changed && l.onChange != nil {
		l.onChange(facts)
	}
}
