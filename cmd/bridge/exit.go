package main

import "sacbridge/cmd/internal/cli"

// stateCodes are the codes of a verb that works on the state.
func stateCodes() []int { return append(cli.LocalCodes(), cli.ExitInterrupted) }
