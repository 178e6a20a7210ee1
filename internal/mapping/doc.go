// Package mapping is the rule language: conditions on a person, such as
// `domain == "example.com" and has_role("Viewer")`, as given to --where, in a job's scope and in a
// selection. A rule is compiled and type-checked when it is read, and cannot run long, use much memory or
// have an effect. The package is pure and imports identity, nearest and the expression library only.
package mapping
