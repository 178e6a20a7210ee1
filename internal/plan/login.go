package plan

import "sacbridge/internal/identity"

// emailIsLoginID reports whether the tenant makes a person's e-mail the login ID, so that whoever takes the
// one takes the other.
func emailIsLoginID(sso string) bool { return sso != identity.SSOUserID && sso != identity.SSOCustom }

// newLoginID gives the login ID of a new person, by how the target maps its people (script 1933). free
// is the one wanted where the target takes any, "" for none.
func newLoginID(userID, email, free, sso string) string {
	switch {
	case sso == identity.SSOUserID || sso == identity.SSOCustom && free == "":
		return userID
	case sso == identity.SSOCustom:
		return free
	}
	return identity.Fold(email)
}

// freeLoginID gives the login ID that a person of the source brings along, where both tenants have free ones.
func freeLoginID(src *identity.User, sso string) string {
	if sso == identity.SSOCustom {
		return src.LoginID
	}
	return ""
}
