// Package nearest finds the known word that a misspelt one probably means, for messages that help: the key of a
// configuration, the column of a data file, the name in a rule. It imports the standard library only.
package nearest

import (
	"strings"
	"unicode"
)

// Word gives the known word that was most likely meant by word, or "" if none is near: letter case and separators
// count little, and about a third of the letters may be wrong. Of several that are as near it gives the first.
func Word(word string, known []string) string {
	if word == "" {
		return ""
	}
	best, bestDistance := "", max(len(word)/3+1, 2)
	plain := simplify(word)
	for _, k := range known {
		if d := distance(plain, simplify(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// Hint gives the end of a message about an unknown word, "; did you mean …?", or "" if none is near.
func Hint(word string, known []string) string {
	if near := Word(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// simplify takes away what people get wrong without noticing.
func simplify(s string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, s))
}

// distance is the number of letters to insert, remove or exchange (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ca := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, cb := range b {
			cost := diagonal
			if ca != cb {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, cost)
		}
	}
	return row[len(b)]
}
