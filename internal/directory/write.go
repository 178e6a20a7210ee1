package directory

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"sacbridge/internal/scim"
)

// maxAttempts is how often a write without If-Match is repeated on a newer record. Each time another
// write went through, so that only a record which many writers fight over comes near it.
const maxAttempts = 1000

// Create stores a new resource under a new id, with its members where it is a group. It fails with a
// *ConflictError where its name is taken, ErrNameless without one, a *ValueError for a value that cannot
// be kept, and an *UnknownMembersError as o says.
func (d *Directory) Create(ctx context.Context, source SourceID, res *scim.Resource, o WriteOptions) (Written, error) {
	id, err := NewID(d.now())
	if err != nil {
		return Written{}, err
	}
	record, err := recordOf(res, id)
	if err != nil {
		return Written{}, err
	}
	change := d.change(o)
	change.Puts = []Put{{Record: record, Expect: NotThere, UniqueExternalID: o.UniqueExternalID}}
	var dropped []string
	if record.Kind == Group && len(res.Members) > 0 {
		members, unknown := membersOf(res.Members)
		if dropped = unknown; len(unknown) > 0 && o.Unknown == RefuseUnknown {
			return Written{}, &UnknownMembersError{Group: id, IDs: unknown}
		}
		change.Members = []MemberChange{{Group: id, Expect: AnyRevision, Op: AddMembers, Members: members, Unknown: o.Unknown}}
	}
	done, err := d.store.Commit(ctx, source, change)
	if err != nil {
		return Written{}, err
	}
	record.Header = done.Headers[0]
	return Written{Found: Found{Record: record}, Changed: true, Dropped: texts(dropped, done.Dropped)}, nil
}

func (d *Directory) change(o WriteOptions) Change { return Change{At: d.now(), By: o.By} }

func texts(dropped []string, more []ID) []string {
	for _, id := range more {
		dropped = append(dropped, id.String())
	}
	return dropped
}

// Replace stores res in the place of what is there (PUT, RFC 7644 §3.5.1), a group's members with it. It
// fails as Create does, with ErrNotFound, with a *RevisionError where o.IfMatch does not match, and with
// an error of scim where an immutable attribute would change.
func (d *Directory) Replace(ctx context.Context, source SourceID, id ID, res *scim.Resource, o WriteOptions) (Written, error) {
	kind, given := KindOf(res.Type), res
	return d.rewrite(ctx, source, kind, id, o, func(before *Record) (edited, error) {
		res := given
		if _, says := given.Attrs["active"]; o.KeepActive && kind == User && !says && before.HasActive && before.Active {
			res = given.Clone() // for this record alone: the next try may find another one
			res.Attrs["active"] = true
		}
		record, err := recordOf(res, id)
		if err != nil {
			return edited{}, err
		}
		e := edited{record: record}
		if !bytes.Equal(before.JSON, record.JSON) {
			old, err := before.Resource()
			if err != nil {
				return edited{}, err
			}
			if err := scim.CheckImmutable(old, res); err != nil {
				return edited{}, err
			}
			e.changed = scim.ChangedAttributes(bareAttrs(old.Attrs), bareAttrs(res.Attrs))
		}
		if kind == Group && (res.HasMembers || !o.KeepMembers) {
			e.ops = []scim.MemberOp{{Kind: scim.ReplaceMembers, Members: res.Members}}
		}
		return e, nil
	})
}

// Patch changes a resource and the members of a group at once, all of it or nothing (RFC 7644 §3.5.2). It
// fails as Replace does, and with the errors of edit.
func (d *Directory) Patch(ctx context.Context, source SourceID, kind Kind, id ID, edit Edit, o WriteOptions) (Written, error) {
	return d.rewrite(ctx, source, kind, id, o, func(before *Record) (edited, error) {
		old, err := before.Resource()
		if err != nil {
			return edited{}, err
		}
		outcome, err := edit(old)
		if err != nil {
			return edited{}, err
		}
		e := edited{changed: outcome.Changed, ops: outcome.Members, record: *before}
		if len(e.changed) > 0 {
			e.record, err = recordOf(outcome.Resource, id)
		}
		return e, err
	})
}

// edited is what a rewrite makes of a record.
type edited struct {
	record  Record
	changed []string
	ops     []scim.MemberOp
}

// rewrite changes a record as it is in the moment of the commit: read, edit, compare and write, and once
// more where another write came between.
func (d *Directory) rewrite(ctx context.Context, source SourceID, kind Kind, id ID, o WriteOptions, edit func(*Record) (edited, error)) (Written, error) {
	for range maxAttempts {
		before, err := d.Get(ctx, source, kind, id, false)
		if err != nil {
			return Written{}, err
		}
		if err := matches(&before.Header, o.IfMatch); err != nil {
			return Written{}, err
		}
		e, err := edit(&before.Record)
		if err != nil {
			return Written{}, err
		}
		w, err := d.commit(ctx, source, &before.Record, e, o)
		if _, stale := errors.AsType[*RevisionError](err); stale {
			continue
		}
		if err == nil && o.WithGroups {
			w.Groups, err = d.GroupsOf(ctx, source, id, ID{}, 0)
		}
		return w, err
	}
	return Written{}, fmt.Errorf("%s %s changed %d times meanwhile", kind, id, maxAttempts)
}

// matches compares a record's entity tag with an If-Match header.
func matches(h *Header, ifMatch string) error {
	if ifMatch != "" && !scim.MatchETag(ifMatch, ETag(h.Revision)) {
		return &RevisionError{Kind: h.Kind, ID: h.ID, Got: h.Revision}
	}
	return nil
}

// commit writes an edited record at the revision it was read at.
func (d *Directory) commit(ctx context.Context, source SourceID, before *Record, e edited, o WriteOptions) (Written, error) {
	expect := int64(before.Revision) //nolint:gosec // one more with each change
	change := d.change(o)
	if len(e.changed) > 0 {
		change.Puts = []Put{{Record: e.record, Expect: expect, Changed: e.changed, UniqueExternalID: o.UniqueExternalID}}
	}
	members := expect
	if len(e.changed) == 0 && o.IfMatch == "" && !hasWhere(e.ops) {
		members = AnyRevision // nothing was decided from the record
	}
	var dropped []string
	var err error
	if change.Members, dropped, err = d.memberChanges(ctx, source, before.ID, members, e.ops, o.Unknown); err != nil {
		return Written{}, err
	}
	if len(change.Puts) == 0 && len(change.Members) == 0 {
		return Written{Found: Found{Record: *before}, Dropped: dropped}, nil
	}
	done, err := d.store.Commit(ctx, source, change)
	if err != nil {
		return Written{}, err
	}
	w := Written{Found: Found{Record: *before}, Changed: done.Seq > 0, Dropped: texts(dropped, done.Dropped)}
	if len(change.Puts) > 0 {
		w.JSON = e.record.JSON
	}
	w.Header = done.Headers[0]
	return w, nil
}

// Delete takes a record out of sight; its names are free at once, and it can be restored for the time of
// retention. ErrNotFound where there is none, a *RevisionError where o.IfMatch does not match.
func (d *Directory) Delete(ctx context.Context, source SourceID, kind Kind, id ID, o WriteOptions) error {
	for range maxAttempts {
		expect, err := d.expected(ctx, source, kind, id, o.IfMatch)
		if err != nil {
			return err
		}
		change := d.change(o)
		change.Deletes = []Delete{{Kind: kind, ID: id, Expect: expect}}
		_, err = d.store.Commit(ctx, source, change)
		if _, stale := errors.AsType[*RevisionError](err); !stale {
			return err
		}
	}
	return fmt.Errorf("%s %s changed %d times meanwhile", kind, id, maxAttempts)
}

// expected gives the revision that a write has to find; AnyRevision without If-Match.
func (d *Directory) expected(ctx context.Context, source SourceID, kind Kind, id ID, ifMatch string) (int64, error) {
	if ifMatch == "" {
		return AnyRevision, nil
	}
	var h Header
	err := d.store.View(ctx, source, func(tx ReadTx) (err error) {
		h, err = tx.Header(kind, id)
		return err
	})
	if err != nil {
		return 0, err
	}
	return int64(h.Revision), matches(&h, ifMatch) //nolint:gosec // one more with each change
}

// Restore brings a deleted record back under its id, with its memberships in groups that still exist. A
// *ConflictError says who has its name now; ErrNotFound that it is not among the deleted.
func (d *Directory) Restore(ctx context.Context, source SourceID, kind Kind, id ID, o WriteOptions) (Written, error) {
	change := d.change(o)
	change.Restores = []Restore{{Kind: kind, ID: id}}
	if _, err := d.store.Commit(ctx, source, change); err != nil {
		return Written{}, fmt.Errorf("restore %s %s: %w", kind, id, err)
	}
	found, err := d.Get(ctx, source, kind, id, o.WithGroups)
	return Written{Found: found, Changed: true}, err
}
