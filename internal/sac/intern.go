package sac

import "unique"

// intern gives one copy of a string that thousands of people share: languages, formats, role IDs, team
// names.
func intern(s string) string { return unique.Make(s).Value() }
