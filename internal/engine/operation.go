package engine

import (
	"context"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// Operation is one change of a target that somebody asks for.
type Operation struct {
	From, To Endpoint
	Command  string // what asked for it, for people who look at runs; without secrets
	Job      string // whose limits count too; "" where it belongs to no job

	// Request says what is asked for. A saved plan and a run that is resumed know it already.
	Request RequestFunc
	Rules   plan.Rules  // the limits that the plan is judged by
	Allow   plan.Guards // limits that a person gave for this run alone; they replace those of Rules

	PlanOnly bool // the plan is shown or saved, not applied: it needs no lease
	// Wait is how long to wait for a lease that somebody else holds; 0: not at all.
	Wait time.Duration

	Observer Observer // nil: nobody watches
	// Planned is told the plan as soon as there is one, also one that will not be applied. An error ends the operation.
	Planned func(*Report) error
	// Approve asks whether to go on; an error means no. nil: it is approved already.
	Approve func(context.Context, *plan.Plan) error
}

// RequestFunc says what is asked for. It may read the source to find out who is meant, and then gives what it read, so
// that nobody is read twice.
type RequestFunc func(ctx context.Context, source upstream.Reader) (plan.Request, *identity.Snapshot, error)

// FixedRequest asks for what a request says.
func FixedRequest(req plan.Request) RequestFunc {
	return func(context.Context, upstream.Reader) (plan.Request, *identity.Snapshot, error) { return req, nil, nil }
}

// Report is what became of an operation, as far as it came.
type Report struct {
	Plan      *plan.Plan    // nil: it did not come to a plan
	ReadCalls int           // requests made to read both tenants
	ApplyTime time.Duration // about how long applying the plan takes
	Stale     []plan.Stale  // of a saved plan: what is not as it was
	RunID     string        // "" where no run was started
	Result    *apply.Result
}

// Stage is a part of the operation that takes time.
type Stage string

// The stages.
const (
	Reading  Stage = "reading"  // both tenants, for a plan
	Checking Stage = "checking" // both tenants, whether a plan still holds
	Writing  Stage = "writing to"
)

// Observer hears how far an operation is.
type Observer interface {
	apply.Hook
	// Begin says that a stage begins, and with whom; end is called when it is over. One follows the other.
	Begin(stage Stage, sides ...Endpoint) (end func())
	// RunStarted says that the plan is being applied from now on, by which run.
	RunStarted(runID string)
	// WaitingForLease says that the operation waits for a lease, and who holds it. It is called once for each holder.
	WaitingForLease(held apply.Lease)
	// LeaseReleased says that the lease was released because the question has waited for so long. The answer is awaited
	// all the same.
	LeaseReleased(after time.Duration)
}

// noObserver hears nothing.
type noObserver struct{}

func (noObserver) Progress(apply.Progress)         {}
func (noObserver) Settled(apply.EntityResult)      {}
func (noObserver) Begin(Stage, ...Endpoint) func() { return func() {} }
func (noObserver) RunStarted(string)               {}
func (noObserver) WaitingForLease(apply.Lease)     {}
func (noObserver) LeaseReleased(time.Duration)     {}
