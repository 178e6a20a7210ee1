package identity

import (
	"fmt"
	"slices"
	"strings"
)

// Action is what to do to a set of links T of the target, given a set S (the vocabulary of SAP's
// samples, scripts 1112, 1653 and 1665).
type Action string

// The actions. The last four exist between whole sets only, the last two need to know everyone.
const (
	Keep       Action = "keep"       // T
	Add        Action = "add"        // T ∪ S
	Remove     Action = "remove"     // T \ S
	Replace    Action = "replace"    // S
	Intersect  Action = "intersect"  // T ∩ S
	Exclude    Action = "exclude"    // (T \ S) ∪ (S \ T)
	ExcludeAll Action = "excludeall" // Everyone \ (T ∩ S)
	Invert     Action = "invert"     // Everyone \ S
)

// LinkActions are the four actions on one entity's links.
var LinkActions = []Action{Keep, Add, Remove, Replace}

// SetActions are the actions between two sets.
var SetActions = []Action{Keep, Add, Remove, Replace, Intersect, Exclude}

// ParseAction reads an action word exactly as SAP's data files spell it: lower case.
func ParseAction(word string, allowed []Action) (Action, error) {
	if slices.Contains(allowed, Action(word)) {
		return Action(word), nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return "", fmt.Errorf("unknown action %q: use %s", word, strings.Join(names, ", "))
}

// Grows reports whether a can bring an element of S into the result that T lacks, so that the elements
// of S have to exist in the target.
func (a Action) Grows() bool {
	switch a {
	case Add, Replace, Exclude, ExcludeAll:
		return true
	case Keep, Remove, Intersect, Invert:
	}
	return false
}

// Shrinks reports whether a can take an element of T out of the result.
func (a Action) Shrinks() bool {
	switch a {
	case Remove, Replace, Intersect, Exclude, ExcludeAll, Invert:
		return true
	case Keep, Add:
	}
	return false
}

// Exact reports whether a decides about every element and not only about those of S, so that the result
// holds only for the T that was looked at.
func (a Action) Exact() bool {
	switch a {
	case Replace, Intersect, ExcludeAll, Invert:
		return true
	case Keep, Add, Remove, Exclude:
	}
	return false
}

// Apply gives the set that action makes of the target's set T and the source's set S. The lists may
// be in any order, with repetitions and empty entries; the result is a [Set] of its own. Everyone is
// looked at by [ExcludeAll] and [Invert] only. An unknown action changes nothing, like [Keep].
func Apply(action Action, target, source, everyone []string) []string {
	t, s := Set(target), Set(source)
	switch action {
	case Add:
		return merge(t, s, true, true, true)
	case Remove:
		return merge(t, s, true, false, false)
	case Replace:
		return s
	case Intersect:
		return merge(t, s, false, true, false)
	case Exclude:
		return merge(t, s, true, false, true)
	case ExcludeAll:
		return merge(Set(everyone), merge(t, s, false, true, false), true, false, false)
	case Invert:
		return merge(Set(everyone), s, true, false, false)
	case Keep:
	}
	return t
}

// Set gives the list's elements sorted, each once, without empty ones: v1 shows a user without roles
// as [""] (script 1112). The list is left as it is; the result shares no memory with it.
func Set(list []string) []string {
	out := slices.Clone(list)
	if !slices.IsSorted(out) {
		slices.Sort(out)
	}
	out = slices.Compact(out)
	if len(out) > 0 && out[0] == "" {
		out = out[1:]
	}
	return out
}

// Diff tells what has to come to and go from the set before to make it the set after. Both must be as
// [Set] gives them.
func Diff(before, after []string) (added, removed []string) {
	return merge(before, after, false, false, true), merge(before, after, true, false, false)
}

// SameSet reports whether two lists are the same set: order, repetitions and empty entries do not count.
func SameSet(a, b []string) bool { return slices.Equal(Set(a), Set(b)) }

// Lookup gives the list's elements for looking them up.
func Lookup(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, s := range list {
		out[s] = true
	}
	return out
}

// JoinLines makes one text of several values, one a line; SplitLines takes it apart again. No value is
// the empty text.
func JoinLines(list []string) string { return strings.Join(list, "\n") }

// SplitLines gives the values that JoinLines put together.
func SplitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// merge walks two sets side by side and takes what is in the first only, in both, in the second only.
func merge(a, b []string, first, both, second bool) []string {
	var out []string
	take := func(yes bool, s string) {
		if yes {
			out = append(out, s)
		}
	}
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0], b[0]); {
		case c < 0:
			take(first, a[0])
			a = a[1:]
		case c > 0:
			take(second, b[0])
			b = b[1:]
		default:
			take(both, a[0])
			a, b = a[1:], b[1:]
		}
	}
	if first {
		out = append(out, a...)
	}
	if second {
		out = append(out, b...)
	}
	return out
}

// Fold gives the form under which SAC takes two e-mails or login IDs for the same one.
func Fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
