package show

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/identity"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// shown is how many names of a section people see; the rest is in a file.
const shown = 20

// Plan shows a plan to people: counts first, then names, reasons only when asked for.
type Plan struct {
	Plan    *plan.Plan
	Reads   int           // calls made to read; 0 = not known
	Time    time.Duration // about how long applying takes; 0 = not known
	More    string        // where the whole list is, such as "plan.json"
	Reasons bool
	All     bool             // every name, however many there are
	Surface messages.Surface // whose flags and commands the cures name
	Paint   cli.Painter
}

// section is one heading with its lines.
type section struct {
	title string
	rows  []string
}

// Write shows the plan on w.
func (v Plan) Write(w io.Writer) error {
	l := &cli.Lines{W: w}
	v.header(l)
	v.counts(l)
	for _, s := range v.changes() {
		v.section(l, s)
	}
	for _, s := range v.obstacles() {
		v.section(l, s)
	}
	v.footer(l)
	return l.Err
}

func (v Plan) header(l *cli.Lines) {
	l.Line("%s", v.Paint.In(cli.Bold, "Plan: "+tenant(v.Plan.Source)+" -> "+tenant(v.Plan.Target)))
	l.Line("  from %s", cli.Clean(v.Plan.Source.URL, false))
	l.Line("  to   %s", cli.Clean(v.Plan.Target.URL, false))
}

// tenant names a tenant with its platform and SSO mode.
func tenant(t identity.Tenant) string {
	return cli.Clean(fmt.Sprintf("%s (%s, SSO %s)", t.Name, strings.ToUpper(t.Platform), t.SSO), false)
}

func (v Plan) counts(l *cli.Lines) {
	parts := countLines(v.Plan)
	l.Line("")
	if len(parts) == 0 {
		l.Line("Nothing to do: %s and %s are as wanted.", cli.Count(v.Plan.Counts.UnchangedUsers, "person/people"),
			cli.Count(v.Plan.Counts.UnchangedTeams, "team"))
		return
	}
	for _, p := range parts {
		l.Line("  %s", p)
	}
	l.Line("  unchanged:  %s, %s", cli.Count(v.Plan.Counts.UnchangedUsers, "person/people"), cli.Count(v.Plan.Counts.UnchangedTeams, "team"))
}

// countLines are the lines of countParts and what the plan means for licences.
func countLines(p *plan.Plan) []string {
	lines := countParts(p.Counts)
	if text := licences(p); text != "" {
		lines = append(lines, "licences:   "+text)
	}
	return lines
}

// countParts sums a plan up in a few lines, one for each kind of thing that changes.
func countParts(c plan.Counts) []string {
	var parts []string
	add := func(title string, pairs ...string) {
		var some []string
		for _, p := range pairs {
			if !strings.HasPrefix(p, "0 ") {
				some = append(some, p)
			}
		}
		if len(some) > 0 {
			parts = append(parts, title+strings.Join(some, ", "))
		}
	}
	n := func(n int, what string) string { return fmt.Sprintf("%d %s", n, what) }
	add("people:     ", n(c.CreateUsers, "to create"), n(c.UpdateUsers, "to update"),
		n(c.DeactivateUsers, "to deactivate"), n(c.DeleteUsers, "to delete"))
	add("teams:      ", n(c.CreateTeams, "to create"), n(c.UpdateTeams, "to update"), n(c.DeleteTeams, "to delete"))
	add("role links: ", n(c.AddRoles, "to add"), n(c.RemoveRoles, "to remove"))
	add("members:    ", n(c.AddMembers, "to add"), n(c.RemoveMembers, "to remove"))
	return parts
}

// changes groups the changes by what they do, in the order in which people weigh them.
func (v Plan) changes() []section {
	kinds := []struct {
		title string
		e     plan.Entity
		op    plan.Op
	}{
		{"People to delete", plan.User, plan.Delete},
		{"Teams to delete", plan.Team, plan.Delete},
		{"People to create", plan.User, plan.Create},
		{"People to update", plan.User, plan.Update},
		{"Teams to create", plan.Team, plan.Create},
		{"Teams to update", plan.Team, plan.Update},
	}
	sections := make([]section, len(kinds))
	for i, k := range kinds {
		sections[i].title = k.title
	}
	for i := range v.Plan.Changes {
		c := &v.Plan.Changes[i]
		for j, k := range kinds {
			if c.Entity == k.e && c.Op == k.op {
				sections[j].rows = append(sections[j].rows, v.change(c))
			}
		}
	}
	return sections
}

// change is one entity's line, with its reasons below when asked for.
func (v Plan) change(c *plan.Change) string {
	sign, colour := "~", cli.Yellow
	switch c.Op {
	case plan.Create:
		sign, colour = "+", cli.Green
	case plan.Delete:
		sign, colour = "-", cli.Red
	case plan.Update:
	}
	line := v.Paint.In(colour, sign) + " " + cli.Pad(cli.Clean(c.Key, false), 20) + " " + v.details(c)
	line = strings.TrimRight(line, " ")
	if v.Reasons {
		for _, r := range c.Reasons {
			line += "\n      because " + cli.Clean(r, false)
		}
	}
	return line
}

// details says what changes about an entity.
func (v Plan) details(c *plan.Change) string {
	var parts []string
	some := func(names []string, most int) string {
		if v.All {
			most = len(names)
		}
		return cli.Some(names, most)
	}
	if c.Entity == plan.User && c.User != nil {
		parts = append(parts, c.User.Email)
		if !c.User.Active && c.Op == plan.Create {
			parts = append(parts, "inactive")
		}
		if c.User.Concurrent {
			parts = append(parts, "concurrent licence")
		}
		if len(c.User.Roles) > 0 {
			parts = append(parts, "roles "+some(c.User.Roles, 3))
		}
	}
	if c.Entity == plan.Team && c.Group != nil && c.Group.Description != "" {
		parts = append(parts, fmt.Sprintf("%q", c.Group.Description))
	}
	for _, f := range c.Fields {
		parts = append(parts, fmt.Sprintf("%s %q -> %q", f.Name, f.Before, f.After))
	}
	if len(c.AddRoles) > 0 {
		parts = append(parts, "roles +"+some(c.AddRoles, 2))
	}
	if len(c.RemoveRoles) > 0 {
		parts = append(parts, "roles -"+some(c.RemoveRoles, 2))
	}
	if len(c.AddMembers)+len(c.RemoveMembers) > 0 {
		parts = append(parts, fmt.Sprintf("members +%d -%d of %d", len(c.AddMembers), len(c.RemoveMembers), c.Size))
	}
	if len(c.RemoveMembers) > 0 {
		parts = append(parts, "leaving: "+some(c.RemoveMembers, 5))
	}
	if v.All && len(c.AddMembers) > 0 {
		parts = append(parts, "joining: "+some(c.AddMembers, 0))
	}
	text := cli.Clean(strings.Join(parts, "; "), false)
	if admin := administrative(c); len(admin) > 0 {
		text += "; " + v.Paint.In(cli.Red, "ADMINISTRATIVE: "+cli.Clean(some(admin, 3), false))
	}
	return text
}

// administrative gives the administrative roles that a change gives.
func administrative(c *plan.Change) []string {
	given := c.AddRoles
	if c.User != nil && c.Op == plan.Create {
		given = c.User.Roles
	}
	return slices.DeleteFunc(slices.Clone(given), func(role string) bool { return !isAdministrative(role) })
}

// obstacles are what keeps parts of the plan, or all of it, from being done.
func (v Plan) obstacles() []section {
	conflicts := section{title: "Conflicts: these are left out until someone answers them"}
	missing := section{title: "Missing roles and managers: only these links are left out"}
	for _, c := range v.Plan.Conflicts {
		words := messages.OfFinding(c, v.Surface)
		row := v.Paint.In(cli.Red, "!") + " " + cli.Pad(cli.Clean(c.Key, false), 20) + " " + words.Title + ": " + cli.Clean(words.Line(), false)
		if c.Code == plan.MissingRole || c.Code == plan.MissingManager {
			missing.rows = append(missing.rows, row+"\n      needed by "+affected(c))
		} else {
			conflicts.rows = append(conflicts.rows, row)
		}
	}
	skips := section{title: "Skipped on purpose"}
	for _, s := range v.Plan.Skips {
		skips.rows = append(skips.rows, ". "+cli.Pad(cli.Clean(s.Key, false), 20)+" "+cli.Clean(messages.OfFinding(s, v.Surface).Line(), false))
	}
	warnings := section{title: "Warnings"}
	for _, f := range v.Plan.Warnings {
		warnings.rows = append(warnings.rows, v.Paint.In(cli.Yellow, "!")+" "+cli.Pad(cli.Clean(f.Key, false), 20)+" "+cli.Clean(messages.OfFinding(f, v.Surface).Line(), false))
	}
	held := section{title: "Held by guards: nothing is written"}
	for _, t := range v.Plan.Exceeded {
		held.rows = append(held.rows, v.Paint.In(cli.Red, "!")+" "+cli.Pad(t.Guard, 20)+" "+cli.Clean(messages.OfExceededGuard(t, v.Surface).Line(), false))
	}
	return []section{conflicts, missing, skips, warnings, held}
}

// affected says who waits for a missing role or manager.
func affected(c plan.Finding) string {
	var parts []string
	if len(c.Teams) > 0 {
		parts = append(parts, cli.Count(len(c.Teams), "team")+" ("+cli.Clean(cli.Some(c.Teams, 5), false)+")")
	}
	if len(c.Users) > 0 {
		parts = append(parts, cli.Count(len(c.Users), "person/people")+" ("+cli.Clean(cli.Some(c.Users, 5), false)+")")
	}
	return strings.Join(parts, " and ")
}

// section shows a heading and its first rows.
func (v Plan) section(l *cli.Lines, s section) {
	if len(s.rows) == 0 {
		return
	}
	l.Line("")
	l.Line("%s (%d)", v.Paint.In(cli.Bold, s.title), len(s.rows))
	most := shown
	if v.All {
		most = len(s.rows)
	}
	for _, row := range s.rows[:min(len(s.rows), most)] {
		l.Line("  %s", row)
	}
	if rest := len(s.rows) - most; rest > 0 {
		l.Line("  ... and %d more (see %s)", rest, v.More)
	}
}

func (v Plan) footer(l *cli.Lines) {
	takes := ""
	if v.Time > 0 {
		takes = ", in about " + max(v.Time.Round(time.Second), time.Second).String()
	}
	switch {
	case v.Reads > 0 && !v.Plan.Empty():
		l.Line("\n%s made to read, about %d to apply%s", cli.Count(v.Reads, "call"), v.Plan.Calls, takes)
	case v.Reads > 0:
		l.Line("\n%s made to read", cli.Count(v.Reads, "call"))
	case !v.Plan.Empty():
		l.Line("\nabout %s to apply%s", cli.Count(v.Plan.Calls, "call"), takes)
	}
}
