package tenants

import (
	"sacbridge/internal/config"
	"sacbridge/internal/plan"
)

// Rules are the guards and the protection that a configuration asks for.
func Rules(c *config.Config) plan.Rules {
	return plan.Rules{
		Guards:  guardsOf(c.Guards),
		Protect: plan.Protect{Users: c.Protect.Users, Teams: c.Protect.Teams, Roles: c.Protect.Roles},
	}
}

// guardsOf turns the configuration's guards into the plan's.
func guardsOf(g config.Guards) plan.Guards {
	guard := func(g config.Guard) plan.Guard { return plan.Guard{Count: g.Count, Percent: g.Percent} }
	guards := plan.Guards{
		MaxCreate: guard(g.MaxCreate), MaxUpdate: guard(g.MaxUpdate), MaxDeactivate: guard(g.MaxDeactivate),
		MaxDelete: guard(g.MaxDelete), MaxRoleRemoval: guard(g.MaxRoleRemoval), MaxMemberRemoval: guard(g.MaxMemberRemoval),
		MinSourceSize: plan.Guard{Count: g.MinSourceSize.Count, Percent: g.MinSourceSize.PercentOfLast},
	}
	if guards.MinSourceSize.Count == nil && guards.MinSourceSize.Percent == nil {
		guards.MinSourceSize = plan.DefaultGuards().MinSourceSize
	}
	return guards
}

// RoleTable gives the exceptions of role translation between two tenants, source role ID to target role ID: the rows
// of the configuration that name both.
func RoleTable(c *config.Config, from, to string) map[string]string {
	table := map[string]string{}
	for _, row := range c.Roles {
		if source, target := row[from], row[to]; source != "" && target != "" {
			table[source] = target
		}
	}
	return table
}
