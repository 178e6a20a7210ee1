package store

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold gives the form under which two names that people typed are the same: compatibility forms made one, letter
// case folded for all scripts. Folding twice changes nothing. It is for tenants' names alone: indexes and filters of a
// directory agree on directory.NameKey, which is narrower.
func Fold(name string) string {
	folded := name
	for range maxFolds {
		next := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(folded)))
		if next == folded {
			break
		}
		folded = next
	}
	return folded
}

// maxFolds bounds the repeats that some characters need before folding and composing agree (Unicode
// Standard Annex 15 needs two).
const maxFolds = 4
