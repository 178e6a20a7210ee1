package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"slices"

	"sacbridge/internal/identity"
)

const (
	fingerprintAbsent     = "-" // asked for, does not exist
	fingerprintUnreadable = "?" // exists, could not be read
	fingerprintBytes      = 8   // of the SHA-256
)

// Stale is an entity that is not as it was when the plan was made.
type Stale struct {
	Side   string `json:"side"` // "source" or "target"
	Entity Entity `json:"entity"`
	Key    string `json:"key"`
	What   string `json:"what"` // "changed", "gone", "new"
}

// FindStale compares the plan's fingerprints with fresh snapshots of the same scopes. The result is
// sorted; it is empty where both sides are as they were.
func (p *Plan) FindStale(source, target identity.Snapshot) []Stale {
	out := stale("source", p.SourceFingerprints, fingerprints(SourceScope(p.Request), source))
	return append(out, stale("target", p.TargetFingerprints, fingerprints(TargetScope(p.Request, source, p.Target), target))...)
}

// stale compares fingerprints. An absent entity needs no fingerprint: having none and having "-" is the same.
func stale(side string, before, now map[string]string) []Stale {
	keys := map[string]bool{}
	for k := range before {
		keys[k] = true
	}
	for k := range now {
		keys[k] = true
	}
	var out []Stale
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		was, is := cmp.Or(before[k], fingerprintAbsent), cmp.Or(now[k], fingerprintAbsent)
		if was == is {
			continue
		}
		s := Stale{Side: side, What: "changed"}
		s.Entity, s.Key = splitFingerprintKey(k)
		switch fingerprintAbsent {
		case was:
			s.What = "new"
		case is:
			s.What = "gone"
		}
		out = append(out, s)
	}
	return out
}

func fingerprintKey(e Entity, key string) string { return string(e) + ":" + key }

func splitFingerprintKey(k string) (Entity, string) {
	n := len(User) + 1 // "user:" and "team:" are of one length
	if len(k) < n {
		return "", k
	}
	return Entity(k[:n-1]), k[n:]
}

// fingerprints gives the fingerprints of all that was read, and of what was asked for and does not exist.
func fingerprints(s identity.Scope, snap identity.Snapshot) map[string]string {
	out := make(map[string]string, len(snap.Users)+len(snap.Groups))
	for _, id := range s.UserIDs {
		out[fingerprintKey(User, id)] = fingerprintAbsent
	}
	for _, name := range s.Groups {
		out[fingerprintKey(Team, name)] = fingerprintAbsent
	}
	for name := range snap.Unreadable {
		out[fingerprintKey(Team, name)] = fingerprintUnreadable
	}
	f := facts{h: sha256.New()}
	for id, u := range snap.Users {
		out[fingerprintKey(User, id)] = f.user(u)
	}
	for name, g := range snap.Groups {
		out[fingerprintKey(Team, name)] = f.team(g)
	}
	return out
}

// facts hashes facts one after the other, each with its length so that neighbours cannot be confused.
type facts struct {
	h   hash.Hash
	sum [sha256.Size]byte
	buf []byte
}

// user hashes the facts of a person. Ref and Created are left out: they are no facts that a plan
// compares, and whether they are known depends on how the person was read.
func (f *facts) user(u *identity.User) string {
	f.texts(u.UserID, u.LoginID, u.Email, u.GivenName, u.FamilyName, u.DisplayName, u.Language)
	f.flags(u.Active, u.Concurrent, u.Settings.NotifyByEmail)
	f.number(u.Settings.CleanUpDays)
	f.texts(u.Settings.DataLanguage, u.Settings.DateFormat, u.Settings.TimeFormat, u.Settings.NumberFormat)
	f.texts(u.Manager, u.ExternalID)
	f.set(u.Photos)
	f.set(u.Roles)
	f.set(u.Teams)
	return f.end()
}

// team hashes the facts of a team. Its size is left out: where the members matter they are read.
func (f *facts) team(g *identity.Group) string {
	f.texts(g.Name, g.Description)
	f.flags(g.Hidden)
	f.number(g.Namesakes)
	f.set(g.Roles)
	f.set(g.Members)
	return f.end()
}

func (f *facts) number(n int) {
	f.buf = binary.AppendVarint(f.buf[:0], int64(n))
	_, _ = f.h.Write(f.buf) // a hash never fails
}

func (f *facts) flags(flags ...bool) {
	for _, b := range flags {
		n := 0
		if b {
			n = 1
		}
		f.number(n)
	}
}

func (f *facts) texts(texts ...string) {
	for _, s := range texts {
		f.number(len(s))
		f.buf = append(f.buf[:0], s...)
		_, _ = f.h.Write(f.buf)
	}
}

func (f *facts) set(list []string) {
	view := sortedView(list)
	f.number(len(view))
	f.texts(view...)
}

func (f *facts) end() string {
	sum := f.h.Sum(f.sum[:0])
	f.h.Reset()
	return hex.EncodeToString(sum[:fingerprintBytes])
}
