package plan

import (
	"cmp"
	"slices"
	"time"

	"sacbridge/internal/identity"
)

// Code names a kind of finding. Codes are stable: plan files, results and notices carry them, and
// internal/messages has their words: cause, what to check, cure.
type Code string

// Conflicts: only a person can answer them. They stop the entity's own change, or just the links that the
// code is about.
const (
	EmailTaken          Code = "email-taken"            // the target has this e-mail for somebody else: Name, Users
	EmailWantedTwice    Code = "email-wanted-twice"     // for Users, too
	LoginIDTaken        Code = "login-id-taken"         // likewise
	SourceEmailTwice    Code = "source-email-twice"     // people of the source share an e-mail: Name, Users
	DuplicateUser       Code = "duplicate-user"         // the target has a "_1" duplicate of this person: Name, Users
	NoEmail             Code = "no-email"               // nobody can be created without one
	UserIDNotKept       Code = "user-id-not-kept"       // nobody can be created under this user ID: the target would make Name of it
	UserIDRefused       Code = "user-id-refused"        // likewise: the target would refuse it
	TeamNameRefused     Code = "team-name-refused"      // no team can have this name, or the API cannot name it
	MissingInSource     Code = "missing-in-source"      // a person or team that was asked for
	MissingRole         Code = "missing-role"           // stops only these links; Users and Teams need it
	MissingManager      Code = "missing-manager"        // stops only this link; Users need it
	TeamNameTwice       Code = "team-name-twice"        // Count teams of this name in the target
	SourceTeamTwice     Code = "source-team-twice"      // likewise in the source
	TeamNameCase        Code = "team-name-case"         // differs from Teams in letter case only
	TeamUnreadable      Code = "team-unreadable"        // exists in the target, cannot be read: Cause
	SourceUnreadable    Code = "source-unreadable"      // likewise in the source
	MembersUnread       Code = "members-unread"         // of Count members of the target's team; Name is the action that needs them
	SourceMembersUnread Code = "source-members-unread"  // of Count members of the source's team
	SourceReadShort     Code = "source-read-short"      // only Count of the source team's Of members were read: nobody is removed
	SourceTooSmall      Code = "source-too-small"       // the source's team has Count members, fewer than Limit: likewise
	TeamEmptied         Code = "team-emptied"           // by way of people's teams Count of Of members would be left: likewise
	MissingInTarget     Code = "missing-in-target"      // a person or team that was to be changed
	ExistsAlready       Code = "exists-already"         // a person or team that was to be new
	SeveralPeople       Code = "several-people"         // an e-mail or login ID finds Users
	InvalidValue        Code = "invalid-value"          // Cause
	DeletedAndWanted    Code = "deleted-and-wanted"     // one step deletes, a later one wants the entity: it stays as it is
	ManagesOthers       Code = "manages-others"         // is the manager of Users, and so cannot be deleted
	SourceShareTooSmall Code = "source-share-too-small" // Count members, under Percent of the target's Of: likewise
)

// Skips: asked for, and deliberately not done.
const (
	OwnerUnchanged      Code = "owner-unchanged"  // fields and role links of the System Owner
	OwnerMembership     Code = "owner-membership" // of the System Owner in Teams
	OwnerRole           Code = "owner-role"       // the System Owner role is neither given nor taken
	ProtectedUser       Code = "protected-user"   // fields and role links stay
	ProtectedNotCreated Code = "protected-not-created"
	ProtectedMembership Code = "protected-membership" // in Teams stays
	ProtectedTeam       Code = "protected-team"
	ProtectedRole       Code = "protected-role"    // role Name is neither given nor taken
	ProtectedMembers    Code = "protected-members" // the team of protected Users is not deleted
	LeftExisting        Code = "left-existing"     // exists, and the step is about new ones only
	LeftMissing         Code = "left-missing"      // does not exist, and the step is about existing ones only
	AlreadyGone         Code = "already-gone"      // to be deleted, does not exist
	AttributeIgnored    Code = "attribute-ignored" // the target accepts changes of it without effect, seen Since; Users and Teams would have got one
	MembersMissing      Code = "members-missing"   // Users do not exist in the target and stay out of the team
)

// Earlier is what a plan file of an earlier version says in words: Text.
const Earlier Code = "earlier-version"

// Warnings: done, but not to be undone, or not quite as asked.
const (
	ContentLost    Code = "content-lost"    // private content of Users who are deleted
	DescriptionCut Code = "description-cut" // of Count characters, SAC takes Limit
	CreatedActive  Code = "created-active"  // Users are inactive in the source, and the target creates them active
	// The protect lists name what the target does not have, and so protect nobody by it. Users, Teams or Name differ
	// by letter case only.
	UnknownProtectedUser Code = "unknown-protected-user"
	UnknownProtectedTeam Code = "unknown-protected-team"
	UnknownProtectedRole Code = "unknown-protected-role"
)

// Finding is what was found while a plan was made or checked: a code with the values that its words need.
type Finding struct {
	Code   Code     `json:"code"`
	Entity Entity   `json:"entity"`
	Key    string   `json:"key"`
	Origin string   `json:"origin,omitempty"` // the step that asked for it, where that helps
	Name   string   `json:"name,omitempty"`   // the e-mail, role … in question
	Users  []string `json:"users,omitempty"`  // people concerned
	Teams  []string `json:"teams,omitempty"`  // teams concerned

	Count   int       `json:"count,omitempty"`
	Of      int       `json:"of,omitempty"`
	Limit   int       `json:"limit,omitempty"`
	Percent float64   `json:"percent,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Text is the words of a finding in a plan file of an earlier version, which had no values.
	Text string `json:"text,omitempty"`
	// Cause is what somebody else said about it, for instance why a team cannot be read.
	Cause string `json:"cause,omitempty"`
}

// sortedFindings orders findings and joins those that say the same: several rows may meet the same one.
func sortedFindings(list []Finding) []Finding {
	slices.SortStableFunc(list, compareFindings)
	var out []Finding
	for _, f := range list {
		if n := len(out); n > 0 && compareFindings(out[n-1], f) == 0 {
			out[n-1].Users = append(out[n-1].Users, f.Users...)
			out[n-1].Teams = append(out[n-1].Teams, f.Teams...)
			continue
		}
		out = append(out, f)
	}
	for i := range out {
		out[i].Users, out[i].Teams = identity.Set(out[i].Users), identity.Set(out[i].Teams)
	}
	return out
}

func compareFindings(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Name, b.Name))
}
