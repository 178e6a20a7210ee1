package directory

import (
	"bytes"
	"time"
)

// MaxName is how many bytes an indexed value (userName, displayName of a group, externalId, an e-mail
// address) may have once folded.
const MaxName = 1024

// Record is a person or a group as it is stored: a header that filters and sorts read without decoding
// anything, and the resource.
type Record struct {
	Header
	// JSON is what scim.Resource.Encode gives: an object that begins with schemas, without id, meta and
	// password, without the members of a group and the groups of a user.
	JSON []byte
}

// Clone gives a record that shares no bytes with r.
func (r Record) Clone() Record {
	r.JSON = bytes.Clone(r.JSON)
	return r
}

// Header is what is known of a record without decoding it. The texts are as the client sent them; indexes
// hold their folded forms.
type Header struct {
	Kind     Kind
	ID       ID
	Revision uint64    // 1 when created, one more with each change; the entity tag is made of it
	Created  time.Time // UTC, milliseconds (RFC 7643 §2.3.5: what is shown compares equal to itself)
	Modified time.Time // UTC, milliseconds; moves with every change
	Last     Seq       // its last event, from which Event.Prev leads through its history

	ExternalID  string
	DisplayName string // a group's name, unique in its source without letter case

	UserName   string // unique in its source without letter case; empty for a group
	Active     bool   // true where HasActive is false
	HasActive  bool   // the client said so
	GivenName  string
	FamilyName string
	UserType   string
	Department string
	Manager    string // the id of the manager as sent, resolved by nobody
	Emails     []Email
	// EmailsIncomplete says that JSON knows more of the addresses than Emails, and EmptyTexts that one of the texts here is
	// an empty one there, and not missing.
	EmailsIncomplete, EmptyTexts bool

	Members int64 // how many members a group has; the store counts
}

// Email is one address of a person.
type Email struct {
	Value, Type string
	Primary     bool
}

// Field is what an index orders records by.
type Field uint8

// The indexed fields.
const (
	ByID         Field = iota + 1 // the key is the 16 bytes of the id
	ByName                        // folded userName of a user or displayName of a group; unique
	ByExternalID                  // externalId as it is (RFC 7643 §3.1: caseExact)
	ByEmail                       // folded e-mail address; users only
	ByModified                    // TimeKey of the last change
)

// Index is one ordered list of the records of a kind.
type Index struct {
	Kind  Kind
	Field Field
}

// Entry is one entry of an index. The key is without the id that follows it where the index is not unique.
type Entry struct {
	Key []byte
	ID  ID
}

// IndexEntry says under which key an index lists a record.
type IndexEntry struct {
	Field Field
	Key   []byte
}

// Entries gives the index entries of a record, ByID left out: what a Store keeps with the record, in one
// transaction, and what its Check compares. An address that is there twice gives one entry.
func (h *Header) Entries() []IndexEntry {
	entries := make([]IndexEntry, 0, 4+len(h.Emails))
	name := h.UserName
	if h.Kind == Group {
		name = h.DisplayName
	}
	if key := NameKey(name); len(key) > 0 {
		entries = append(entries, IndexEntry{ByName, key})
	}
	if h.ExternalID != "" {
		entries = append(entries, IndexEntry{ByExternalID, []byte(h.ExternalID)})
	}
	entries = append(entries, IndexEntry{ByModified, TimeKey(h.Modified)})
	first := len(entries)
	for _, e := range h.Emails {
		key := EmailKey(e.Value)
		if len(key) > 0 && !hasKey(entries[first:], key) {
			entries = append(entries, IndexEntry{ByEmail, key})
		}
	}
	return entries
}

func hasKey(entries []IndexEntry, key []byte) bool {
	for _, e := range entries {
		if bytes.Equal(e.Key, key) {
			return true
		}
	}
	return false
}

// MemberEdge is one membership. Kind and Display are of the moment it was made.
type MemberEdge struct {
	Group   ID
	Member  ID
	Kind    Kind
	Display string
}
