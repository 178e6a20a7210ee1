package apply_test

import (
	"context"
	"slices"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// withNewPlan makes the new plan that a result asks for where a resumed run could not tell a role of somebody whom
// an earlier process had created from one that somebody else granted: it takes the role off, by name. It gives the
// result of both.
func withNewPlan(ctx context.Context, f *tenant, res *apply.Result) (*apply.Result, error) {
	both, p := *res, planOf()
	both.Entities = slices.Clone(res.Entities)
	for i := range both.Entities {
		e := &both.Entities[i]
		other := func(l apply.LinkFailure) bool { return l.Code != apply.CodeGranted }
		if e.Op != plan.Create || e.Status != apply.Partly || slices.ContainsFunc(e.Links, other) {
			continue
		}
		before := f.users[e.Key].Roles
		c := plan.Change{Entity: plan.User, Op: plan.Update, Key: e.Key, RolesBefore: before, DecidesAllRoles: true}
		for _, l := range e.Links {
			c.RemoveRoles = append(c.RemoveRoles, l.Key)
		}
		p.Changes = append(p.Changes, c)
		e.Status, e.Links = apply.Done, nil
	}
	if len(p.Changes) == 0 {
		return res, nil
	}
	d := deps(f, &memory{})
	d.RunID = "run-of-the-new-plan"
	next, err := apply.Run(ctx, d, p)
	if err == nil && !next.Complete() {
		return next, nil
	}
	return &both, err
}
