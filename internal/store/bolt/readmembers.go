package bolt

import (
	"iter"

	"sacbridge/internal/directory"
	"sacbridge/internal/store"
)

// Members implements directory.ReadTx.
func (r *snapshot) Members(group, after directory.ID, limit int) (edges []directory.MemberEdge, err error) {
	_, err = r.EachMember(group, after, limit, func(member directory.ID, kind directory.Kind, display []byte) error {
		edges = append(edges, directory.MemberEdge{Group: group, Member: member, Kind: kind, Display: string(display)})
		return nil
	})
	return edges, err
}

// EachMember implements directory.ReadTx.
func (r *snapshot) EachMember(group, after directory.ID, limit int, visit func(directory.ID, directory.Kind, []byte) error) (n int, err error) {
	if r.raw(directory.Group, group) == nil {
		return 0, nil
	}
	for key, value := range r.pairsAfter(bucketMembers, group, after) {
		if n >= limit {
			break
		}
		member := lastID(key)
		kind, display, err := store.DecodeMember(group, member, value)
		if err != nil {
			return n, err
		}
		if err := visit(member, kind, display); err != nil {
			return n, err
		}
		n++
	}
	return n, r.ctx.Err()
}

// pairsAfter lists the keys of gm or mg that begin with one id, after another.
func (r *snapshot) pairsAfter(bucket []byte, first, after directory.ID) iter.Seq2[[]byte, []byte] {
	low := r.key(first[:])
	high := directory.KeyAfter(low)
	if !after.IsZero() {
		low = r.key(first[:], after[:], []byte{0})
	}
	return r.walk(bucket, low, high, false)
}

// lastID gives the id that a key ends with.
func lastID(key []byte) (id directory.ID) {
	copy(id[:], key[max(0, len(key)-store.IDLen):])
	return id
}

// Groups implements directory.ReadTx. It passes over groups that are deleted and kept with their members.
func (r *snapshot) Groups(member, after directory.ID, limit int) (refs []directory.GroupRef, err error) {
	if r.prefix == nil {
		return nil, nil
	}
	for key := range r.pairsAfter(bucketGroups, member, after) {
		if len(refs) >= limit {
			break
		}
		group := lastID(key)
		raw := r.raw(directory.Group, group)
		if raw == nil {
			continue
		}
		h, err := store.DecodeHeader(group, raw)
		if err != nil {
			return nil, err
		}
		refs = append(refs, directory.GroupRef{ID: group, Display: h.DisplayName})
	}
	return refs, r.ctx.Err()
}

// Contains implements directory.ReadTx.
func (r *snapshot) Contains(group directory.ID, ids []directory.ID) ([]bool, error) {
	contains := make([]bool, len(ids))
	if r.raw(directory.Group, group) == nil {
		return contains, nil
	}
	members := r.bucket(bucketMembers)
	for i, id := range ids {
		contains[i] = members.Get(r.key(group[:], id[:])) != nil
	}
	return contains, nil
}
