package plan

import "sacbridge/internal/identity"

// minPopulation is how many there must be before a share of them counts.
const minPopulation = 100

// DefaultGuards gives the limits that hold where the configuration sets none: create and update none,
// deactivate and delete 10 and 2 %, role removal 25 and 5 %, member removal 100 and 10 %. An empty
// source team removes nobody, nor does one with less than a fifth of a target team of ten or more.
func DefaultGuards() Guards {
	limit := func(count int, percent float64) Guard { return Guard{Count: &count, Percent: &percent} }
	return Guards{
		MaxDeactivate: limit(10, 2), MaxDelete: limit(10, 2),
		MaxRoleRemoval: limit(25, 5), MaxMemberRemoval: limit(100, 10),
		MinSourceSize: limit(1, 20),
	}
}

// Population is how much of each kind there is in a tenant.
type Population struct {
	People      int `json:"people"`
	Teams       int `json:"teams"`
	RoleLinks   int `json:"roleLinks"`
	Memberships int `json:"memberships"`
}

// populationOf counts what a snapshot holds. A membership counts once, whether it came with the team or
// the person.
func populationOf(s identity.Snapshot) Population {
	n := Population{People: len(s.Users), Teams: len(s.Groups)}
	for _, g := range s.Groups {
		n.RoleLinks += len(sortedView(g.Roles))
		n.Memberships += len(sortedView(g.Members))
	}
	for _, u := range s.Users {
		n.RoleLinks += len(sortedView(u.Roles))
		for _, name := range sortedView(u.Teams) {
			if g := s.Groups[name]; g == nil || g.Members == nil {
				n.Memberships++
			}
		}
	}
	return n
}

// atLeast gives the larger figure of each kind: what was read exists, whatever else is known.
func (n Population) atLeast(read Population) Population {
	return Population{
		People: max(n.People, read.People), Teams: max(n.Teams, read.Teams),
		RoleLinks: max(n.RoleLinks, read.RoleLinks), Memberships: max(n.Memberships, read.Memberships),
	}
}

// limited is one kind of change that has a guard. Creating, updating and deactivating count people,
// deleting counts people and teams, removals count links.
type limited struct {
	name   string
	guard  func(Guards) Guard
	amount func(*Amounts) *int
	of     func(Population) int
}

func limitedKinds() []limited {
	people := func(n Population) int { return n.People }
	return []limited{
		{"max_create", func(g Guards) Guard { return g.MaxCreate }, func(a *Amounts) *int { return &a.Create }, people},
		{"max_update", func(g Guards) Guard { return g.MaxUpdate }, func(a *Amounts) *int { return &a.Update }, people},
		{"max_deactivate", func(g Guards) Guard { return g.MaxDeactivate }, func(a *Amounts) *int { return &a.Deactivate }, people},
		{
			"max_delete", func(g Guards) Guard { return g.MaxDelete }, func(a *Amounts) *int { return &a.Delete },
			func(n Population) int { return n.People + n.Teams },
		},
		{
			"max_role_removal", func(g Guards) Guard { return g.MaxRoleRemoval }, func(a *Amounts) *int { return &a.RoleRemoval },
			func(n Population) int { return n.RoleLinks },
		},
		{
			"max_member_removal", func(g Guards) Guard { return g.MaxMemberRemoval }, func(a *Amounts) *int { return &a.MemberRemoval },
			func(n Population) int { return n.Memberships },
		},
	}
}

// Judge finds the guards that the plan's counts and what was spent before exceed. Make has judged the
// plan by its Rules; a caller that applies a plan later sets Rules.Spent anew and judges once more, for
// other runs may have used the window up.
func (p *Plan) Judge() {
	p.Exceeded = nil
	planned := p.Counts.Amounts()
	there := p.Rules.Population.atLeast(p.Read)
	jobGuards := p.Rules.Guards
	if p.Rules.JobGuards != nil {
		jobGuards = *p.Rules.JobGuards
	}
	for _, k := range limitedKinds() {
		judge := func(g Guard, spent *Amounts, job bool) bool {
			before := *k.amount(spent)
			if g.Once {
				before = 0
			}
			t, over := g.exceededBy(*k.amount(&planned), before, k.of(there))
			if over {
				t.Guard, t.Job = k.name, job
				p.Exceeded = append(p.Exceeded, t)
			}
			return over
		}
		tenant := k.guard(p.Rules.Guards)
		if !judge(tenant, &p.Rules.Spent.Tenant, false) && !tenant.Once { // who allowed it for the tenant allowed it for the job
			judge(k.guard(jobGuards), &p.Rules.Spent.Job, true)
		}
	}
}

// exceededBy judges one count on top of what was spent. A plan that does nothing of the kind exceeds no guard,
// whatever was spent. The result names the limit that was exceeded: the count before the share.
func (g Guard) exceededBy(count, spent, of int) (ExceededGuard, bool) {
	t := ExceededGuard{Count: count, Spent: spent, Of: of}
	if count == 0 {
		return t, false
	}
	total := count + spent
	if g.Count != nil && total > *g.Count {
		t.Limit = *g.Count
		return t, true
	}
	if g.Percent != nil && of >= minPopulation && float64(total)*100 > *g.Percent*float64(of) {
		t.Percent = *g.Percent
		return t, true
	}
	return t, false
}
