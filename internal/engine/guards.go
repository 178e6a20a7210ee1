package engine

import (
	"context"
	"maps"

	"sacbridge/internal/plan"
)

// judge finds the guards that p exceeds, with what earlier runs spent in the window. A limit that a person gave for
// this run alone takes a guard's place where the guard would hold the plan, or where the limit is the narrower one;
// where neither is so the guard stands, and what the run does counts for later ones.
func (x *execution) judge(ctx context.Context, p *plan.Plan) (err error) {
	if p.Rules.Spent, err = x.e.spent(ctx, p, x.op); err != nil {
		return err
	}
	if err := x.count(ctx, p); err != nil {
		return err
	}
	p.Judge()
	guarded := heldBy(p)
	usual := p.Rules.Guards
	for name, limit := range guardsByName(&x.op.Allow) {
		if limit.Count != nil || limit.Percent != nil {
			once := *limit
			once.Once = true
			*guardsByName(&p.Rules.Guards)[name] = once
		}
	}
	p.Judge()
	narrower := heldBy(p)
	for name, guard := range guardsByName(&p.Rules.Guards) {
		if !guarded[name] && !narrower[name] {
			*guard = *guardsByName(&usual)[name]
		}
	}
	p.Judge()
	return nil
}

// count finds out how large the target is, where a guard's verdict depends on it: a plan reads only those whom it is
// about, and a share of them says little.
func (x *execution) count(ctx context.Context, p *plan.Plan) (err error) {
	if x.op.To.Count == nil || !dependsOnSize(p) {
		return nil
	}
	size := &p.Rules.Population
	size.People, size.Teams, err = x.op.To.Count(ctx)
	return wrap("count what the target tenant "+x.op.To.Tenant().Name+" has", err)
}

// dependsOnSize reports whether the guards that hold p depend on how large the tenant is, as far as that is not known from
// what was read.
func dependsOnSize(p *plan.Plan) bool {
	const least, huge = 100, 1 << 40 // shares count from the least on, and the larger a tenant the smaller the share
	held := func(size int) map[string]bool {
		one := plan.Plan{Rules: p.Rules, Counts: p.Counts, Read: p.Read}
		one.Rules.Population = plan.Population{People: size, Teams: size}
		one.Judge()
		return heldBy(&one)
	}
	small := held(least)
	return !maps.Equal(small, held(0)) || !maps.Equal(small, held(huge))
}

// heldBy names the guards that hold p.
func heldBy(p *plan.Plan) map[string]bool {
	names := map[string]bool{}
	for _, t := range p.Exceeded {
		names[t.Guard] = true
	}
	return names
}

// guardsByName gives the guards that count changes, by the names that plans give them.
func guardsByName(g *plan.Guards) map[string]*plan.Guard {
	return map[string]*plan.Guard{
		"max_create": &g.MaxCreate, "max_update": &g.MaxUpdate, "max_deactivate": &g.MaxDeactivate, "max_delete": &g.MaxDelete,
		"max_role_removal": &g.MaxRoleRemoval, "max_member_removal": &g.MaxMemberRemoval,
	}
}
