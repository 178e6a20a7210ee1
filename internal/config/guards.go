package config

// Guard is a limit on one kind of change. It trips above Count changes, or above Percent of all there are
// of the kind, where that is 100 or more; what was changed in the last 24 hours counts too. A guard in the
// file replaces the default one as a whole; the word off lifts it. A plain number is a count and a number with % a share,
// as for the flags of transport.
type Guard struct {
	// Most changes of this kind in 24 hours.
	Count *int `yaml:"count"`
	// Largest share of all there are, 0 to 100.
	Percent *float64 `yaml:"percent"`

	set bool
}

// Guards are the limits that stop a plan before it starts.
type Guards struct {
	// People and teams created.
	MaxCreate Guard `yaml:"max_create"`
	// People and teams changed.
	MaxUpdate Guard `yaml:"max_update"`
	// People deactivated.
	MaxDeactivate Guard `yaml:"max_deactivate"`
	// People and teams deleted.
	MaxDelete Guard `yaml:"max_delete"`
	// Role links removed.
	MaxRoleRemoval Guard `yaml:"max_role_removal"`
	// Memberships removed.
	MaxMemberRemoval Guard `yaml:"max_member_removal"`
	// Smallest source that may remove anything: a short read removes nothing.
	MinSourceSize SourceSize `yaml:"min_source_size"`
}

// SourceSize is the least that a source must hold.
type SourceSize struct {
	// Fewest people.
	Count *int `yaml:"count"`
	// Smallest share of what the source held last time, or of what the target holds, 0 to 100.
	PercentOfLast *float64 `yaml:"percent_of_last"`
}

// fillDefaults gives each guard that the file does not name its default: creating and updating are free, removing is
// not.
func (g *Guards) fillDefaults() {
	limit := func(guard *Guard, count int, percent float64) {
		if !guard.set {
			*guard = Guard{Count: &count, Percent: &percent, set: true}
		}
	}
	limit(&g.MaxDeactivate, 10, 2)
	limit(&g.MaxDelete, 10, 2)
	limit(&g.MaxRoleRemoval, 25, 5)
	limit(&g.MaxMemberRemoval, 100, 10)
}

// over gives the guards of a job: its own where it names them, else those of the file.
func (g *Guards) over(base Guards) {
	pairs := []struct{ own, base *Guard }{
		{&g.MaxCreate, &base.MaxCreate},
		{&g.MaxUpdate, &base.MaxUpdate},
		{&g.MaxDeactivate, &base.MaxDeactivate},
		{&g.MaxDelete, &base.MaxDelete},
		{&g.MaxRoleRemoval, &base.MaxRoleRemoval},
		{&g.MaxMemberRemoval, &base.MaxMemberRemoval},
	}
	for _, p := range pairs {
		if !p.own.set {
			*p.own = *p.base
		}
	}
	if g.MinSourceSize.Count == nil && g.MinSourceSize.PercentOfLast == nil {
		g.MinSourceSize = base.MinSourceSize
	}
}
