package main

import (
	"fmt"

	"github.com/google/uuid"

	"sacbridge/cmd/internal/cli"
)

// tool names program and version in plan files and requests.
func tool() string { return "transport " + cli.ThisBuild().Version }

// newID gives an identifier of a plan or run: a UUID of version 7 (RFC 9562 §5.7), so that run IDs sort
// by time.
func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an identifier: %w", err)
	}
	return id.String(), nil
}
