package config

import (
	_ "embed" // for the schema
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema gives the JSON schema of the configuration file, with which editors complete and check it. A
// test keeps it equal to the structs of this package.
func Schema() []byte { return slices.Clone(schema) }
