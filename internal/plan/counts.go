package plan

import "slices"

// tally sums changes up. An update of a person whom the same plan creates is part of the creation.
func (c *Counts) tally(changes []Change) {
	created := map[string]bool{}
	for _, ch := range changes {
		c.AddRoles += len(ch.AddRoles)
		c.RemoveRoles += len(ch.RemoveRoles)
		c.AddMembers += len(ch.AddMembers)
		c.RemoveMembers += len(ch.RemoveMembers)
		if ch.Entity == Team {
			c.tallyTeam(ch)
			continue
		}
		switch ch.Op {
		case Create:
			created[ch.Key] = true
			c.CreateUsers++
			c.AddRoles += len(ch.User.Roles)
		case Update:
			if created[ch.Key] {
				continue
			}
			c.UpdateUsers++
			if slices.ContainsFunc(ch.Fields, deactivates) {
				c.DeactivateUsers++
			}
		case Delete:
			c.DeleteUsers++
		}
	}
}

func (c *Counts) tallyTeam(ch Change) {
	switch ch.Op {
	case Create:
		c.CreateTeams++
	case Update:
		c.UpdateTeams++
	case Delete:
		c.DeleteTeams++
	}
}

func deactivates(f Field) bool { return f.Name == FieldActive && f.After == "false" }
