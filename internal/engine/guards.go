package engine

import (
	"context"

	"sacbridge/internal/plan"
)

// judge finds the guards that p trips, with what earlier runs spent in the window. A limit that a person gave for
// this run alone takes a guard's place where the guard would hold the plan, or where the limit is the narrower one;
// where neither is so the guard stands, and what the run does counts for later ones.
func (c *change) judge(ctx context.Context, p *plan.Plan) (err error) {
	if p.Rules.Spent, err = c.e.spent(ctx, p, c.w); err != nil {
		return err
	}
	p.Judge()
	guarded := heldBy(p)
	usual := p.Rules.Guards
	for name, limit := range guardsByName(&c.w.Allow) {
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

// heldBy names the guards that hold p.
func heldBy(p *plan.Plan) map[string]bool {
	names := map[string]bool{}
	for _, t := range p.Held {
		names[t.Guard] = true
	}
	return names
}

// guardsByName gives the guards that count changes, by the names that trips have.
func guardsByName(g *plan.Guards) map[string]*plan.Guard {
	return map[string]*plan.Guard{
		"max_create": &g.MaxCreate, "max_update": &g.MaxUpdate, "max_deactivate": &g.MaxDeactivate, "max_delete": &g.MaxDelete,
		"max_role_removal": &g.MaxRoleRemoval, "max_member_removal": &g.MaxMemberRemoval,
	}
}
