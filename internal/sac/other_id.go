package sac

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// otherIDs holds what the creates of one run have shown about user IDs that the tenant does not keep. Plans name
// those that are known before (identity.Tenant.AssignedUserID); where a create comes out under another ID all the
// same, the next ones of that kind would, too, and are not sent. IDs of plain characters are one kind, all
// others are another: there one person is created first, alone, and the rest when that came out right.
type otherIDs struct {
	alone interruptibleMutex // held by the create that shows whether other characters are kept

	mu      sync.Mutex
	kept    bool            // a user ID of other characters came out as it was wanted
	stopped map[bool]string // by whether IDs are plain: what was created instead of whom
}

func newOtherIDs() *otherIDs {
	return &otherIDs{alone: newInterruptibleMutex(), stopped: map[bool]string{}}
}

// isUnproven reports whether it is not known yet what becomes of the user ID.
func (o *otherIDs) isUnproven(userID string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !identity.IsPlainUserID(userID) && !o.kept
}

// check is an error where a create of this kind came out under another ID before.
func (o *otherIDs) check(op, userID string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	made := o.stopped[identity.IsPlainUserID(userID)]
	if made == "" {
		return nil
	}
	return refused(op, upstream.CodeOtherID, "not sent, for the tenant created "+made+" in this run")
}

func (o *otherIDs) created(wanted, made string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	plain := identity.IsPlainUserID(wanted)
	switch {
	case wanted == made:
		o.kept = o.kept || !plain
	case o.stopped[plain] == "":
		o.stopped[plain] = fmt.Sprintf("user %q in place of %q", made, wanted)
	}
}

// mayCreate is asked before a person is created; the caller must call done afterwards. An error says that
// nothing may be sent.
func (t *Tenant) mayCreate(ctx context.Context, op, userID string) (done func(), err error) {
	done = func() {}
	if t.otherIDs.isUnproven(userID) {
		if done, err = t.otherIDs.alone.lock(ctx, op, t.permission); err != nil {
			return nil, err
		}
	}
	if err := t.otherIDs.check(op, userID); err != nil {
		done()
		return nil, err
	}
	return done, nil
}

// undoOtherID says what came of a create that was answered with somebody of another user ID: the "<ID>_1" that SAC
// makes when a user ID exists with another e-mail (script 1121), or an ID that it made itself. Who was created by
// this very call is deleted again: who has the e-mail that was sent, and was created since the call began by the
// tenant's own clock, which counts in whole seconds.
func (t *Tenant) undoOtherID(ctx context.Context, op string, want *identity.User, email string, made *identity.User, begun time.Time) error {
	earliest, known := t.Clock(begun)
	if !known || made.Created.Before(earliest.Add(-time.Second)) || identity.Fold(made.Email) != identity.Fold(email) {
		return noAnswer(op) // somebody else, who was there before
	}
	e := &upstream.Error{Class: upstream.Conflict, Code: upstream.CodeUserExists, Op: op}
	what := fmt.Sprintf("the user ID exists with another e-mail; the duplicate %q that the tenant made", made.UserID)
	if !strings.HasPrefix(made.UserID, want.UserID+"_") {
		t.otherIDs.created(want.UserID, made.UserID)
		e.Class, e.Code = upstream.Refused, upstream.CodeOtherID
		what = fmt.Sprintf("the tenant does not keep this user ID; user %q that it made instead", made.UserID)
	}
	out := t.deleteMade(ctx, made)
	e.Err = out.Err
	if out.Err != nil {
		e.Cause = what + " could not be deleted again: delete it if nobody uses it"
		return e
	}
	e.Cause = what + " is deleted again"
	return e
}

// deleteMade deletes somebody whom a create has just made.
func (t *Tenant) deleteMade(ctx context.Context, made *identity.User) upstream.Outcome {
	key := upstream.UserKey{UserID: made.UserID, Ref: made.Ref, Created: made.Created}
	if t.hasV2() {
		return t.deleteV2(ctx, key)
	}
	return t.deleteV1(ctx, key)
}
