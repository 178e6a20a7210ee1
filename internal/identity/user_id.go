package identity

import (
	"strings"
	"unicode"
)

// HasV2 reports whether people are written by v2: never on NEO (SAP Help, "Managing Users and Teams").
func (t Tenant) HasV2() bool { return t.Platform != PlatformNEO && !t.OnlyV1 }

// AssignedUserID gives the user ID under which the tenant would create somebody who is wanted under id, with
// this e-mail; "" where it would refuse to. v2 takes the ID as it is chosen, in capitals. v1 takes no ID: it
// derives one from the login ID, under SSO email from an e-mail "<id>@<domain>" (script 1131).
func (t Tenant) AssignedUserID(id, email string) string {
	if t.HasV2() {
		made := strings.ToUpper(id)
		if !v2TakesUserID(id) || made != id && t.SSO == SSOUserID { // the login ID must be the user ID exactly
			return ""
		}
		return made
	}
	login := id
	if t.SSO == SSOEmail {
		login = email
		if _, domain, ok := strings.Cut(email, "@"); ok {
			login = id + "@" + domain
		}
	}
	return DerivedUserID(t.SSO, login)
}

// DerivedUserID gives the user ID that v1 makes of a login ID: the part before the first @, in capitals, without
// what is neither a letter of A to Z, a digit nor _; under SSO userid an e-mail address is refused (KBA
// 3677629). "" says that nobody is created.
func DerivedUserID(sso, login string) string {
	local, _, isEmail := strings.Cut(login, "@")
	if isEmail && sso == SSOUserID {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if isPlain(r) {
			return r
		}
		return -1
	}, strings.ToUpper(local))
}

// IsPlainUserID reports whether every tenant keeps the user ID as it is, by either version of the API.
func IsPlainUserID(id string) bool {
	return id != "" && strings.IndexFunc(id, func(r rune) bool { return !isPlain(r) }) < 0
}

func isPlain(r rune) bool { return r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' }

// v2TakesUserID reports whether v2 takes an ID of these characters: no blanks, quotes or slashes, and nothing
// that cannot be seen.
func v2TakesUserID(id string) bool {
	return id != "" && strings.IndexFunc(id, func(r rune) bool {
		return strings.ContainsRune(`"/\`, r) || r == unicode.ReplacementChar || unicode.IsSpace(r) || !unicode.IsPrint(r)
	}) < 0
}

// IsAddressable reports whether a name can be a part of a URL's path, which is how v1 names people and teams: "."
// and ".." lead elsewhere, however they are written (RFC 3986 §5.2.4).
func IsAddressable(name string) bool { return name != "" && name != "." && name != ".." }

// TakesTeamName reports whether the tenant can have a team of this name, and the API can name it.
func (t Tenant) TakesTeamName(name string) bool {
	seen := strings.TrimSpace(name) != "" && strings.IndexFunc(name, unicode.IsControl) < 0
	return seen && (t.HasV2() || IsAddressable(name))
}
