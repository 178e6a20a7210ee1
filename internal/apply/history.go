package apply

import "sacbridge/internal/plan"

// history is what the journal tells about a run's earlier processes. Its methods work on nil, which
// stands for a new run.
type history struct {
	index   map[changeID]int
	earlier []bool            // changes that were finished
	unsure  map[int]bool      // creates that may yet take effect
	teams   map[int]*progress // how far team writes came
	later   bool              // the run was past the look at created people
	unfixed bool              // a correction of created people failed
}

// changeID names a change of a plan.
type changeID struct {
	entity plan.Entity
	op     plan.Op
	key    string
}

// newHistory makes an empty history of p.
func newHistory(p *plan.Plan) *history {
	h := &history{
		index: make(map[changeID]int, len(p.Changes)), earlier: make([]bool, len(p.Changes)),
		unsure: map[int]bool{}, teams: map[int]*progress{},
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		h.index[changeID{c.Entity, c.Op, c.Key}] = i
	}
	return h
}

// team gives the progress of team change i.
func (h *history) team(i int) *progress {
	t := h.teams[i]
	if t == nil {
		t = &progress{}
		h.teams[i] = t
	}
	return t
}

// unsureOf reports whether an earlier try at change i may yet take effect.
func (h *history) unsureOf(i int) bool { return h != nil && h.unsure[i] }

// sawLater reports whether the created person of change i was read again by an earlier process.
func (h *history) sawLater(i int) bool { return h != nil && h.later && !h.unfixed && h.earlier[i] }

// createdTeam reports whether the team of change i was created by an earlier process.
func (h *history) createdTeam(i int) bool { return h != nil && h.team0(i).created }

// shorten takes what earlier processes wrote to team change i off q.
func (h *history) shorten(i int, q *queue) {
	if h != nil {
		h.team0(i).shorten(q)
	}
}

// team0 is team for reading, which several goroutines do at a time.
func (h *history) team0(i int) *progress {
	if t := h.teams[i]; t != nil {
		return t
	}
	return &progress{}
}

// progress is what has been written to a team.
type progress struct {
	created   bool
	described bool
	members   map[string]struct{}
	roles     map[string]struct{}
}

// absorb adds what a settled record of a write tells.
func (t *progress) absorb(kind string, rec *Record) {
	own := make(map[string]bool, len(rec.Outcomes))
	describes := rec.Describe
	for _, o := range rec.Outcomes {
		own[o.Key] = o.OK
		for _, l := range o.Undone {
			own[l.Key] = false
			describes = describes && l.Kind != AttributeLink
		}
	}
	set := &t.members
	if kind == KindChangeRoles {
		set = &t.roles
	}
	if *set == nil {
		*set = make(map[string]struct{}, len(rec.Keys))
	}
	for _, key := range rec.Keys {
		ok, told := own[key]
		if !told {
			ok = own[""]
		}
		if ok {
			(*set)[key] = struct{}{}
		}
	}
	t.described = t.described || describes && own[""]
}

// shorten takes what has been written off q, whose idea of the team follows.
func (t *progress) shorten(q *queue) {
	before := *q
	q.filter(func(kind LinkKind, key string) bool {
		set := t.members
		if kind == RoleLink {
			set = t.roles
		}
		_, done := set[key]
		return !done
	})
	if t.described {
		q.description = nil
	}
	q.size = max(q.size+(len(before.addMembers)-len(q.addMembers))-(len(before.removeMembers)-len(q.removeMembers)), 0)
	q.rolesNow = changed(q.rolesNow, missingFrom(before.removeRoles, q.removeRoles), missingFrom(before.addRoles, q.addRoles))
	if q.exactMembers {
		q.membersNow = changed(q.membersNow, missingFrom(before.removeMembers, q.removeMembers), missingFrom(before.addMembers, q.addMembers))
	}
}

// missingFrom gives what was taken out of a list, whose rest is in the same order.
func missingFrom(list, rest []string) (taken []string) {
	for _, key := range list {
		if len(rest) > 0 && rest[0] == key {
			rest = rest[1:]
			continue
		}
		taken = append(taken, key)
	}
	return taken
}
