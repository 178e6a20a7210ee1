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

// NewTooLarge is the answer 413 to a body above limit bytes.
func NewTooLarge(limit int) *Error {
	return refuse(http.StatusRequestEntityTooLarge, "", "", "the body is larger than %d bytes", []any{limit})
}
