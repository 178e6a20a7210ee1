package commit_test

import (
	"bytes"
	"maps"
	"slices"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/commit"
)

// key names a record of a kind.
type key struct {
	kind directory.Kind
	id   directory.ID
}

// pair is group and member.
type pair [2]directory.ID

// memory is a source in plain maps: it reads for a plan, and does what the plan says. It can fail one of its reads.
type memory struct {
	records    map[key]directory.Record
	tombstones map[key]directory.DeletedRecord
	members    map[pair]directory.MemberEdge
	purged     map[directory.ID]directory.Seq
	events     []directory.Event

	failAt int // the read that fails, from 1; 0: none
	reads  int
	err    error
}

var _ commit.Reader = (*memory)(nil)

func newMemory() *memory {
	return &memory{
		records: map[key]directory.Record{}, tombstones: map[key]directory.DeletedRecord{},
		members: map[pair]directory.MemberEdge{}, purged: map[directory.ID]directory.Seq{},
	}
}

func (m *memory) clone() *memory {
	return &memory{
		records: maps.Clone(m.records), tombstones: maps.Clone(m.tombstones), members: maps.Clone(m.members),
		purged: maps.Clone(m.purged), events: slices.Clone(m.events),
	}
}

func (m *memory) fail() error {
	if m.reads++; m.reads == m.failAt {
		return m.err
	}
	return nil
}

func (m *memory) Record(kind directory.Kind, id directory.ID) (directory.Record, bool, error) {
	r, ok := m.records[key{kind, id}]
	return r, ok, m.fail()
}

func (m *memory) Header(kind directory.Kind, id directory.ID) (directory.Header, bool, error) {
	r, ok := m.records[key{kind, id}]
	return r.Header, ok, m.fail()
}

func (m *memory) Holder(ix directory.Index, name []byte, other directory.ID) (holder directory.ID, found bool, err error) {
	for k, r := range m.records {
		for _, e := range r.Entries() {
			if k.kind == ix.Kind && e.Field == ix.Field && bytes.Equal(e.Key, name) && k.id != other {
				return k.id, true, m.fail()
			}
		}
	}
	return holder, false, m.fail()
}

func (m *memory) HasMember(group, member directory.ID) (bool, error) {
	_, ok := m.members[pair{group, member}]
	return ok, m.fail()
}

func (m *memory) Member(group, member directory.ID) (directory.MemberEdge, error) {
	return m.members[pair{group, member}], m.fail()
}

func (m *memory) Members(group directory.ID, limit int) ([]directory.ID, error) {
	ids := m.others(group, 0)
	if limit > 0 {
		ids = ids[:min(limit, len(ids))]
	}
	return ids, m.fail()
}

func (m *memory) Groups(member directory.ID) ([]directory.ID, error) {
	return m.others(member, 1), m.fail()
}

// others lists the other ends of the memberships of an id, which is their end number end.
func (m *memory) others(id directory.ID, end int) (ids []directory.ID) {
	for p := range m.members {
		if p[end] == id {
			ids = append(ids, p[1-end])
		}
	}
	slices.SortFunc(ids, directory.ID.Compare)
	return ids
}

func (m *memory) Tombstone(kind directory.Kind, id directory.ID) (directory.DeletedRecord, bool, error) {
	d, ok := m.tombstones[key{kind, id}]
	return d, ok, m.fail()
}

func (m *memory) HasTombstone(kind directory.Kind, id directory.ID) (bool, error) {
	_, ok := m.tombstones[key{kind, id}]
	return ok, m.fail()
}

func (m *memory) Purged(id directory.ID) (directory.Seq, error) { return m.purged[id], m.fail() }

func (m *memory) Last() (directory.Seq, error) { return directory.Seq(len(m.events)), m.fail() }

// write does what a plan says.
func (m *memory) write(w *commit.Writes) {
	for _, r := range w.Records {
		if r.After == nil {
			delete(m.records, key{r.Before.Kind, r.Before.ID})
			continue
		}
		m.records[key{r.After.Kind, r.After.ID}] = *r.After
		if r.Before == nil {
			delete(m.purged, r.After.ID)
		}
	}
	for _, e := range w.Members {
		if e.Add {
			m.members[pair{e.Group, e.Member}] = e.MemberEdge
		} else {
			delete(m.members, pair{e.Group, e.Member})
		}
	}
	for _, d := range w.Tombstones {
		m.tombstones[key{d.Kind, d.ID}] = d
	}
	for _, t := range w.NoLonger {
		delete(m.tombstones, key{t.Kind, t.ID})
	}
	for _, p := range w.Purged {
		m.purged[p.ID] = p.Last
	}
	m.events = append(m.events, w.Events...)
}
