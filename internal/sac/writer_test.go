package sac

import (
	"context"
	"errors"
	"testing"

	"sacbridge/internal/upstream"
)

var errStopping = errors.New("the run is stopping")

// runState is the permission of a run that goes on until over is closed.
type runState struct{ over chan struct{} }

func (r runState) Stopping() <-chan struct{} { return r.over }

func (r runState) Check() error {
	select {
	case <-r.over:
		return errStopping
	default:
		return nil
	}
}

func TestWaitingForATurnEndsWhenTheRunStopsOrTheContextEnds(t *testing.T) {
	t.Parallel()
	turn, goesOn := newInterruptibleMutex(), runState{make(chan struct{})}
	unlock, err := turn.lock(t.Context(), "first", goesOn)
	if err != nil {
		t.Fatal(err)
	}
	stops := runState{make(chan struct{})}
	waits := make(chan error)
	go func() {
		_, err := turn.lock(t.Context(), "second", stops)
		waits <- err
	}()
	close(stops.over)
	if err := <-waits; upstream.ClassOf(err) != upstream.NotSent || !errors.Is(err, errStopping) {
		t.Errorf("the run stopped: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turn.lock(ended, "third", goesOn); upstream.ClassOf(err) != upstream.Cancelled {
		t.Errorf("the context ended: %v", err)
	}
	unlock()
	if unlock, err = turn.lock(t.Context(), "fourth", goesOn); err != nil {
		t.Fatalf("after its turn came: %v", err)
	}
	unlock()
}
