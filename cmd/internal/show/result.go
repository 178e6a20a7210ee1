package show

import (
	"fmt"
	"io"
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
	Program string // for hints, such as "transport"
	NoList  bool   // the journal is thrown away, so that there is no whole list to look at later
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
	v.listed(l, "Failed", apply.Failed, func(e apply.EntityResult) []string { return []string{e.Cause} })
	v.listed(l, "Links left out", apply.Partly, linkCauses)
	v.listed(l, "Skipped", apply.Skipped, func(e apply.EntityResult) []string { return []string{cause(e)} })
	v.listed(l, "Warnings", "", func(e apply.EntityResult) []string { return e.Warnings })
	if !v.NoList {
		l.Line("  whole list: %s runs show %s", v.Program, v.Result.RunID)
	}
	return l.Err
}

// listed shows the entities of one status (any, where status is empty) that have something to tell.
func (v Result) listed(l *cli.Lines, title string, status apply.Status, tell func(apply.EntityResult) []string) {
	var rows []string
	for _, e := range v.Result.Entities {
		if status != "" && e.Status != status {
			continue
		}
		for _, text := range tell(e) {
			rows = append(rows, fmt.Sprintf("%s %s: %s", e.Entity, cli.Clean(e.Key, false), cli.Clean(text, false)))
		}
	}
	if len(rows) == 0 {
		return
	}
	l.Line("")
	l.Line("%s (%d)", v.Paint.In(cli.Bold, title), len(rows))
	for _, row := range rows[:min(len(rows), shown)] {
		l.Line("  ! %s", row)
	}
	if rest := len(rows) - shown; rest > 0 {
		l.Line("  ... and %d more (see %s runs show %s)", rest, v.Program, v.Result.RunID)
	}
}

// cause says why an entity failed or was skipped; "" where neither is so.
func cause(e apply.EntityResult) string {
	if e.Finding != nil {
		return messages.OfFinding(*e.Finding, messages.Plain).Line()
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
		if c := cause(e); c != "" {
			causes = append([]string{c}, causes...)
		}
		for _, warning := range e.Warnings {
			causes = append(causes, "warning: "+warning)
		}
		rows = append(rows, []string{string(e.Status), string(e.Entity), e.Key, string(e.Op), strings.Join(causes, "; ")})
	}
	return cli.Table(w, []string{"STATUS", "KIND", "NAME", "OPERATION", "CAUSE"}, rows)
}
