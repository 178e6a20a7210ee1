package messages

import (
	"fmt"
	"strings"

	"sacbridge/internal/plan"
)

// Surface is where words are read, which decides how a reader can act on a cure. A cure names only flags, commands and
// settings that there are; what a surface has no way of its own for is said plainly.
type Surface string

// The surfaces.
const (
	Transport Surface = "transport" // a terminal, with the flags and commands of transport
	Bridge    Surface = "bridge"    // a terminal beside bridge, where jobs are set up in the configuration
	Console   Surface = "console"   // pages, whose buttons stand beside the words
	Plain     Surface = "plain"     // API and notices: no flag, command or button
)

// Words say what was found. Check and Cure may be empty.
type Words struct {
	Code  string `json:"code"`
	Title string `json:"title"` // two or three words, such as "email taken"
	Cause string `json:"cause"` // what was found, with names and figures
	Check string `json:"check,omitempty"`
	Cure  string `json:"cure,omitempty"`
}

// Line gives cause, check and cure in one line.
func (w Words) Line() string {
	var advice []string
	for _, s := range []string{w.Check, w.Cure} {
		if s != "" {
			advice = append(advice, s)
		}
	}
	if len(advice) == 0 {
		return w.Cause
	}
	return w.Cause + ": " + strings.Join(advice, "; ")
}

// OfFinding gives the words of a conflict, skip or warning of a plan. A code that this program does not know,
// of a plan file that another version made, is its own title.
func OfFinding(f plan.Finding, surface Surface) Words {
	e, known := entryOf(f.Code)
	if !known {
		return Words{Code: string(f.Code), Title: titleOfCode(string(f.Code)), Cause: f.Cause}
	}
	if f.Text != "" { // of a plan file of an earlier version
		return Words{Code: string(f.Code), Title: e.title, Cause: f.Text}
	}
	w := Words{Code: string(f.Code), Title: e.title, Cause: e.cause(f), Check: e.check}
	if e.cure != nil {
		w.Cure = e.cure(f, surface)
	}
	if f.Origin != "" {
		w.Cause = f.Origin + ": " + w.Cause
	}
	return w
}

func entryOf(c plan.Code) (entry, bool) {
	for _, catalogue := range []map[plan.Code]entry{conflicts, skips, warnings} {
		if e, known := catalogue[c]; known {
			return e, true
		}
	}
	return entry{}, false
}

// entry has the words of one code.
type entry struct {
	title string
	cause func(plan.Finding) string
	check string
	cure  func(plan.Finding, Surface) string // nil where there is nothing to cure
}

// text is a cause without values.
func text(s string) func(plan.Finding) string { return func(plan.Finding) string { return s } }

// noValues is a cure that is the same on every surface and needs no values.
func noValues(s string) func(plan.Finding, Surface) string {
	return func(plan.Finding, Surface) string { return s }
}

// maxNames bounds the names in one text.
const maxNames = 20

// listNames joins the first names of a list and counts the rest.
func listNames(names []string) string {
	if len(names) <= maxNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
}

// count gives a number with its noun; plural is what the noun is for other numbers than one.
func count(n int, singular, plural string) string {
	if n == 1 {
		return "1 " + singular
	}
	return fmt.Sprintf("%d %s", n, plural)
}

func titleOfCode(code string) string { return strings.ReplaceAll(code, "-", " ") }
