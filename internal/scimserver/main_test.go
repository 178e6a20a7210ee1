package scimserver

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "rewrite the tables that docs/scim.md takes from the code")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
