package scim

import (
	"fmt"
	"net/http"
)

// ErrorType is the scimType of an error answer (RFC 7644 §3.12, table 9).
type ErrorType string

// The error types. An error without one (404, 412) has the empty type.
const (
	InvalidFilter ErrorType = "invalidFilter"
	TooMany       ErrorType = "tooMany"
	Uniqueness    ErrorType = "uniqueness"
	Mutability    ErrorType = "mutability"
	InvalidSyntax ErrorType = "invalidSyntax"
	InvalidPath   ErrorType = "invalidPath"
	NoTarget      ErrorType = "noTarget"
	InvalidValue  ErrorType = "invalidValue"
	InvalidVers   ErrorType = "invalidVers"
	Sensitive     ErrorType = "sensitive"
)

// Error is a refusal in the terms of RFC 7644 §3.12. Detail is written for the person who runs the
// identity provider: it names the attribute and what was expected of it, and holds no secret value.
type Error struct {
	Status int
	Type   ErrorType
	Detail string
	Path   string // the attribute at fault, in canonical spelling; empty where the fault is not one attribute's
}

// Error gives the detail, led by the error type where there is one.
func (e *Error) Error() string {
	if e.Type == "" {
		return e.Detail
	}
	return string(e.Type) + ": " + e.Detail
}

func refuse(status int, kind ErrorType, path, format string, args []any) *Error {
	return &Error{Status: status, Type: kind, Path: path, Detail: fmt.Sprintf(format, args...)}
}

// NewInvalidFilter is the answer 400 to a filter that cannot be read or cannot be asked.
func NewInvalidFilter(path, format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, InvalidFilter, path, format, args)
}

// NewTooMany is the answer 400 to a query that would cost more than the server is willing to spend.
func NewTooMany(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, TooMany, "", format, args)
}

// NewUniqueness is the answer 409 to a value that another resource holds already.
func NewUniqueness(path, format string, args ...any) *Error {
	return refuse(http.StatusConflict, Uniqueness, path, format, args)
}

// NewMutability is the answer 400 to a change of what may not be changed.
func NewMutability(path, format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, Mutability, path, format, args)
}

// NewInvalidSyntax is the answer 400 to a body whose structure is not that of the request.
func NewInvalidSyntax(path, format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, InvalidSyntax, path, format, args)
}

// NewInvalidPath is the answer 400 to a path that is malformed or names no attribute.
func NewInvalidPath(path, format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, InvalidPath, path, format, args)
}

// NewNoTarget is the answer 400 to a path that selects nothing to operate on.
func NewNoTarget(path, format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, NoTarget, path, format, args)
}

// NewInvalidValue is the answer 400 to a value that is missing or does not fit its attribute.
func NewInvalidValue(path, format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, InvalidValue, path, format, args)
}

// NewInvalidVers is the answer 400 to a protocol version that is not spoken.
func NewInvalidVers(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, InvalidVers, "", format, args)
}

// NewSensitive is the answer 403 to a request whose URL would carry personal data (RFC 7644 §7.5.2).
func NewSensitive(format string, args ...any) *Error {
	return refuse(http.StatusForbidden, Sensitive, "", format, args)
}

// NewNotFound is the answer 404 for a resource that does not exist.
func NewNotFound(id string) *Error {
	return refuse(http.StatusNotFound, "", "", "resource %q does not exist", []any{id})
}

// NewStale is the answer 412 to a change of a version that is no longer the current one.
func NewStale(current string) *Error {
	return refuse(http.StatusPreconditionFailed, "", "", "the resource has changed; its version is %s now", []any{current})
}

// NewTooLarge is the answer 413 to a body above limit bytes.
func NewTooLarge(limit int) *Error {
	return refuse(http.StatusRequestEntityTooLarge, "", "", "the body is larger than %d bytes", []any{limit})
}
