package plan

// Verdict says what may be done with a plan.
type Verdict string

// The verdicts. Only a plan that is Ready or Partial may be applied.
const (
	Ready   Verdict = "ready"                    // apply it
	Partial Verdict = "ready in part"            // apply it; its conflicts are left over
	Nothing Verdict = "nothing to do"            // both sides are as wanted
	Stopped Verdict = "held by a guard"          // too many changes of one kind
	Blocked Verdict = "conflicts need an answer" // strict, or nothing else is left
)

// Verdict judges the plan. A tripped guard outranks conflicts. A strict plan with conflicts keeps its
// changes, so that they can be shown, but is Blocked.
func (p *Plan) Verdict() Verdict {
	switch {
	case len(p.Exceeded) > 0:
		return Stopped
	case len(p.Conflicts) > 0 && (p.Request.Options.Strict || p.Empty()):
		return Blocked
	case len(p.Conflicts) > 0:
		return Partial
	case p.Empty():
		return Nothing
	}
	return Ready
}

// Applicable reports whether the plan may be applied.
func (p *Plan) Applicable() bool {
	v := p.Verdict()
	return v == Ready || v == Partial
}
