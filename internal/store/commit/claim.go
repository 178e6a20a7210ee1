package commit

import (
	"bytes"

	"sacbridge/internal/directory"
)

// claim is a unique value.
type claim struct {
	kind  directory.Kind
	field directory.Field
	key   string
}

// claimNames refuses a record whose unique values another record has, in the store or in this change.
func (p *planner) claimNames(s *state, uniqueExternalID bool) error {
	kind := s.after.Kind
	for _, e := range s.after.Entries() {
		if len(e.Key) > directory.MaxName || e.Field != directory.ByModified && bytes.IndexByte(e.Key, 0) >= 0 {
			return refuse(&directory.ValueError{Attr: e.Field.Attr(kind), Reason: "is too long or holds a zero character"})
		}
		if e.Field != directory.ByName && (e.Field != directory.ByExternalID || !uniqueExternalID) {
			continue
		}
		holder, taken, err := p.holder(kind, e, s.after.ID)
		if err != nil {
			return err
		}
		if taken {
			return refuse(&directory.ConflictError{Kind: kind, Attr: e.Field.Attr(kind), Value: valueOf(&s.after.Header, e.Field), Holder: holder})
		}
		p.claims[claim{kind, e.Field, string(e.Key)}] = s.after.ID
	}
	return nil
}

// holder finds who has a unique value, other than id itself.
func (p *planner) holder(kind directory.Kind, e directory.IndexEntry, id directory.ID) (holder directory.ID, taken bool, err error) {
	if holder, taken = p.claims[claim{kind, e.Field, string(e.Key)}]; taken {
		return holder, holder != id, nil
	}
	return p.from.Holder(directory.Index{Kind: kind, Field: e.Field}, e.Key, id)
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
