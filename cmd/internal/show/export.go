package show

import (
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"strings"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// PlanCSV writes a plan as CSV for a spreadsheet: one row for each attribute, role link and membership that changes,
// then one for each finding. Cells that a spreadsheet would run as a formula begin with an apostrophe.
func PlanCSV(w io.Writer, p *plan.Plan, surface messages.Surface) error {
	out := csv.NewWriter(w)
	write := func(cells ...string) error {
		for i := range cells {
			cells[i] = defused(cells[i])
		}
		return out.Write(cells)
	}
	if err := write(append(changeHeader(false), "note")...); err != nil {
		return err
	}
	for _, row := range changeRows(p) {
		if err := write(append(row.cells(false), note(&row))...); err != nil {
			return err
		}
	}
	for _, f := range findingRows(p, surface) {
		if err := write(f.Kind, f.Key, f.Group, "", "", "", f.Text); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// note marks what whoever approves a plan must not miss.
func note(row *changeRow) string {
	if row.What == "role" && row.After != "" && isAdministrative(row.After) {
		return "administrative role"
	}
	return ""
}

// isAdministrative tells roles that let people administer the tenant: those that SAC delivers as such, and a tenant's own
// whose names say so. No API tells what a role allows.
func isAdministrative(role string) bool {
	name := strings.ToLower(role[strings.LastIndexByte(role, ':')+1:])
	return strings.Contains(name, "admin") || name == "system_owner"
}

// defused keeps a spreadsheet from running a cell as a formula.
func defused(cell string) string {
	if bare := strings.TrimLeft(cell, "'"); bare != "" && strings.ContainsAny(bare[:1], "=+-@\t\r") {
		return "'" + cell
	}
	return cell
}

// findingRow is a finding in words.
type findingRow struct{ Group, Kind, Key, Text string }

func findingRows(p *plan.Plan, surface messages.Surface) []findingRow {
	var rows []findingRow
	for _, group := range []struct {
		name     string
		findings []plan.Finding
	}{{"conflict", p.Conflicts}, {"skipped", p.Skips}, {"warning", p.Warnings}} {
		for _, f := range group.findings {
			rows = append(rows, findingRow{group.name, string(f.Entity), f.Key, messages.OfFinding(f, surface).Line()})
		}
	}
	for _, g := range p.Exceeded {
		rows = append(rows, findingRow{"held", "guard", g.Guard, messages.OfExceededGuard(g, surface).Line()})
	}
	return rows
}

// PlanHTML writes a plan as one page that needs nothing else: counts, findings and every change.
func PlanHTML(w io.Writer, p *plan.Plan, surface messages.Surface) error {
	type pageRow struct {
		changeRow
		Note string
	}
	rows := changeRows(p)
	page := struct {
		Plan     *plan.Plan
		Source   string
		Target   string
		Counts   []string
		Findings []findingRow
		Rows     []pageRow
	}{Plan: p, Source: tenant(p.Source), Target: tenant(p.Target), Counts: countLines(p), Findings: findingRows(p, surface), Rows: make([]pageRow, len(rows))}
	for i := range rows {
		page.Rows[i] = pageRow{visible(rows[i]), note(&rows[i])}
	}
	if err := planPage.Execute(w, page); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// visible shows characters that cannot be seen.
func visible(r changeRow) changeRow {
	r.Key, r.Before, r.After = cli.Clean(r.Key, false), cli.Clean(r.Before, false), cli.Clean(r.After, false)
	return r
}

var planPage = template.Must(template.New("plan").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Plan {{.Plan.ID}}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; overflow-wrap: anywhere }
th { border-bottom: 2px solid #888 }
.create { color: #0a6b2d } .delete { color: #a11 } .note { font-weight: 600; color: #a11 }
</style>
</head>
<body>
<h1>Plan</h1>
<p>{{.Source}} → {{.Target}}<br>{{.Plan.ID}}, made {{.Plan.Created.Format "2006-01-02 15:04:05 MST"}} by {{.Plan.Tool}}</p>
<ul>{{range .Counts}}<li>{{.}}</li>{{else}}<li>Nothing to do.</li>{{end}}</ul>
{{if .Findings}}<h2>Findings</h2>
<table><thead><tr><th>What</th><th>Kind</th><th>Name</th><th>Text</th></tr></thead><tbody>
{{range .Findings}}<tr><td>{{.Group}}</td><td>{{.Kind}}</td><td>{{.Key}}</td><td>{{.Text}}</td></tr>
{{end}}</tbody></table>{{end}}
<h2>Changes</h2>
<table><thead><tr><th>Kind</th><th>Name</th><th>Operation</th><th>What</th><th>Before</th><th>After</th><th>Note</th></tr></thead><tbody>
{{range .Rows}}<tr class="{{.Op}}"><td>{{.Entity}}</td><td>{{.Key}}</td><td>{{.Op}}</td><td>{{.What}}</td><td>{{.Before}}</td><td>{{.After}}</td><td class="note">{{.Note}}</td></tr>
{{end}}</tbody></table>
</body>
</html>
`))
