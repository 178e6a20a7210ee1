package service

import (
	"crypto/sha256"
	"sync"
)

// createWatch finds creates that are repeated without a look: the same body again, from the same
// client, after it made a user, with no read of users in between. It has a lock of its own because
// reads report to it.
type createWatch struct {
	mu   sync.Mutex
	made map[string]map[[32]byte]bool // by client
}

// repeated reports whether a client made a user with that body since it last read users.
func (w *createWatch) repeated(actor string, body []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(body) > 0 && w.made[actor][sha256.Sum256(body)]
}

// created remembers a create that made a user.
func (w *createWatch) created(actor string, body []byte) {
	if len(body) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.made[actor] == nil {
		w.made[actor] = map[[32]byte]bool{}
	}
	w.made[actor][sha256.Sum256(body)] = true
}

// denied forgets a create.
func (w *createWatch) denied(actor string, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.made[actor], sha256.Sum256(body))
}

// DenyCreate says that a client was told that its create had no effect, so that repeating it is no mistake.
func (s *Service) DenyCreate(actor string, body []byte) { s.creates.denied(actor, body) }

// read forgets what a client created: it has looked.
func (w *createWatch) read(actor string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.made, actor)
}
