package main

import (
	"fmt"
	"io"
	"strings"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// shown is how many names of a section people see; the rest is in a file.
const shown = 20

// planView shows a plan to people: counts first, then names, reasons only when asked for.
type planView struct {
	plan    *plan.Plan
	reads   int    // calls made to read; 0 = not known
	more    string // where the whole list is, such as "plan.json"
	reasons bool
	paint   painter
}

// section is one heading with its lines.
type section struct {
	title string
	rows  []string
}

// write shows the plan on w.
func (v planView) write(w io.Writer) error {
	l := &lines{w: w}
	v.header(l)
	v.counts(l)
	for _, s := range v.changes() {
		v.section(l, s)
	}
	for _, s := range v.obstacles() {
		v.section(l, s)
	}
	v.footer(l)
	return l.err
}

func (v planView) header(l *lines) {
	l.f("%s", v.paint.in(bold, "Plan: "+place(v.plan.Source)+" -> "+place(v.plan.Target)))
	l.f("  from %s", cli.Clean(v.plan.Source.URL, false))
	l.f("  to   %s", cli.Clean(v.plan.Target.URL, false))
}

// place names a tenant with its platform and SSO mode.
func place(t identity.Tenant) string {
	return cli.Clean(fmt.Sprintf("%s (%s, SSO %s)", t.Name, strings.ToUpper(t.Platform), t.SSO), false)
}

func (v planView) counts(l *lines) {
	parts := countParts(v.plan.Counts)
	l.f("")
	if len(parts) == 0 {
		l.f("Nothing to do: %s and %s are as wanted.", cli.Count(v.plan.Counts.UnchangedUsers, "person/people"),
			cli.Count(v.plan.Counts.UnchangedTeams, "team"))
		return
	}
	for _, p := range parts {
		l.f("  %s", p)
	}
	l.f("  unchanged:  %s, %s", cli.Count(v.plan.Counts.UnchangedUsers, "person/people"), cli.Count(v.plan.Counts.UnchangedTeams, "team"))
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
func (v planView) changes() []section {
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
	for i := range v.plan.Changes {
		c := &v.plan.Changes[i]
		for j, k := range kinds {
			if c.Entity == k.e && c.Op == k.op {
				sections[j].rows = append(sections[j].rows, v.change(c))
			}
		}
	}
	return sections
}

// change is one entity's line, with its reasons below when asked for.
func (v planView) change(c *plan.Change) string {
	sign, colour := "~", yellow
	switch c.Op {
	case plan.Create:
		sign, colour = "+", green
	case plan.Delete:
		sign, colour = "-", red
	case plan.Update:
	}
	line := v.paint.in(colour, sign) + " " + cli.Pad(cli.Clean(c.Key, false), 20) + " " + cli.Clean(details(c), false)
	line = strings.TrimRight(line, " ")
	if v.reasons {
		for _, r := range c.Reasons {
			line += "\n      because " + cli.Clean(r, false)
		}
	}
	return line
}

// details says what changes about an entity.
func details(c *plan.Change) string {
	var parts []string
	if c.Entity == plan.User && c.User != nil {
		parts = append(parts, c.User.Email)
		if len(c.User.Roles) > 0 {
			parts = append(parts, cli.Count(len(c.User.Roles), "role"))
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
	return strings.Join(parts, "; ")
}

// obstacles are what keeps parts of the plan, or all of it, from being done.
func (v planView) obstacles() []section {
	conflicts := section{title: "Conflicts: these are left out until someone answers them"}
	missing := section{title: "Missing roles and managers: only these links are left out"}
	for _, c := range v.plan.Conflicts {
		row := v.paint.in(red, "!") + " " + cli.Pad(cli.Clean(c.Key, false), 20) + " " + string(c.Kind) + ": " + cli.Clean(c.Detail, false)
		if needs := needers(c); needs != "" {
			row += "\n      needed by " + needs
		}
		if c.Kind == plan.ConflictMissingRole || c.Kind == plan.ConflictMissingBoss {
			missing.rows = append(missing.rows, row)
		} else {
			conflicts.rows = append(conflicts.rows, row)
		}
	}
	skips := section{title: "Skipped on purpose"}
	for _, s := range v.plan.Skips {
		skips.rows = append(skips.rows, ". "+cli.Pad(cli.Clean(s.Key, false), 20)+" "+cli.Clean(s.Reason, false))
	}
	held := section{title: "Held by guards: nothing is written"}
	for _, t := range v.plan.Held {
		held.rows = append(held.rows, v.paint.in(red, "!")+" "+cli.Pad(t.Guard, 20)+" "+cli.Clean(t.Message, false))
	}
	return []section{conflicts, missing, skips, held}
}

// needers says who waits for a missing role or manager.
func needers(c plan.Conflict) string {
	var parts []string
	if len(c.Teams) > 0 {
		parts = append(parts, cli.Count(len(c.Teams), "team")+" ("+cli.Clean(some(c.Teams, 5), false)+")")
	}
	if len(c.Users) > 0 {
		parts = append(parts, cli.Count(len(c.Users), "person/people")+" ("+cli.Clean(some(c.Users, 5), false)+")")
	}
	return strings.Join(parts, " and ")
}

// section shows a heading and its first rows.
func (v planView) section(l *lines, s section) {
	if len(s.rows) == 0 {
		return
	}
	l.f("")
	l.f("%s (%d)", v.paint.in(bold, s.title), len(s.rows))
	for _, row := range s.rows[:min(len(s.rows), shown)] {
		l.f("  %s", row)
	}
	if rest := len(s.rows) - shown; rest > 0 {
		l.f("  ... and %d more (see %s)", rest, v.more)
	}
}

func (v planView) footer(l *lines) {
	switch {
	case v.reads > 0 && !v.plan.Empty():
		l.f("\n%s made to read, about %d to apply", cli.Count(v.reads, "call"), v.plan.Calls)
	case v.reads > 0:
		l.f("\n%s made to read", cli.Count(v.reads, "call"))
	case !v.plan.Empty():
		l.f("\nabout %s to apply", cli.Count(v.plan.Calls, "call"))
	}
}
