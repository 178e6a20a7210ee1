package sac

import (
	"math"
	"sync"
	"time"

	"sacbridge/internal/upstream"
)

// maxMembers is the hard stop of SAP's samples for one team (script 1103).
const maxMembers = 32_767

// maxRemovals is how many members one v2 PATCH may remove (IPS connector).
const maxRemovals = 98

// Limits gives the sizes and prices of the next writes. Adds to a team follow SAP's formula for a team
// of teamSize, scaled by what answer times have shown so far. Prices hold for a team whose UUID is
// known.
func (t *Tenant) Limits(teamSize int) upstream.Limits {
	l := upstream.Limits{
		Workers: t.workers(), Page: pageSize, Lookup: t.lookupSize(),
		CreateBatch: 1, UpdateBatch: 1, DeleteBatch: 1, DeleteCalls: 1,
		GroupCreateCalls: 1, GroupDeleteCalls: 1,
		Reread: t.batchSize(), AddChunk: t.chunks.adds(teamSize), RoleChunk: t.chunks.roles(teamSize), RemoveChunk: maxRemovals,
		MaxMembers: maxMembers,
	}
	if t.hasV2() {
		l.DeleteBatch, _ = t.bulk.size()
		l.CreateBatch, l.UpdateBatch = t.bulk.createSize(), min(l.Workers*l.DeleteBatch, batchSize)
		return l
	}
	l.RemoveChunk = l.AddChunk
	l.DeleteCalls, l.GroupDeleteCalls = 2, 2 // each with a reading right before
	return l
}

// UpdateCalls implements upstream.Costs: by v2 one reading, the writes, and after a Bulk, whose answer
// tells nothing, one more reading; by v1 a reading and a write for each person.
func (t *Tenant) UpdateCalls(updates []upstream.UserUpdate) int {
	n, reads, probe := 0, 0, false
	for i := range updates {
		if u := &updates[i]; !u.Empty() {
			n++
			if t.needsReading(u) {
				reads++
			}
			probe = probe || t.facts.rolePatch() == upstream.Untried && canProbeRolePatch(u.RolesBefore, u)
		}
	}
	if !t.hasV2() || n == 0 {
		return 2 * n
	}
	size, _ := t.bulk.size()
	calls := n
	if n > 1 && size > 1 {
		calls = ceil(n, size) + ceil(n, t.batchSize())
	} else if probe {
		calls++
	}
	return calls + ceil(reads, t.batchSize())
}

// GroupCalls implements upstream.Costs: members go by one PATCH, everything else, and all of it on NEO,
// by a reading and a write. Who must be exactly as planned is read, too.
func (t *Tenant) GroupCalls(u *upstream.GroupUpdate) int {
	if !t.hasV2() {
		return 2
	}
	calls := 0
	if u.ChangesRoles() {
		calls = 2
	}
	if u.ChangesMembers() || u.Description != nil {
		calls++
	}
	if u.DecidesAllMembers || u.Description != nil {
		calls++
	}
	return calls
}

// Facts gives what has been learnt about the tenant so far.
func (t *Tenant) Facts() upstream.Facts {
	known := t.facts.get()
	if t.cfg.RetryIgnored {
		known.Ignored = nil
	}
	return known
}

// Clock gives what the tenant's clock showed at a local time.
func (t *Tenant) Clock(local time.Time) (tenant time.Time, ok bool) { return t.session.Clock(local) }

// lookupSize is how many people one look-up by user ID asks for.
func (t *Tenant) lookupSize() int {
	if !t.hasV2() && !t.loginIsUserID() {
		return 1
	}
	return t.batchSize()
}

// batchSize is how many people one search asks for.
func (t *Tenant) batchSize() int {
	if t.cfg.NoLookup {
		return 1
	}
	return batchSize
}

// baseAdds is the number of members that a team of n takes in about 210 seconds (script 1103).
func baseAdds(n int) int { return max(1, int(math.Round(4589.9994-0.14*float64(n)))) }

// baseRoles is the number of role changes that a team of n takes in the same time.
func baseRoles(n int) int {
	if n <= 0 {
		return 50
	}
	return max(1, int(math.Round(9586.957/float64(n))))
}

// chunkSizer fits the chunks of team writes to how fast the tenant is: SAP's samples start from the
// formulas above and correct them after each full chunk by its answer time (script 1103). The
// correction is a factor on the formula, so that it carries over from team to team.
type chunkSizer struct {
	mu     sync.Mutex
	factor float64
	roleBy int // added to the formula
}

func newChunkSizer() *chunkSizer { return &chunkSizer{factor: 1} }

// adds is the number of members to add at once to a team of n.
func (u *chunkSizer) adds(n int) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	chunk := int(math.Round(u.factor * float64(baseAdds(n))))
	return max(1, min(chunk, maxMembers-n))
}

// roles is the number of role links to change at once on a team of n.
func (u *chunkSizer) roles(n int) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return max(1, baseRoles(n)+u.roleBy)
}

// added learns from a write of size members to a team that had n. Only a full chunk says anything.
// The factor follows from the chunk that was measured, not from the current factor, so that several
// teams written side by side do not multiply each other's growth.
func (u *chunkSizer) added(n, size int, took time.Duration) {
	if size < u.adds(n) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	next := float64(size) * addFactor(took) / float64(baseAdds(n))
	u.factor = min(max(next, 1/float64(baseAdds(0))), float64(maxMembers))
}

// rolesChanged learns from a write of size role changes to a team of n.
func (u *chunkSizer) rolesChanged(n, size int, took time.Duration) {
	if size < u.roles(n) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.roleBy = min(max(size+roleStep(took, size)-baseRoles(n), -50), 50)
}

// addFactor is what the next chunk is multiplied by (script 1103).
func addFactor(took time.Duration) float64 {
	switch {
	case took > 270*time.Second:
		return 0.6
	case took > 210*time.Second:
		return 0.8
	case took < 60*time.Second:
		return 2
	case took < 120*time.Second:
		return 1.75
	}
	return 1
}

// roleStep is what is added to the next chunk of role changes (script 1103).
func roleStep(took time.Duration, chunk int) int {
	switch {
	case took > 270*time.Second && chunk > 1:
		return -2
	case took > 210*time.Second && chunk > 1:
		return -1
	case took < 20*time.Second:
		return 3
	case took < 60*time.Second:
		return 2
	case took < 80*time.Second:
		return 1
	}
	return 0
}
