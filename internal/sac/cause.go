package sac

import (
	"errors"
	"regexp"
	"strings"

	"sacbridge/internal/upstream"
)

// Texts of refusals that name what is wrong (sources: SAP Help, KBA 3677629, KBA 3562962).
var (
	invalidRole  = regexp.MustCompile(`(?i)invalid role:? "?(.+?)"?\.?(?:$|[;,\n])`)
	emailTakenBy = regexp.MustCompile(`(?i)email address is already used for "?([^\s"]+?)"?\.?(?:$|[\s;,])`)
)

// What a refusal is likely to mean, each with its cure.
const (
	causeLicence = "no licence is left: free some under System > Administration > Licenses, or deactivate people first"
	causeOwner   = "this person is the System Owner, whom no API can change (KBA 3718579): hand the ownership over first"
	causeSSO     = "the login ID does not fit the tenant's SAML user attribute (KBA 3677629): check that sso is set as the tenant's System > Administration > Security shows"
	causeHidden  = `v1 cannot address this team: switch "Ignore Content Namespace For Teams" on under System > Administration > System Configuration`
	causeVague   = "the tenant does not say why. Likely causes: no licence is left; sso is not set as in the tenant; " +
		"e-mail and login ID differ, if only by letter case (KBA 3562962); the person is the System Owner (KBA 3718579)"
)

// classed makes sure that err is an *upstream.Error.
func classed(op string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*upstream.Error](err); ok {
		if err.Error() == e.Error() {
			return e
		}
		// The class travels on the outermost error, the words of the wrapping stay.
		outer := *e
		outer.Op, outer.Err, outer.Detail, outer.Cause = op, err, "", ""
		outer.Status = 0
		return &outer
	}
	return &upstream.Error{Class: upstream.Refused, Op: op, Err: err}
}

// refused is a refusal of our own, before or after a call.
func refused(op, code, cause string) *upstream.Error {
	return &upstream.Error{Class: upstream.Refused, Code: code, Op: op, Cause: cause}
}

// explain adds the likely cause to a failed write of a person. manager is the manager that was asked for.
func explain(err error, manager string) error {
	e, ok := errors.AsType[*upstream.Error](err)
	if !ok {
		return err
	}
	if m := emailTakenBy.FindStringSubmatch(e.Detail); m != nil {
		e.Class, e.Code, e.Cause = upstream.Conflict, upstream.CodeEmailTaken, "the e-mail belongs to user "+m[1]
		return err
	}
	if m := invalidRole.FindStringSubmatch(e.Detail); m != nil {
		e.Class, e.Code, e.MissingRef = upstream.Refused, upstream.CodeUnknownRole, m[1]
		e.Cause = "the tenant has no role " + m[1] + ": create it there, or translate the role"
		return err
	}
	if manager != "" && e.Status == 400 && strings.Contains(strings.ToLower(e.Detail), "manager") {
		e.Class, e.Code, e.MissingRef = upstream.Refused, upstream.CodeUnknownManager, manager
		e.Cause = "the tenant has no user " + manager + " to be the manager"
		return err
	}
	if code, cause := causeOf(e); code != "" && (e.Cause == "" || code == upstream.CodeNoLicence) {
		e.Code, e.Cause = code, cause
	}
	return err
}

// causeOf reads the status and the tenant's words; code is empty where they tell nothing.
func causeOf(e *upstream.Error) (code, cause string) {
	text := strings.ToLower(e.Detail)
	switch {
	case e.Status == 428:
		return upstream.CodeNoLicence, causeLicence
	case strings.Contains(text, "saml idp configuration"):
		return upstream.CodeSSO, causeSSO
	case strings.Contains(text, "system owner"):
		return upstream.CodeSystemOwner, causeOwner
	case e.Status == 400 && (e.Detail == "" || isVague(e)):
		return upstream.CodeUnexplained, causeVague
	}
	return "", ""
}

// isVague reports whether the refusal is the text that stands for half a dozen causes.
func isVague(e *upstream.Error) bool {
	return e.Status == 400 && strings.Contains(strings.ToLower(e.Detail), "unparsable, syntactically incorrect")
}

// emailTaken is the conflict of an e-mail that somebody else holds.
func emailTaken(op, holder string) *upstream.Error {
	return &upstream.Error{Class: upstream.Conflict, Code: upstream.CodeEmailTaken, Op: op, Cause: "the e-mail belongs to user " + holder}
}
