package upstream

// Outcome is what became of one item. Err is nil where the change was seen: the answer, or a reading
// after it, shows everything that was asked for, except what Undone lists.
type Outcome struct {
	Err error
	Ref string // the tenant's key of a created entity, where the answer told it
	// Roles are all roles of a created person by the answer to the create itself, before anybody else could grant one;
	// nil where that showed nobody.
	Roles []string
	// Undone is what the tenant accepted and did not do.
	Undone []Undone
	// Kept are changes that somebody else made meanwhile and that were left as they are, in words.
	Kept []string
	// Warnings are facts worth telling about an accepted write.
	Warnings []string
}

// Undone is a part of an accepted write that is not there afterwards.
type Undone struct {
	Kind  UndoneKind `json:"kind"`
	Key   string     `json:"key"` // role ID, user ID, or the attribute's name
	Code  string     `json:"code"`
	Cause string     `json:"cause"` // for people
}

// UndoneKind says what a part of a write is about.
type UndoneKind string

// The kinds of parts.
const (
	RolePart      UndoneKind = "role"
	MemberPart    UndoneKind = "member"
	ManagerPart   UndoneKind = "manager"
	AttributePart UndoneKind = "attribute"
)

// The codes of Undone.
const (
	Dropped     = "dropped" // left out without a word, or not taken off
	Ignored     = "ignored" // an attribute that this tenant accepts and leaves as it is; see Facts.Ignored
	UnknownLink = "unknown" // the tenant has no such role or person
)
