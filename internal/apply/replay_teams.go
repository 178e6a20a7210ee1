package apply

// teamDone is what has been written to a team.
type teamDone struct {
	created   bool
	described bool
	members   map[string]struct{}
	roles     map[string]struct{}
}

// replay adds what a settled record of a write tells.
func (t *teamDone) replay(rec *Record) {
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
	if rec.Kind == KindChangeRoles {
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

// drop takes what has been written off w, whose idea of the team follows.
func (t *teamDone) drop(w *teamWrites) {
	before := *w
	w.filter(func(kind LinkKind, key string) bool {
		set := t.members
		if kind == RoleLink {
			set = t.roles
		}
		_, done := set[key]
		return !done
	})
	w.created = w.created || t.created
	if t.described {
		w.description = nil
	}
	w.size = max(w.size+(len(before.addMembers)-len(w.addMembers))-(len(before.removeMembers)-len(w.removeMembers)), 0)
	w.rolesNow = changed(w.rolesNow, removedFrom(before.removeRoles, w.removeRoles), removedFrom(before.addRoles, w.addRoles))
	switch {
	case !w.decidesAllMembers && len(t.members) > 0:
		w.membersNow = nil
	case w.decidesAllMembers:
		w.membersNow = changed(w.membersNow, removedFrom(before.removeMembers, w.removeMembers), removedFrom(before.addMembers, w.addMembers))
	}
}

// removedFrom gives what was taken out of a list, whose rest is in the same order.
func removedFrom(list, rest []string) (out []string) {
	for _, key := range list {
		if len(rest) > 0 && rest[0] == key {
			rest = rest[1:]
			continue
		}
		out = append(out, key)
	}
	return out
}
