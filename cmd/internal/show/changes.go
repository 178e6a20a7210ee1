package show

import (
	"fmt"
	"strings"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
)

// changeRow is one thing that changes about one entity: an attribute, a role link or a membership.
type changeRow struct {
	Entity, Key string
	Op          string // create, update or delete
	What        string // the attribute's name, "role", "member", or "" for the entity itself
	Before      string
	After       string
	Result      string // what became of it; "" as long as nothing was done
}

// changeRows lists everything that a plan changes, one row each, in its order.
func changeRows(p *plan.Plan) []changeRow {
	var rows []changeRow
	for i := range p.Changes {
		rows = append(rows, rowsOf(&p.Changes[i])...)
	}
	return rows
}

func rowsOf(c *plan.Change) []changeRow {
	var rows []changeRow
	add := func(what, before, after string) {
		rows = append(rows, changeRow{Entity: string(c.Entity), Key: c.Key, Op: string(c.Op), What: what, Before: before, After: after})
	}
	switch {
	case c.User != nil:
		for _, name := range plan.AttributeNames() {
			if value := plan.ValueOf(c.User, name); value != "" {
				before, after := sides(c.Op, value)
				add(string(name), before, after)
			}
		}
		for _, role := range c.User.Roles {
			before, after := sides(c.Op, role)
			add("role", before, after)
		}
	case c.Group != nil:
		before, after := sides(c.Op, c.Group.Description)
		add(string(plan.FieldDescription), before, after)
	}
	for _, f := range c.Fields {
		add(string(f.Name), f.Before, f.After)
	}
	for _, role := range c.RemoveRoles {
		add("role", role, "")
	}
	for _, role := range c.AddRoles {
		add("role", "", role)
	}
	for _, member := range c.RemoveMembers {
		add("member", member, "")
	}
	for _, member := range c.AddMembers {
		add("member", "", member)
	}
	if len(rows) == 0 {
		add("", "", "")
	}
	return rows
}

// sides puts a value where it is after a create, or was before a delete.
func sides(op plan.Op, value string) (before, after string) {
	if op == plan.Delete {
		return value, ""
	}
	return "", value
}

// withResults tells of each row what became of it: of the link where it failed, else of its entity.
func withResults(rows []changeRow, entities []apply.EntityResult) []changeRow {
	type key struct{ entity, key string }
	results := make(map[key]*apply.EntityResult, len(entities))
	for i := range entities {
		results[key{string(entities[i].Entity), entities[i].Key}] = &entities[i]
	}
	for i := range rows {
		if e := results[key{rows[i].Entity, rows[i].Key}]; e != nil {
			rows[i].Result = resultOf(&rows[i], e)
		}
	}
	return rows
}

func resultOf(row *changeRow, e *apply.EntityResult) string {
	for _, link := range e.Links {
		kind := string(link.Kind)
		if (kind == row.What || kind == string(apply.AttributeLink) && link.Key == row.What) &&
			(link.Key == row.After || link.Key == row.Before || link.Key == row.What) {
			return "failed: " + link.Cause
		}
	}
	if e.Status == apply.Partly {
		return string(apply.Done)
	}
	if e.Cause != "" {
		return string(e.Status) + ": " + e.Cause
	}
	return string(e.Status)
}

// changeHeader names the columns of changeCells.
func changeHeader(results bool) []string {
	header := []string{"kind", "name", "operation", "what", "before", "after"}
	if results {
		header = append(header, "result")
	}
	return header
}

func (r *changeRow) cells(results bool) []string {
	cells := []string{r.Entity, r.Key, r.Op, r.What, r.Before, r.After}
	if results {
		cells = append(cells, r.Result)
	}
	return cells
}

// licences sums up what a plan means for the licences in use: of people who are created, deleted, switched on or off,
// by the kind that the plan knows them to have. People who are there are taken for named users unless it changes.
func licences(p *plan.Plan) string {
	var named, concurrent int
	for i := range p.Changes {
		n, c := licencesOf(&p.Changes[i])
		named, concurrent = named+n, concurrent+c
	}
	var parts []string
	if named != 0 {
		parts = append(parts, fmt.Sprintf("%+d named", named))
	}
	if concurrent != 0 {
		parts = append(parts, fmt.Sprintf("%+d concurrent", concurrent))
	}
	return strings.Join(parts, ", ")
}

// licencesOf gives how many licences of each kind one change takes, below 0 where it sets some free.
func licencesOf(c *plan.Change) (named, concurrent int) {
	if c.Entity != plan.User {
		return 0, 0
	}
	if c.User != nil {
		n := map[plan.Op]int{plan.Create: 1, plan.Delete: -1}[c.Op]
		switch {
		case !c.User.Active:
			return 0, 0
		case c.User.Concurrent:
			return 0, n
		}
		return n, 0
	}
	for _, f := range c.Fields {
		n := map[string]int{"true": 1, "false": -1}[f.After]
		if f.Name == plan.FieldActive {
			named += n
		}
		if f.Name == plan.FieldConcurrent {
			named, concurrent = named-n, concurrent+n
		}
	}
	return named, concurrent
}
