package apply_test

import (
	"testing"

	"pgregory.net/rapid"

	"sacbridge/internal/apply"
	"sacbridge/internal/upstream"
)

func TestARunLeadsToWhatThePlanSaysWithTheEstimatedCalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := usual
		l.Workers, l.Lookup = rapid.IntRange(0, 8).Draw(rt, "workers"), rapid.IntRange(1, 5).Draw(rt, "lookup")
		l.CreateBatch, l.UpdateBatch = rapid.IntRange(1, 5).Draw(rt, "create batch"), rapid.IntRange(1, 5).Draw(rt, "update batch")
		l.AddChunk, l.RemoveChunk = rapid.IntRange(1, 9).Draw(rt, "add chunk"), rapid.IntRange(1, 9).Draw(rt, "remove chunk")
		l.RoleChunk, l.Reread = rapid.IntRange(1, 4).Draw(rt, "role chunk"), rapid.Bool().Draw(rt, "reread")
		d := draw(rt, l)
		d.tenant.limits = func(size int) upstream.Limits {
			tuned := l
			tuned.AddChunk = max(1, l.AddChunk-size/3)
			return tuned
		}
		quiet := len(d.tenant.defaultRoles) == 0 // default roles take corrections, which no estimate foresees
		estimate := apply.Estimate(d.plan, d.tenant.Limits)
		res, err := apply.Run(t.Context(), deps(d.tenant, &memory{}), d.plan)
		if err != nil {
			rt.Fatal(err)
		}
		if !res.Complete() {
			rt.Errorf("not complete: %v", res.Entities)
		}
		if diff := d.differs(d.tenant); diff != "" {
			rt.Errorf("state of the tenant (-got +want):\n%s", diff)
		}
		if len(d.tenant.breaches)+len(d.tenant.doubles()) > 0 {
			rt.Errorf("breaches: %q, created twice: %q", d.tenant.breaches, d.tenant.doubles())
		}
		if res.Calls != d.tenant.requests {
			rt.Errorf("got %d calls in the result, want the %d that came", res.Calls, d.tenant.requests)
		}
		if quiet && estimate != d.tenant.requests {
			rt.Errorf("got an estimate of %d, want the %d calls that came: %q", estimate, d.tenant.requests, d.tenant.log)
		}
	})
}
