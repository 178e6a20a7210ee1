package plan

import "sacbridge/internal/identity"

// The SSO modes of a tenant that the planner tells apart. In the fourth, default, a login ID is the e-mail
// in v2 and the user ID in v1, and only the tenant changes it.
const (
	ssoUserID = "userid"
	ssoEmail  = "email"
	ssoCustom = "custom"
)

// emailIsLoginID reports whether the tenant makes a person's e-mail the login ID, so that whoever takes the
// one takes the other.
func emailIsLoginID(sso string) bool { return sso != ssoUserID && sso != ssoCustom }

// newLoginID gives the login ID of a new person, by how the target maps its people (script 1933). free
// is the one wanted where the target takes any, "" for none.
func newLoginID(userID, email, free, sso string) string {
	switch {
	case sso == ssoUserID || sso == ssoCustom && free == "":
		return userID
	case sso == ssoCustom:
		return free
	}
	return identity.Fold(email)
}

// freeLoginID gives the login ID that a person of the source brings along, where both tenants have free ones.
func freeLoginID(src *identity.User, sso string) string {
	if sso == ssoCustom {
		return src.LoginID
	}
	return ""
}
