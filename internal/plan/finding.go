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
	LoginIDTaken        Code = "login-id-taken"         // likewise
	SourceEmailTwice    Code = "source-email-twice"     // people of the source share an e-mail: Name, Users
	DuplicateUser       Code = "duplicate-user"         // the target has a "_1" duplicate of this person: Name, Users
	NoEmail             Code = "no-email"               // nobody can be created without one
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
	ProtectedRole       Code = "protected-role"  // role Name is neither given nor taken
	MembersMissing      Code = "members-missing" // Users do not exist in the target and stay out of the team
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
