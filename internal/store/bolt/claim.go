package bolt

import (
	"bytes"

	"sacbridge/internal/directory"
)

// claimNames refuses a record whose unique values another record has, in the file or in this unit.
func (u *unit) claimNames(s *state, externalID bool) error {
	for _, e := range s.now.Entries() {
		if len(e.Key) > directory.MaxName || e.Field != directory.ByModified && bytes.IndexByte(e.Key, 0) >= 0 {
			return refuse(&directory.ValueError{Attr: attrOf(s.now.Kind, e.Field), Reason: "is too long or holds a zero character"})
		}
		if e.Field != directory.ByName && (e.Field != directory.ByExternalID || !externalID) {
			continue
		}
		holder, taken := u.holderOf(s.now.Kind, e, s.now.ID)
		if taken {
			return refuse(&directory.ConflictError{
				Kind: s.now.Kind, Attr: attrOf(s.now.Kind, e.Field), Value: valueOf(&s.now.Header, e.Field), Holder: holder,
			})
		}
		u.claims[claim{s.now.Kind, e.Field, string(e.Key)}] = s.now.ID
	}
	return nil
}

// holderOf finds who has a unique value, other than id itself.
func (u *unit) holderOf(kind directory.Kind, e directory.IndexEntry, id directory.ID) (holder directory.ID, taken bool) {
	if holder, taken = u.claims[claim{kind, e.Field, string(e.Key)}]; taken {
		return holder, holder != id
	}
	if u.prefix == nil {
		return holder, false
	}
	ix := indexOf(directory.Index{Kind: kind, Field: e.Field})
	if ix.unique {
		value := u.open(ix.bucket).Get(u.key(e.Key))
		copy(holder[:], value)
		return holder, value != nil && holder != id
	}
	low := u.key(ix.lead, e.Key, []byte{0})
	c := u.open(ix.bucket).Cursor()
	for key, _ := c.Seek(low); bytes.HasPrefix(key, low); key, _ = c.Next() {
		if holder = tail(key); holder != id {
			return holder, true
		}
	}
	return holder, false
}

func attrOf(kind directory.Kind, f directory.Field) string {
	switch {
	case f == directory.ByExternalID:
		return "externalId"
	case f == directory.ByEmail:
		return "emails.value"
	case kind == directory.Group:
		return "displayName"
	}
	return "userName"
}

func valueOf(h *directory.Header, f directory.Field) string {
	switch {
	case f == directory.ByExternalID:
		return h.ExternalID
	case h.Kind == directory.Group:
		return h.DisplayName
	}
	return h.UserName
}
