package main

import (
	"flag"
	"testing"

	"sacbridge/cmd/internal/manual"
)

var manualFolder = flag.String("manual", "", "write the manual pages and completion scripts of a release to this `FOLDER`")

func TestEveryCommandHasAManualPage(t *testing.T) {
	a := newApp()
	a.Called = "sacbridge" // as it is released
	manual.Test(t, newRootCmd(a), *manualFolder)
}
