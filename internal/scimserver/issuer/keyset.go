package issuer

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sacbridge/internal/scimserver"
)

const (
	// readTimeout bounds one reading of the keys, discovery included.
	readTimeout = 10 * time.Second
	// waitTimeout is how long a token waits for a reading: less than clients wait for an answer.
	waitTimeout = 5 * time.Second
	// refreshAfter is how old keys may be before they are read again, beside those that go on using them: an issuer
	// that withdraws a key is believed after that time.
	refreshAfter = 15 * time.Minute
	// pause is how long the issuer is left alone after a reading, whatever key ids clients make up.
	pause = 5 * time.Second
	// maxPause is how long it is left alone after several failures in a row.
	maxPause = time.Minute
)

// keySet is the issuer's keys as they were last read. Its lock is never held while the issuer is asked: one reading
// serves all who need one, tokens with a known key wait for none, and what was read goes on serving while readings fail.
type keySet struct {
	life context.Context //nolint:containedctx // a reading outlives the request that started it
	read func(context.Context) ([]jose.JSONWebKey, error)
	log  *slog.Logger

	mu       sync.Mutex
	keys     []jose.JSONWebKey
	readAt   time.Time     // when keys were read; zero: never
	triedAt  time.Time     // when the last reading ended
	err      error         // what it failed with
	failures int           // in a row
	reading  chan struct{} // closed when the reading in hand ends; nil where none is
}

// find gives the keys that a token with this key id may be signed with: all, where it names none. It fails with a
// *scimserver.Refusal.
func (k *keySet) find(ctx context.Context, kid string) ([]jose.JSONWebKey, error) {
	found, reading := k.look(kid)
	if len(found) > 0 {
		return found, nil
	}
	if err := wait(ctx, reading); err != nil {
		return nil, err
	}
	return k.found(kid)
}

// renewed gives the keys of an id as they are after another reading, nil where none may be made or it fails: an issuer may
// have put another key in the place of one, under the same id or without any.
func (k *keySet) renewed(ctx context.Context, kid string) []jose.JSONWebKey {
	k.mu.Lock()
	k.startReading()
	reading := k.reading
	k.mu.Unlock()
	if reading == nil || wait(ctx, reading) != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.matching(kid)
}

// wait waits for a reading, where there is one, for as long as a client would.
func wait(ctx context.Context, reading <-chan struct{}) error {
	if reading == nil {
		return nil
	}
	timer := time.NewTimer(waitTimeout)
	defer timer.Stop()
	select {
	case <-reading:
		return nil
	case <-timer.C:
		return unavailable(fmt.Sprintf("it has not answered within %s", waitTimeout))
	case <-ctx.Done():
		return unavailable("it has not answered while the client waited")
	}
}

// look gives the keys of an id and, where they are missing or old and the issuer may be asked, starts a reading.
func (k *keySet) look(kid string) (found []jose.JSONWebKey, reading <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found = k.matching(kid)
	if len(found) > 0 && time.Since(k.readAt) < refreshAfter {
		return found, nil
	}
	k.startReading()
	return found, k.reading
}

// startReading asks the issuer, unless it is being asked or was a moment ago.
func (k *keySet) startReading() {
	if k.reading == nil && k.mayRead() {
		done := make(chan struct{})
		k.reading = done
		go k.renew(done)
	}
}

// found is what a token is told after a reading, or where none may be made.
func (k *keySet) found(kid string) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if found := k.matching(kid); len(found) > 0 {
		return found, nil
	}
	if k.err != nil {
		return nil, unavailable(k.err.Error())
	}
	return nil, refusal(reasonUnknownKey, fmt.Sprintf("the token is signed with the key %s, which is not among the %d keys that the issuer showed %s ago: it was signed by somebody else, or keys_url is another issuer's",
		quoted(kid), len(k.keys), time.Since(k.readAt).Round(time.Second)))
}

func (k *keySet) matching(kid string) []jose.JSONWebKey {
	if kid == "" {
		return k.keys
	}
	var found []jose.JSONWebKey
	for i := range k.keys {
		if k.keys[i].KeyID == kid {
			found = append(found, k.keys[i])
		}
	}
	return found
}

// mayRead says whether the issuer was left alone for long enough.
func (k *keySet) mayRead() bool {
	if k.triedAt.IsZero() {
		return true
	}
	return time.Since(k.triedAt) >= min(pause<<min(k.failures, 8), maxPause)
}

// renew reads the keys and tells whoever waits.
func (k *keySet) renew(done chan struct{}) {
	ctx, cancel := context.WithTimeout(k.life, readTimeout)
	defer cancel()
	keys, err := k.read(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reading, k.triedAt = nil, time.Now()
	close(done)
	failed := k.err != nil
	k.err = err
	if err != nil {
		k.failures++
		if !failed && k.life.Err() == nil {
			k.log.Error("the keys of the issuer cannot be read; those that were read before go on serving", "keys", len(k.keys), "cause", err.Error())
		}
		return
	}
	k.keys, k.readAt, k.failures = keys, k.triedAt, 0
	if failed {
		k.log.Info("the keys of the issuer can be read again", "keys", len(keys))
	}
}

// unavailable says that the keys are missing through no fault of the token.
func unavailable(cause string) *scimserver.Refusal {
	return &scimserver.Refusal{Reason: reasonUnavailable, Detail: "the keys of the issuer cannot be read: " + cause, Unavailable: true}
}
