package store

import (
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldVersion names the rules of Fold. A driver keeps it with its indexes, which must be made anew
// where it changes.
const FoldVersion = "nfkc-casefold-1"

// Fold gives the form under which two names are the same key: compatibility forms made one, letter case
// folded for all scripts. Folding twice changes nothing.
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
