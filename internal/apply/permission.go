package apply

import (
	"context"
	"errors"
	"fmt"
)

// errStopping refuses a send of a run that is stopping.
var errStopping = errors.New("the run is stopping")

// permission is what every single send of a run's writes asks: the run goes on, and the lease is its own at this
// very moment. It implements upstream.Permission.
type permission struct {
	run      context.Context // ends when the run is to stop
	inFlight context.Context // of calls on the wire
	lease    *HeldLease
}

// Check implements upstream.Permission.
func (p *permission) Check() error {
	if p.run.Err() != nil {
		return fmt.Errorf("%w: %w", errStopping, context.Cause(p.run))
	}
	if err := p.lease.Check(p.inFlight); err != nil {
		return err
	}
	if p.run.Err() != nil { // meanwhile
		return fmt.Errorf("%w: %w", errStopping, context.Cause(p.run))
	}
	return nil
}

// Stopping implements upstream.Permission.
func (p *permission) Stopping() <-chan struct{} { return p.run.Done() }
