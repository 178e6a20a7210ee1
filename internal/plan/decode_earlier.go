package plan

import (
	"slices"

	"sacbridge/internal/identity"
)

// A plan file of version 1 had words where there are codes now, and told neither which changes were decided
// about a whole set nor how much was read.

// conflict1 is a conflict of version 1.
type conflict1 struct {
	Kind   string   `json:"kind"`
	Entity Entity   `json:"entity"`
	Key    string   `json:"key"`
	Detail string   `json:"detail"`
	Users  []string `json:"users,omitempty"`
	Teams  []string `json:"teams,omitempty"`
}

// skip1 is a skip of version 1.
type skip1 struct {
	Entity Entity `json:"entity"`
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

// exceededGuard1 is an exceeded guard of version 1.
type exceededGuard1 struct {
	ExceededGuard
	Message string `json:"message"`
}

// codeOfKind gives the codes of the kinds of conflicts of version 1.
var codeOfKind = map[string]Code{
	"email taken": EmailTaken, "login ID taken": LoginIDTaken, "same source email": SourceEmailTwice, "duplicate user": DuplicateUser,
	"team name": TeamNameTwice, "team unreadable": TeamUnreadable, "missing role": MissingRole, "missing manager": MissingManager,
	"missing in source": MissingInSource, "source too small": SourceTooSmall, "invalid for target": NoEmail,
}

// earlierMembers gives how each member of a file of version 1 is read; finish makes p the plan that it says.
func (d *fileReader) earlierMembers(p *Plan) (read map[string]func() error, finish func()) {
	var conflicts []conflict1
	var skips []skip1
	var held []exceededGuard1
	read = d.members(p)
	for _, later := range []string{"read", "warnings", "sourceFingerprints", "targetFingerprints"} {
		delete(read, later)
	}
	read["conflicts"], read["skips"], read["held"] = each(d, &conflicts), each(d, &skips), into(d, &held)
	read["sourcePrints"], read["targetPrints"] = table(d, &p.SourceFingerprints), table(d, &p.TargetFingerprints)
	return read, func() {
		p.Version = Version
		for _, c := range conflicts {
			code, known := codeOfKind[c.Kind]
			if !known {
				code = Earlier
			}
			p.Conflicts = append(p.Conflicts, Finding{Code: code, Entity: c.Entity, Key: c.Key, Text: c.Detail, Users: c.Users, Teams: c.Teams})
		}
		for _, s := range skips {
			p.Skips = append(p.Skips, Finding{Code: Earlier, Entity: s.Entity, Key: s.Key, Text: s.Reason})
		}
		for _, t := range held {
			p.Exceeded = append(p.Exceeded, t.ExceededGuard)
		}
		for i := range p.Changes {
			p.Changes[i].exactAsAsked(p.Request)
		}
	}
}

// exactAsAsked marks a change of role links as decided about the whole set where a step of the request
// did so for such entities. Of members it cannot be said any more whom the plan saw.
func (c *Change) exactAsAsked(req Request) {
	if c.Op != Update || len(c.AddRoles)+len(c.RemoveRoles) == 0 {
		return
	}
	c.DecidesAllRoles = slices.ContainsFunc(req.Steps, func(s Step) bool {
		var action identity.Action
		switch {
		case c.Entity == User && s.CopyUser != nil:
			action = s.CopyUser.Roles
		case c.Entity == User && s.CopyTeam != nil:
			action = s.CopyTeam.UserRoles
		case c.Entity == Team && s.CopyTeam != nil && s.CopyTeam.Team == c.Key:
			action = s.CopyTeam.TeamRoles
		}
		return action.Exact()
	})
}
