package service

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"
)

type team struct {
	seq        int
	uuid       string
	name       string // v1 id, v2 displayName
	namespace  string
	display    string // v1 displayName, v2 description
	externalID string
	roles      []string
	members    memberSet
	created    time.Time
	madeByV1   bool
	seeded     bool // was there before the first request
}

// memberSet is an ordered set of users: adding and removing one costs the same at any size. Removed
// places stay empty until half of the list is. v1 and v2 are the members as these versions show them,
// each followed by a comma; they grow with the set, and are nil when nobody knows them. What they
// hold up to a length never changes, so that an answer may keep it when the lock is gone.
type memberSet struct {
	at     map[*user]int
	list   []*user
	v1, v2 []byte
}

func (m *memberSet) len() int { return len(m.at) }

func (m *memberSet) has(u *user) bool {
	_, ok := m.at[u]
	return ok
}

func (m *memberSet) add(u *user) bool {
	if m.has(u) {
		return false
	}
	if m.at == nil {
		m.at = map[*user]int{}
	}
	m.at[u] = len(m.list)
	m.list = append(m.list, u)
	if m.v1 != nil {
		m.v1 = appendMemberV1(m.v1, u)
	}
	if m.v2 != nil {
		m.v2 = appendMember(m.v2, v2Base, u)
	}
	return true
}

func (m *memberSet) remove(u *user) bool {
	i, ok := m.at[u]
	if !ok {
		return false
	}
	delete(m.at, u)
	m.list[i] = nil
	m.forget()
	if len(m.list) > 16 && len(m.at) < len(m.list)/2 {
		m.compact()
	}
	return true
}

func (m *memberSet) compact() {
	kept := make([]*user, 0, len(m.at))
	for u := range m.each() {
		m.at[u] = len(kept)
		kept = append(kept, u)
	}
	m.list = kept
}

// forget drops the encoded members: one is gone or has another name.
func (m *memberSet) forget() { m.v1, m.v2 = nil, nil }

// rememberV1 keeps the encoded members for the next answers; its caller holds the lock for writing.
func (m *memberSet) rememberV1() { m.v1 = m.encodedV1() }

// rememberV2 is rememberV1 for v2.
func (m *memberSet) rememberV2() { m.v2 = m.encodedV2() }

func (m *memberSet) encodedV1() []byte {
	if m.v1 != nil {
		return m.v1
	}
	b := make([]byte, 0, memberSize*m.len())
	for u := range m.each() {
		b = appendMemberV1(b, u)
	}
	return b
}

func (m *memberSet) encodedV2() []byte {
	if m.v2 != nil {
		return m.v2
	}
	return appendMembers(make([]byte, 0, memberSize*m.len()), v2Base, m.each())
}

// each yields the members in the order they came; the set must not change meanwhile.
func (m *memberSet) each() iter.Seq[*user] {
	return func(yield func(*user) bool) {
		for _, u := range m.list {
			if u != nil && !yield(u) {
				return
			}
		}
	}
}

func (st *state) addTeam(t *team) {
	t.seq = st.made
	t.uuid = st.nextUUID()
	st.teams = append(st.teams, t)
	st.teamUUID[t.uuid] = t
	link(st.teamNames, t.name, t)
	link(st.teamFold, strings.ToLower(t.name), t)
}

func (st *state) removeTeam(t *team) {
	for u := range t.members.each() {
		u.teams = without(u.teams, t)
	}
	delete(st.teamUUID, t.uuid)
	unlink(st.teamNames, t.name, t)
	unlink(st.teamFold, strings.ToLower(t.name), t)
	if i, ok := slices.BinarySearchFunc(st.teams, t.seq, func(x *team, seq int) int { return cmp.Compare(x.seq, seq) }); ok {
		st.teams = slices.Delete(st.teams, i, i+1)
	}
}

// namesakes are the teams of a namespace whose name is the same but for letter case, which is what
// creation compares (script 1501).
func (st *state) namesakes(name, namespace string) []*team {
	var out []*team
	for _, t := range st.teamFold[strings.ToLower(name)] {
		if t.namespace == namespace {
			out = append(out, t)
		}
	}
	return out
}

func (st *state) join(t *team, u *user) bool {
	if !t.members.add(u) {
		return false
	}
	u.teams = append(u.teams, t)
	return true
}

func (st *state) leave(t *team, u *user) bool {
	if !t.members.remove(u) {
		return false
	}
	u.teams = without(u.teams, t)
	return true
}

// setMembers makes want the members of t and answers how many came and went.
func (st *state) setMembers(t *team, want []*user) int {
	keep := make(map[*user]bool, len(want))
	for _, u := range want {
		keep[u] = true
	}
	var gone []*user
	for u := range t.members.each() {
		if !keep[u] {
			gone = append(gone, u)
		}
	}
	changes := 0
	for _, u := range gone {
		if st.leave(t, u) {
			changes++
		}
	}
	for _, u := range want {
		if st.join(t, u) {
			changes++
		}
	}
	return changes
}

// setRoles makes want the roles of t and answers how many came and went.
func (t *team) setRoles(want []string) int {
	changes := differences(t.roles, want)
	t.roles = want
	return changes
}

// differences counts what only one of the lists has.
func differences(have, want []string) int {
	n := 0
	for _, r := range want {
		if !slices.Contains(have, r) {
			n++
		}
	}
	for _, r := range have {
		if !slices.Contains(want, r) {
			n++
		}
	}
	return n
}

func without[T comparable](list []T, v T) []T {
	i := slices.Index(list, v)
	if i < 0 {
		return list
	}
	return slices.Delete(list, i, i+1)
}
