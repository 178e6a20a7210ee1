package config

// Job is a stored, schedulable sync.
type Job struct {
	// Where from: directory (all sources), directory:SOURCE, or a tenant.
	From string `yaml:"from" required:"true"`
	// Tenants to write to, one or a list.
	To Words `yaml:"to" required:"true"`
	// change: whenever something changes. Only from the directory.
	When string `yaml:"when" words:"change"`
	// When to run, instead of on change.
	Schedule *Schedule `yaml:"schedule"`
	// When a change job looks at everything anew.
	Full *Schedule `yaml:"full"`
	// Which of the directory's people and groups; absent: all.
	Scope *Scope `yaml:"scope"`
	// Which of the tenant's people and teams.
	Select *Select `yaml:"select"`
	// How an entity's counterpart is found, in this order.
	Match Words `yaml:"match" words:"link user_id login_id email" default:"link user_id login_id email"`
	// What to do with people and teams that the target already had.
	Existing string `yaml:"existing" words:"ignore adopt take_over" default:"ignore"`
	// What to do with each kind of link.
	Actions Actions `yaml:"actions"`
	// What becomes of people who are gone from the source.
	Gone Gone `yaml:"gone"`
	// Limits of this job; a guard that it does not name is the file's.
	Guards Guards `yaml:"guards"`
	// What to do when a guard trips: wait for somebody to look.
	OnGuard string `yaml:"on_guard" words:"hold" default:"hold"`
}

// Schedule says when to run: by cron expression or by interval.
type Schedule struct {
	// Cron expression: minute, hour, day of month, month, day of week.
	Cron string `yaml:"cron"`
	// Interval, such as 15m or 6h.
	Every Duration `yaml:"every"`
	// Time zone of the cron expression, such as Europe/Berlin.
	TZ string `yaml:"tz" default:"UTC"`
	// What to do about runs that were missed.
	Missed string `yaml:"missed" words:"skip once" default:"skip"`
}

// Scope says which of the directory's people and groups a job covers.
type Scope struct {
	// Names of groups; * stands for any characters.
	Groups []string `yaml:"groups"`
	// Rule that a person must meet.
	Where string `yaml:"where"`
	// Prefix taken off group names to make team names.
	StripPrefix string `yaml:"strip_prefix"`
}

// Select says which of a tenant's people and teams a job copies.
type Select struct {
	// Team names.
	Teams []string `yaml:"teams"`
	// User IDs.
	Users []string `yaml:"users"`
	// Rule that a person must meet.
	Where string `yaml:"where"`
}

// Actions say what to do with each kind of link. Absent ones are keep for roles and add for members
// from the directory, and what the copy commands have as their defaults between tenants.
type Actions struct {
	// Roles that people hold directly.
	UserRoles string `yaml:"user_roles" words:"keep add remove replace"`
	// Other teams of the people.
	UserTeams string `yaml:"user_teams" words:"keep add remove replace"`
	// Roles of the teams.
	TeamRoles string `yaml:"team_roles" words:"keep add remove replace intersect exclude"`
	// Members of the teams.
	Members string `yaml:"members" words:"keep add remove replace"`
	// Which people to create or change.
	Users string `yaml:"users" words:"none missing all"`
	// Whether a team's display name is copied.
	Name string `yaml:"name" words:"keep copy"`
}

// Gone says what becomes of people who left the source.
type Gone struct {
	// What to do at once; delete deactivates at once and deletes after grace.
	Do string `yaml:"do" words:"keep deactivate delete" default:"keep"`
	// How long to wait, such as 30d.
	Grace Duration `yaml:"grace" default:"30d"`
	// What to do after grace.
	Then string `yaml:"then" words:"keep deactivate delete" default:"keep"`
}

// fillDefaults fills in the actions of a job, which depend on where it reads from.
func (a *Actions) fillDefaults(fromDirectory bool) {
	roles, users := "add", "missing"
	if fromDirectory {
		roles, users = "keep", "all"
	}
	for _, p := range []struct {
		to   *string
		word string
	}{
		{&a.UserRoles, roles},
		{&a.UserTeams, "keep"},
		{&a.TeamRoles, roles},
		{&a.Members, "add"},
		{&a.Users, users},
		{&a.Name, "keep"},
	} {
		if *p.to == "" {
			*p.to = p.word
		}
	}
}
