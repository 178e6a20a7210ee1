package directory

import (
	"context"
	"strconv"

	"sacbridge/internal/scim"
)

// WriteOptions go with every write.
type WriteOptions struct {
	By string // who asks, for the history: the name of the token
	// IfMatch is the header of that name, "" without one. It is compared inside the write's transaction; a
	// write without it is repeated on the newer record where another came between.
	IfMatch          string
	Unknown          UnknownPolicy // what to do with members that the source does not hold
	KeepMembers      bool          // a Replace without the attribute members leaves them; else none is left
	KeepActive       bool          // a Replace without the attribute active leaves a user active that is; else nothing is said of it
	UniqueExternalID bool          // refuse an externalId that another record of the kind has
	WithGroups       bool          // answer with the user's groups
}

// Found is a record as it is answered.
type Found struct {
	Record
	Groups []GroupRef // of a user (or of a nested group), where they were asked for
}

// Resource decodes the record, with id and meta but without location, members and groups.
func (f *Found) Resource() (*scim.Resource, error) { return f.Record.Resource() }

// Written is what a write left.
type Written struct {
	Found
	Changed bool     // false where the record was like that already: no new revision, no event
	Dropped []string // unknown members that were left out
}

// Query asks for a page of records.
type Query struct {
	Kind   Kind
	Filter *scim.Filter // nil: all
	Sort   *scim.Sort   // nil: by id, which is by age
	Start  int          // 1-based (RFC 7644 §3.4.2.4); below 1 is 1
	Count  int          // records at most; 0 gives the total alone
	// ByCursor asks for cursors (RFC 9865); Cursor is one that a Page gave, "" for the first page. Start
	// is left out then.
	ByCursor   bool
	Cursor     string
	WithGroups bool
}

// Page is the answer to a Query.
type Page struct {
	Found []Found
	Total int    // all that match, exactly
	Start int    // the place of the first, 1-based
	Next  string // the cursor of the next page; "" at the end and where none was asked for
}

// ETag gives the entity tag of a revision, as it stands in meta.version and in the ETag header.
func ETag(revision uint64) string { return `W/"` + strconv.FormatUint(revision, 10) + `"` }

// TypeOf gives the SCIM resource type of a kind.
func TypeOf(k Kind) *scim.ResourceType {
	if k == Group {
		return scim.Group()
	}
	return scim.User()
}

// KindOf gives the kind of a resource type.
func KindOf(t *scim.ResourceType) Kind {
	if t == scim.Group() {
		return Group
	}
	return User
}

// Resource decodes the record, with id and meta but without location, members and groups.
func (r *Record) Resource() (*scim.Resource, error) {
	res, err := scim.DecodeStored(TypeOf(r.Kind), r.JSON)
	if err != nil {
		return nil, err
	}
	res.SetCommon(r.ID.String(), scim.Meta{Created: r.Created, Modified: r.Modified, Version: ETag(r.Revision)})
	return res, nil
}

// Edit changes a resource by PATCH: p.Apply with the tolerance of the source, for one. It may be called
// several times, and must not keep before.
type Edit func(before *scim.Resource) (scim.Outcome, error)

// Get reads a record with everything but members; GroupRefs of its groups where withGroups. It is the
// fast path: the stored bytes, nothing decoded. ErrNotFound where there is none.
func (d *Directory) Get(ctx context.Context, source SourceID, kind Kind, id ID, withGroups bool) (f Found, err error) {
	if !withGroups {
		f.Record, err = d.store.Get(ctx, source, kind, id)
		return f, err
	}
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		if f.Record, err = tx.Get(kind, id); err != nil {
			return err
		}
		f.Groups, err = groupRefs(tx, id, ID{}, 0)
		return err
	})
	return f, err
}

// groupsPage is how many memberships are read at once.
const groupsPage = 1000

// groupRefs lists the groups of a member by id; all of them where limit is 0.
func groupRefs(tx ReadTx, member, after ID, limit int) (refs []GroupRef, err error) {
	for {
		page := groupsPage
		if limit > 0 {
			page = min(page, limit-len(refs))
		}
		more, err := tx.Groups(member, after, page)
		if err != nil {
			return nil, err
		}
		refs = append(refs, more...)
		if len(more) < page || limit > 0 && len(refs) >= limit {
			return refs, nil
		}
		after = more[len(more)-1].ID
	}
}
