package main

import (
	"errors"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/admin"
)

// stateCodes are the codes of a verb that works on the state.
func stateCodes() []int { return append(cli.LocalCodes(), cli.ExitInterrupted) }

// coded gives an error of the admin operations its exit code.
func coded(err error) error {
	if _, rejected := errors.AsType[*admin.RejectedError](err); rejected {
		return cli.Coded(cli.ExitUsage, err)
	}
	return err
}
