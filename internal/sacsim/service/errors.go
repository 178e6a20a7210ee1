package service

import (
	"net/http"
	"strconv"
)

// URNs of the messages.
const (
	urnError  = "urn:ietf:params:scim:api:messages:2.0:Error"
	urnList   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	urnPatch  = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	urnBulk   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	urnBulked = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// Texts the tenant is known to answer, word for word (KBA 3562962, KBA 3677629).
const (
	textInvalid = "Request is unparsable, syntactically incorrect, or violates schema."
	textSSO     = "User/group operation not completed: Invalid SAML IdP Configuration"
	textRole    = "User/group operation not completed: Invalid role "
	textEmail   = "Email address is already used for "
	textRoute   = "404 Not Found: Requested route does not exist."
)

// scimError is the error of v2; its status is a string (RFC 7644 section 3.12).
type scimError struct {
	Schemas  []string `json:"schemas"`
	Status   string   `json:"status"`
	ScimType string   `json:"scimType,omitempty"`
	Detail   string   `json:"detail"`
}

// v1Error is the error of v1 as SAP's published OpenAPI declares it.
type v1Error struct {
	Status  string   `json:"status"`
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Stack   string   `json:"stack"`
	Detail  []string `json:"detail"`
}

// refuse answers an error in the shape of the version that was called.
func (q *request) refuse(status int, scimType, detail string) reply {
	switch status {
	case http.StatusNotFound:
		q.call.Work = Work{Kind: WorkNotFound}
	case http.StatusConflict:
		q.call.Work = Work{Kind: WorkConflict}
	default:
		q.call.Work = Work{Kind: WorkRefused}
	}
	if q.v1 {
		return reply{status: status, body: v1Error{
			Status: strconv.Itoa(status), Code: strconv.Itoa(status), Message: detail, Detail: []string{detail},
		}}
	}
	return reply{status: status, body: scimError{
		Schemas: []string{urnError}, Status: strconv.Itoa(status), ScimType: scimType, Detail: detail,
	}}
}

func (q *request) invalid() reply {
	return q.refuse(http.StatusBadRequest, "invalidValue", textInvalid)
}

func (q *request) invalidBecause(why string) reply {
	return q.refuse(http.StatusBadRequest, "invalidValue", why)
}

func (q *request) taken(why string) reply {
	return q.refuse(http.StatusConflict, "uniqueness", why)
}

func (q *request) missing(what, id string) reply {
	return q.refuse(http.StatusNotFound, "", what+" "+id+" not found.")
}
