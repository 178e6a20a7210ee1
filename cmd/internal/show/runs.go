package show

import (
	"io"
	"strings"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/engine"
)

// Runs lists runs.
func Runs(w io.Writer, runs []engine.RunInfo) error {
	rows := make([][]string, len(runs))
	for i, r := range runs {
		rows[i] = []string{r.ID, startOf(r), string(r.Status), r.Target, r.Command}
	}
	return cli.Table(w, []string{"RUN", "STARTED", "STATUS", "TARGET", "COMMAND"}, rows)
}

// startOf gives the time at which a run began; a dash where neither its journal nor its ID tells.
func startOf(r engine.RunInfo) string {
	if r.Started.IsZero() {
		return "-"
	}
	return r.Started.Local().Format(time.DateTime)
}

// Run shows how a run ended, and the result of every entity in it.
func Run(w io.Writer, program string, r *engine.Run) error {
	l := &cli.Lines{W: w}
	l.Line("Run %s: %s", r.ID, r.Status)
	l.Line("  command  %s", cli.Clean(r.Command, false))
	l.Line("  from     %s", cli.Clean(r.Source, false))
	l.Line("  to       %s", cli.Clean(r.Target, false))
	l.Line("  started  %s", startOf(r.RunInfo))
	unsettled := 0
	for _, c := range r.Calls {
		if !c.Settled {
			unsettled++
		}
	}
	l.Line("  calls    %d, of which %d without a known outcome", len(r.Calls), unsettled)
	if r.Resumable() {
		l.Line("  resume   %s runs resume %s", program, r.ID)
	}
	if r.End == nil {
		return l.Err
	}
	if r.End.Cause != "" {
		l.Line("  cause    %s", cli.Clean(r.End.Cause, false))
	}
	l.Line("  result   %s", tally(r.End.Entities))
	l.Line("")
	if l.Err != nil {
		return l.Err
	}
	return entities(w, r.End.Entities)
}

// Changes lists everything that a run was to change, with before and after, and what became of each.
func Changes(w io.Writer, r *engine.Run) error {
	if r.Plan == nil {
		return cli.Usagef("run %s was not started: it changed nothing", r.ID)
	}
	rows := changeRows(r.Plan)
	if r.End != nil {
		rows = withResults(rows, r.End.Entities)
	}
	cells := make([][]string, len(rows))
	for i := range rows {
		cells[i] = rows[i].cells(true)
	}
	header := changeHeader(true)
	for i := range header {
		header[i] = strings.ToUpper(header[i])
	}
	return cli.Table(w, header, cells)
}
