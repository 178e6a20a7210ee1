// Package config reads the one configuration file of both programs: strict decoding of YAML with every
// fault at its line, defaults, validation, references to secrets, and the schema for editors. It opens
// no tenant and no store, and plain values leave it. It imports mapping, to check rules, and nearest.
package config
