package directory

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Feed lists events after a number, in order. It may give fewer than limit though there are more, never none.
// ErrTrimmed where events after that number are no longer kept, ErrAhead where that number was never given: the reader
// starts anew with a full reconciliation.
func (d *Directory) Feed(ctx context.Context, source SourceID, after Seq, limit int) (events []Event, err error) {
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		events, err = tx.Log(after, limit)
		return err
	})
	return events, err
}

// Last gives the number of the last event; 0 where there is none.
func (d *Directory) Last(ctx context.Context, source SourceID) (last Seq, err error) {
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		last, err = tx.Last()
		return err
	})
	return last, err
}

// Wait returns the last sequence number of the source once it is above after, or the error of ctx; ErrAhead as Feed.
func (d *Directory) Wait(ctx context.Context, source SourceID, after Seq) (Seq, error) {
	return d.store.Wait(ctx, source, after)
}

// History lists the events of one record, living or deleted, from before a number (0: the end), the
// newest first.
func (d *Directory) History(ctx context.Context, source SourceID, id ID, before Seq, limit int) (events []Event, err error) {
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		events, err = tx.History(id, before, limit)
		return err
	})
	return events, err
}

// Count gives the number of records of a kind.
func (d *Directory) Count(ctx context.Context, source SourceID, kind Kind) (n int64, err error) {
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		n, err = tx.Count(kind)
		return err
	})
	return n, err
}

// Deleted lists deleted records by id, after one.
func (d *Directory) Deleted(ctx context.Context, source SourceID, kind Kind, after ID, limit int) (all []DeletedRecord, err error) {
	err = d.store.View(ctx, source, func(tx ReadTx) error {
		all, err = tx.AllDeleted(kind, after, limit)
		return err
	})
	return all, err
}

// The sizes of the steps in which Expire works.
const (
	expirePage = 100
	purgeEdges = 5000
	trimPage   = 5000
)

// Sources lists all sources that the directory has anything of, also those that are configured no more.
func (d *Directory) Sources(ctx context.Context) ([]SourceID, error) { return d.store.Sources(ctx) }

// Expire removes the deleted records and the events of a source that are older than the retention time. It
// works in short transactions and stops when ctx ends.
func (d *Directory) Expire(ctx context.Context, source SourceID) error {
	before := d.now().Add(-d.retention)
	for _, kind := range [...]Kind{User, Group} {
		if err := d.purge(ctx, source, kind, before); err != nil {
			return fmt.Errorf("remove deleted records of %s: %w", source, err)
		}
	}
	for more := true; more; {
		var err error
		if more, err = d.store.Trim(ctx, source, before, trimPage); err != nil {
			return fmt.Errorf("remove old events of %s: %w", source, err)
		}
	}
	return nil
}

func (d *Directory) purge(ctx context.Context, source SourceID, kind Kind, before time.Time) error {
	for after := (ID{}); ; {
		page, err := d.Deleted(ctx, source, kind, after, expirePage)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if !page[i].At.Before(before) {
				continue
			}
			if err := d.purgeOne(ctx, source, kind, page[i].ID); err != nil {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
}

// purgeOne removes a deleted record for good. One that was restored meanwhile is not found.
func (d *Directory) purgeOne(ctx context.Context, source SourceID, kind Kind, id ID) error {
	for more := true; more; {
		change := Change{At: d.now(), By: "retention", Purges: []Purge{{Kind: kind, ID: id, Edges: purgeEdges}}}
		done, err := d.store.Commit(ctx, source, change)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		more = done.More
	}
	return nil
}
