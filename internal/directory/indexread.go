package directory

import (
	"slices"
	"time"

	"sacbridge/internal/scim"
)

// indexRead is one read of an index that finds every match of a filter, and more perhaps.
type indexRead struct {
	rank rank
	find func(tx ReadTx, each func(ID) error) error
}

// rank orders reads by how few records they find.
type rank uint8

const (
	rankID rank = iota
	rankName
	rankExternalID
	rankEmail
	rankMember
	rankGroup
	rankPrefix
	rankTime
	rankNone
)

// indexReads gives the reads that together find every match of a filter: one for each branch of an or. ok
// is false where a branch has no condition that an index serves.
func indexReads(kind Kind, f *scim.Filter) (reads []indexRead, ok bool) {
	for _, branch := range f.Alternatives() {
		bounds, _ := branch.Bounds()
		best := indexRead{rank: rankNone}
		for _, b := range bounds {
			if p := indexReadOf(kind, b); p.rank < best.rank {
				best = p
			}
		}
		if p, found := timeRead(kind, bounds); found && p.rank < best.rank {
			best = p
		}
		if best.rank == rankNone {
			return nil, false
		}
		reads = append(reads, best)
	}
	return reads, true
}

// indexReadOf gives the read for one condition; rankNone where no index serves it.
func indexReadOf(kind Kind, b scim.Bound) indexRead {
	name := b.Ref.Name
	switch {
	case b.Op == scim.OpEq && name == "id":
		return indexRead{rankID, byID(kind, b.Value.Text)}
	case b.Op == scim.OpEq && name == ByName.Attr(kind):
		return indexRead{rankName, exactly(Index{kind, ByName}, []byte(b.Value.Folded))}
	case b.Op == scim.OpEq && name == "externalId":
		return indexRead{rankExternalID, exactly(Index{kind, ByExternalID}, []byte(b.Value.Text))}
	case b.Op == scim.OpEq && name == "emails.value" && kind == User:
		return indexRead{rankEmail, exactly(Index{kind, ByEmail}, []byte(b.Value.Folded))}
	case b.Op == scim.OpEq && name == "members.value" && kind == Group:
		return indexRead{rankMember, groupsOf(b.Value.Text)}
	case b.Op == scim.OpEq && name == "groups.value" && kind == User:
		return indexRead{rankGroup, membersOfGroup(b.Value.Text)}
	case b.Op == scim.OpSw && name == ByName.Attr(kind) && b.Value.Folded != "":
		prefix := []byte(b.Value.Folded)
		return indexRead{rankPrefix, between(Index{kind, ByName}, prefix, KeyAfter(prefix))}
	}
	return indexRead{rank: rankNone}
}

// timeRead joins all conditions on the time of the last change to one range.
func timeRead(kind Kind, bounds []scim.Bound) (p indexRead, ok bool) {
	var from, to []byte
	for _, b := range bounds {
		if b.Ref.Name != "meta.lastModified" {
			continue
		}
		// Keys are in milliseconds: one more on either side, and Match decides.
		low, high := TimeKey(b.Value.Time), TimeKey(b.Value.Time.Add(time.Millisecond))
		switch b.Op {
		case scim.OpEq:
			from, to, ok = later(from, low), earlier(to, high), true
		case scim.OpGt, scim.OpGe:
			from, ok = later(from, low), true
		case scim.OpLt, scim.OpLe:
			to, ok = earlier(to, high), true
		default: // no range
		}
	}
	return indexRead{rankTime, between(Index{kind, ByModified}, from, to)}, ok
}

func later(a, b []byte) []byte {
	if a == nil || slices.Compare(a, b) < 0 {
		return b
	}
	return a
}

func earlier(a, b []byte) []byte {
	if a == nil || slices.Compare(a, b) > 0 {
		return b
	}
	return a
}

func byID(kind Kind, text string) func(ReadTx, func(ID) error) error {
	return func(tx ReadTx, each func(ID) error) error {
		id, err := ParseID(text)
		if err != nil {
			return nil //nolint:nilerr // what is no id is nobody's
		}
		if _, err := tx.Lookup(Index{kind, ByID}, id[:]); err != nil {
			return ignoreNotFound(err)
		}
		return each(id)
	}
}

// exactly lists the records under one key. No key holds a zero or is followed by one, so the range up to the
// key and 1 has no other.
func exactly(ix Index, key []byte) func(ReadTx, func(ID) error) error {
	return between(ix, key, append(slices.Clone(key), 1))
}

func between(ix Index, from, to []byte) func(ReadTx, func(ID) error) error {
	return func(tx ReadTx, each func(ID) error) error {
		for e, err := range tx.Range(ix, Span{From: from, To: to}) {
			if err != nil {
				return err
			}
			if err := each(e.ID); err != nil {
				return err
			}
		}
		return nil
	}
}

func groupsOf(member string) func(ReadTx, func(ID) error) error {
	return func(tx ReadTx, each func(ID) error) error {
		id, err := ParseID(member)
		if err != nil {
			return nil //nolint:nilerr // what is no id is nobody's
		}
		for after := (ID{}); ; {
			page, err := tx.Groups(id, after, groupsPage)
			if err != nil {
				return err
			}
			for _, group := range page {
				if err := each(group.ID); err != nil {
					return err
				}
			}
			if len(page) < groupsPage {
				return nil
			}
			after = page[len(page)-1].ID
		}
	}
}

func membersOfGroup(group string) func(ReadTx, func(ID) error) error {
	return func(tx ReadTx, each func(ID) error) error {
		id, err := ParseID(group)
		if err != nil {
			return nil //nolint:nilerr // what is no id is nobody's
		}
		for after := (ID{}); ; {
			page, err := tx.Members(id, after, membersPage)
			if err != nil {
				return err
			}
			for i := range page {
				if page[i].Kind != User {
					continue
				}
				if err := each(page[i].Member); err != nil {
					return err
				}
			}
			if len(page) < membersPage {
				return nil
			}
			after = page[len(page)-1].Member
		}
	}
}
