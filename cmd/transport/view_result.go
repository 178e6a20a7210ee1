package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// resultView shows to people what became of a run.
type resultView struct {
	result *apply.Result
	lost   bool // the journal is thrown away, so that there is no whole list to look at later
	paint  painter
}

// write shows counts, then failures with their causes, then where the whole list is.
func (v resultView) write(w io.Writer) error {
	l := &lines{w: w}
	tally := tallyOf(v.result.Entities)
	title := "Done"
	switch {
	case v.result.Interrupted:
		title = "Interrupted"
	case tally[apply.Failed]+tally[apply.Partly] > 0:
		title = "Done in part"
	}
	l.f("")
	l.f("%s: %s", v.paint.in(bold, title), tally)
	l.f("  run %s, %s, %s", v.result.RunID, cli.Count(v.result.Calls, "call"), v.result.Ended.Sub(v.result.Started).Round(100*time.Millisecond))
	v.listed(l, "Failed", apply.Failed, func(e apply.EntityResult) []string { return []string{e.Cause} })
	v.listed(l, "Links left out", apply.Partly, linkCauses)
	v.listed(l, "Skipped", apply.Skipped, func(e apply.EntityResult) []string { return []string{e.Cause} })
	v.listed(l, "Warnings", "", func(e apply.EntityResult) []string { return e.Warnings })
	if !v.lost {
		l.f("  whole list: transport runs show %s", v.result.RunID)
	}
	return l.err
}

// listed shows the entities of one status (any, where status is empty) that have something to tell.
func (v resultView) listed(l *lines, title string, status apply.Status, tell func(apply.EntityResult) []string) {
	var rows []string
	for _, e := range v.result.Entities {
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
	l.f("")
	l.f("%s (%d)", v.paint.in(bold, title), len(rows))
	for _, row := range rows[:min(len(rows), shown)] {
		l.f("  ! %s", row)
	}
	if rest := len(rows) - shown; rest > 0 {
		l.f("  ... and %d more (see transport runs show %s)", rest, v.result.RunID)
	}
}

// linkCauses says which links of an entity could not be made or unmade.
func linkCauses(e apply.EntityResult) []string {
	var causes []string
	for _, link := range e.Links {
		causes = append(causes, fmt.Sprintf("%s %s: %s", link.Kind, link.Key, link.Cause))
	}
	return causes
}

// tally counts entities by status.
type tally map[apply.Status]int

func tallyOf(entities []apply.EntityResult) tally {
	t := tally{}
	for _, e := range entities {
		t[e.Status]++
	}
	return t
}

// String gives the counts that are not zero.
func (t tally) String() string {
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

// writeEntities lists every entity of a run.
func writeEntities(w io.Writer, entities []apply.EntityResult) error {
	rows := make([][]string, 0, len(entities))
	for _, e := range entities {
		causes := linkCauses(e)
		if e.Cause != "" {
			causes = append([]string{e.Cause}, causes...)
		}
		for _, warning := range e.Warnings {
			causes = append(causes, "warning: "+warning)
		}
		rows = append(rows, []string{string(e.Status), string(e.Entity), e.Key, string(e.Op), strings.Join(causes, "; ")})
	}
	return cli.Table(w, []string{"STATUS", "KIND", "NAME", "OPERATION", "CAUSE"}, rows)
}

// resultError says by which exit code a finished run ends; nil where all was done.
func resultError(p *plan.Plan, r *apply.Result) error {
	t := tallyOf(r.Entities)
	failed := t[apply.Failed] + t[apply.Partly] + t[apply.Pending]
	switch {
	case r.Interrupted:
		return cli.Codef(cli.ExitInterrupted, "interrupted; go on with: transport runs resume %s", r.RunID)
	case failed > 0:
		return cli.Codef(cli.ExitPartial, "done in part: %d of %d failed; to try these once more: transport runs resume %s", failed, len(r.Entities), r.RunID)
	case p != nil && len(p.Conflicts) > 0:
		return cli.Codef(cli.ExitPartial, "done in part: %s left out (%s)", cli.Count(len(p.Conflicts), "conflict"), some(conflictKeys(p), 3))
	}
	return nil
}

// conflictKeys names what the plan's conflicts are about, each once.
func conflictKeys(p *plan.Plan) []string {
	var keys []string
	for _, c := range p.Conflicts {
		if name := string(c.Kind) + " " + c.Key; !slices.Contains(keys, name) {
			keys = append(keys, name)
		}
	}
	return keys
}
