package plan

import "time"

// Rules are the limits a plan is judged by. They come from the configuration and from the ledger of
// earlier runs, not from the request.
type Rules struct {
	Guards  Guards  `json:"guards"`
	Protect Protect `json:"protect"`
	// JobGuards are the limits of the job that the plan is made for, where it has its own; what the job
	// spent is judged by them, what was spent on the tenant by Guards. nil: Guards hold for both.
	JobGuards *Guards `json:"jobGuards,omitempty"`
	// Spent is what earlier runs used up in the guards' window (SpentIn). Without it every plan is judged
	// alone, so that many small ones pass what one large one may not.
	Spent Spent `json:"spent,omitzero"`
	// Population is how much the tenant holds in all, as far as the caller knows; shares are taken of it
	// where the plan read less.
	Population Population `json:"population,omitzero"`
	// Ignored are the attributes that the target is known to accept and leave as they are, with the time
	// when that was first seen (upstream.Facts). Plans leave them out; to try one again, leave it out here.
	Ignored map[FieldName]time.Time `json:"ignored,omitempty"`
}

// Guard is a limit on one kind of change, in a plan and what was spent before it together. Count is exceeded
// above that many; Percent above that share of all there are of the kind, where that is 100 or
// more. nil = no such limit.
type Guard struct {
	Count   *int     `json:"count,omitempty"`
	Percent *float64 `json:"percent,omitempty"`
	// Once marks a limit that a person gave for this plan alone: what was spent before does not count, nor
	// does this plan count in the window of later ones (Plan.Spends).
	Once bool `json:"once,omitempty"`
}

// Guards are all limits of a plan.
type Guards struct {
	MaxCreate        Guard `json:"maxCreate"`
	MaxUpdate        Guard `json:"maxUpdate"`
	MaxDeactivate    Guard `json:"maxDeactivate"`
	MaxDelete        Guard `json:"maxDelete"`
	MaxRoleRemoval   Guard `json:"maxRoleRemoval"`
	MaxMemberRemoval Guard `json:"maxMemberRemoval"`
	// MinSourceSize refuses a source team with fewer members than Count, or than Percent of the
	// target team's, where the plan would remove members: a short read removes nothing.
	MinSourceSize Guard `json:"minSourceSize"`
}

// Protect names what no plan may change. The System Owner is always protected.
type Protect struct {
	Users []string `json:"users,omitempty"` // user IDs
	Teams []string `json:"teams,omitempty"` // team names
	Roles []string `json:"roles,omitempty"` // role IDs whose links are neither added nor removed
}
