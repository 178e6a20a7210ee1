package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// oldestRun is how old a run can be and still be looked at for what it spent: one that was begun long before the
// window may have been resumed in it.
const oldestRun = 30 * 24 * time.Hour

// spent sums up what earlier runs took of the limits that p is judged by. It looks into the journals only where that
// can make a difference.
func (e *Engine) spent(ctx context.Context, p *plan.Plan, op *Operation) (plan.Spent, error) {
	now := e.d.Now()
	if e.d.Journals == nil || !dependsOnSpent(p) {
		return plan.SpentIn(nil, now, e.d.Window, "", ""), nil
	}
	ids, err := e.RunIDs(ctx)
	if err != nil {
		return plan.Spent{}, err
	}
	var ledger []plan.Entry
	for _, id := range ids {
		if begun, ok := begunAt(id); ok && now.Sub(begun) > e.d.Window+oldestRun {
			break // the rest is older still
		}
		entry, err := e.entry(ctx, id)
		switch {
		case errors.Is(err, apply.ErrJournalOpen), errors.Is(err, apply.ErrNoRun):
			// Whoever has it open writes to another tenant: the lease of this one is ours.
		case ctx.Err() != nil:
			return plan.Spent{}, ctx.Err()
		case err != nil:
			e.d.Logger.WarnContext(ctx, "what a run spent of the guards' limits is not known", "run", id, "error", err)
		default:
			ledger = append(ledger, entry)
		}
	}
	return plan.SpentIn(ledger, now, e.d.Window, op.To.Tenant().URL, op.Job), nil
}

// dependsOnSpent reports whether any guard would hold p, had enough been spent before.
func dependsOnSpent(p *plan.Plan) bool {
	const unlimited = 1 << 40
	all := plan.Amounts{Create: unlimited, Update: unlimited, Deactivate: unlimited, Delete: unlimited, RoleRemoval: unlimited, MemberRemoval: unlimited}
	worst := plan.Plan{Rules: p.Rules, Counts: p.Counts, Read: p.Read}
	worst.Rules.Spent = plan.Spent{Tenant: all, Job: all}
	worst.Judge()
	return len(worst.Exceeded) > 0
}

// entry reads what a run spent, and when it wrote last.
func (e *Engine) entry(ctx context.Context, id string) (entry plan.Entry, err error) {
	err = e.withJournal(ctx, id, func(j apply.Journal) error {
		h, err := j.Header(ctx)
		if err != nil {
			return err
		}
		entry = plan.Entry{At: h.Started, Tenant: h.Target, Job: h.Job}
		end, ok, err := j.End(ctx)
		switch {
		case err != nil:
			return err
		case ok:
			entry.At = end.At
		default:
			// A killed run has no end, and may have written until a moment ago.
			if entry.At, err = lastWrite(ctx, j, h.Started); err != nil {
				return err
			}
		}
		entry.Amounts, err = amounts(ctx, j, h, end)
		return err
	})
	return entry, err
}

// lastWrite gives the time of the last intended call.
func lastWrite(ctx context.Context, j apply.Journal, began time.Time) (time.Time, error) {
	last := began
	err := j.Records(ctx, func(r apply.Record) bool {
		last = r.At
		return true
	})
	return last, err
}

// amounts gives what a run spent. A journal that does not say so was written by an earlier version: then all that its
// plan does counts.
func amounts(ctx context.Context, j apply.Journal, h apply.Header, end apply.End) (plan.Amounts, error) {
	switch {
	case end.Spent != nil:
		return *end.Spent, nil
	case h.Spends != nil:
		return *h.Spends, nil
	}
	p, err := apply.StoredPlan(ctx, j)
	if err != nil {
		return plan.Amounts{}, err
	}
	return p.Spends(), nil
}

// begunAt tells when a run was begun by its ID, a UUID of version 7 (RFC 9562 §5.7).
func begunAt(id string) (time.Time, bool) {
	u, err := uuid.Parse(id)
	if err != nil || u.Version() != 7 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(u[:8]) >> 16)), true
}
