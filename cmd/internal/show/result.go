package show

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/messages"
)

// Result shows to people what became of a run.
type Result struct {
	Result  *apply.Result
	Program string           // for hints, such as "transport"
	Surface messages.Surface // whose flags and commands the cures name
	NoList  bool             // the journal is thrown away, so that there is no whole list to look at later
	Paint   cli.Painter
}

// Write shows counts, then failures with their causes, then where the whole list is.
func (v Result) Write(w io.Writer) error {
	l := &cli.Lines{W: w}
	counts := engine.TallyOf(v.Result.Entities)
	title := "Done"
	switch {
	case v.Result.Interrupted:
		title = "Interrupted"
	case counts[apply.Failed]+counts[apply.Partly] > 0:
		title = "Done in part"
	}
	l.Line("")
	l.Line("%s: %s", v.Paint.In(cli.Bold, title), tally(v.Result.Entities))
	l.Line("  run %s, %s, %s", v.Result.RunID, cli.Count(v.Result.Calls, "call"), v.Result.Ended.Sub(v.Result.Started).Round(100*time.Millisecond))
	v.failures(l)
	v.listed(l, "Links left out", apply.Partly, linkCauses)
	v.listed(l, "Skipped", apply.Skipped, func(e apply.EntityResult) []string { return []string{cause(e, v.Surface)} })
	v.listed(l, "Warnings", "", func(e apply.EntityResult) []string { return e.Warnings })
	if !v.NoList {
		l.Line("  whole list: %s runs show %s", v.Program, v.Result.RunID)
	}
	return l.Err
}

// listed shows the entities of one status (any, where status is empty) of which there is something to tell.
func (v Result) listed(l *cli.Lines, title string, status apply.Status, textsOf func(apply.EntityResult) []string) {
	var rows []string
	for _, e := range v.Result.Entities {
		if status != "" && e.Status != status {
			continue
		}
		for _, text := range textsOf(e) {
			rows = append(rows, fmt.Sprintf("%s %s: %s", e.Entity, cli.Clean(e.Key, false), cli.Clean(text, false)))
		}
	}
	v.section(l, title, len(rows), rows)
}

// failures shows what failed, most frequent cause first: equal failures are one line with the names below,
// so that a thousand people without a licence hide nothing else.
func (v Result) failures(l *cli.Lines) {
	var causes []string
	same := map[string][]apply.EntityResult{}
	n := 0
	for _, e := range v.Result.Entities {
		if e.Status != apply.Failed {
			continue
		}
		key := e.CauseKey
		if key == "" { // of a run of an earlier version
			key = "run/" + e.Cause
		}
		if same[key] == nil {
			causes = append(causes, key)
		}
		same[key] = append(same[key], e)
		n++
	}
	slices.SortStableFunc(causes, func(a, b string) int { return cmp.Compare(len(same[b]), len(same[a])) })
	var rows []string
	for _, key := range causes {
		rows = append(rows, v.failure(key, same[key]))
	}
	v.section(l, "Failed", n, rows)
}

// failure shows the failures of one cause.
func (v Result) failure(key string, list []apply.EntityResult) string {
	first := list[0]
	if len(list) == 1 {
		return fmt.Sprintf("%s %s: %s", first.Entity, cli.Clean(first.Key, false), cli.Clean(first.Cause, false))
	}
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = string(e.Entity) + " " + e.Key
	}
	row := fmt.Sprintf("%d times: ", len(list))
	if first.CauseKey == "" {
		return row + cli.Clean(first.Cause, false) + "\n      " + cli.Clean(cli.Some(names, 5), false)
	}
	words := strings.ReplaceAll(messages.OfCause(key, v.Surface).Line(), " RUN", " "+v.Result.RunID)
	return row + words + "\n      " + cli.Clean(cli.Some(names, 5), false) + "\n      the first: " + cli.Clean(first.Cause, false)
}

// section shows a heading and its first rows.
func (v Result) section(l *cli.Lines, title string, n int, rows []string) {
	if len(rows) == 0 {
		return
	}
	l.Line("")
	l.Line("%s (%d)", v.Paint.In(cli.Bold, title), n)
	for _, row := range rows[:min(len(rows), shown)] {
		l.Line("  ! %s", row)
	}
	if rest := len(rows) - shown; rest > 0 {
		l.Line("  ... and %d more (see %s runs show %s)", rest, v.Program, v.Result.RunID)
	}
}

// cause says why an entity failed or was skipped; "" where neither is so.
func cause(e apply.EntityResult, surface messages.Surface) string {
	if e.Finding != nil {
		return messages.OfFinding(*e.Finding, surface).Line()
	}
	return e.Cause
}

// linkCauses says which links of an entity could not be made or unmade.
func linkCauses(e apply.EntityResult) []string {
	var causes []string
	for _, link := range e.Links {
		causes = append(causes, fmt.Sprintf("%s %s: %s", link.Kind, link.Key, link.Cause))
	}
	return causes
}

// tally gives the counts of a result's entities that are not zero.
func tally(entities []apply.EntityResult) string {
	t := engine.TallyOf(entities)
	text := ""
	for _, s := range []apply.Status{apply.Done, apply.Partly, apply.Unchanged, apply.Failed, apply.Skipped, apply.Pending} {
		if t[s] == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", t[s], s)
	}
	if text == "" {
		return "nothing to do"
	}
	return text
}

// entities lists every entity of a run.
func entities(w io.Writer, list []apply.EntityResult) error {
	rows := make([][]string, 0, len(list))
	for _, e := range list {
		causes := linkCauses(e)
		if c := cause(e, messages.Plain); c != "" {
			causes = append([]string{c}, causes...)
		}
		for _, warning := range e.Warnings {
			causes = append(causes, "warning: "+warning)
		}
		rows = append(rows, []string{string(e.Status), string(e.Entity), e.Key, string(e.Op), strings.Join(causes, "; ")})
	}
	return cli.Table(w, []string{"STATUS", "KIND", "NAME", "OPERATION", "CAUSE"}, rows)
}
