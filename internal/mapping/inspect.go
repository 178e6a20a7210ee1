package mapping

import (
	"regexp"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// inspector looks at a rule's tree for what the type check allows and a rule may not do, and for what
// it uses. The first fault counts.
type inspector struct {
	fault   string
	at      int
	usesAge bool
	teams   []string // that the rule names
	roles   []string
}

// Visit is called for each node after its children.
func (i *inspector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		i.usesAge = i.usesAge || n.Value == createdDays
		if n.Value == "$env" { // the library's name for all variables at once
			i.refuse(n, unknownName(n.Value))
		}
	case *ast.BinaryNode:
		i.binary(n)
	case *ast.CallNode:
		i.call(n)
	case *ast.BuiltinNode:
		if !slices.Contains(builtins, n.Name) { // those with a condition cannot be switched off
			i.refuse(n, unknownName(n.Name))
		}
		if overList(n) && nested(n) {
			i.refuse(n, "a condition over a list cannot stand in another one")
		}
	}
}

func (i *inspector) refuse(n ast.Node, message string) {
	if i.fault == "" {
		i.fault, i.at = message, n.Location().From
	}
}

// binary refuses ranges, which make lists of any size, and patterns that are not fixed: they would be
// checked only when the rule runs, and take their cost from the data.
func (i *inspector) binary(n *ast.BinaryNode) {
	switch n.Operator {
	case "in":
		if list, ok := n.Right.(*ast.IdentifierNode); ok {
			i.names(list.Value, n.Left)
		}
	case "..":
		i.refuse(n, "ranges are not available")
	case "matches":
		pattern, ok := n.Right.(*ast.StringNode)
		if !ok {
			i.refuse(n.Right, "the pattern must be a text in quotation marks")
			return
		}
		if _, err := regexp.Compile(pattern.Value); err != nil {
			i.refuse(n.Right, "the pattern cannot be read: "+err.Error())
		}
	}
}

// call notes the teams and roles that the two functions are asked about.
func (i *inspector) call(n *ast.CallNode) {
	function, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || len(n.Arguments) != 1 {
		return
	}
	switch function.Value {
	case "in_team":
		i.names("teams", n.Arguments[0])
	case "has_role":
		i.names("roles", n.Arguments[0])
	}
}

// names notes a fixed text that is looked for in a list.
func (i *inspector) names(list string, n ast.Node) {
	text, ok := n.(*ast.StringNode)
	switch {
	case !ok:
	case list == "teams":
		i.teams = append(i.teams, text.Value)
	case list == "roles":
		i.roles = append(i.roles, text.Value)
	}
}

// overList reports whether n is a call such as any(roles, …), whose condition runs for each element.
func overList(n *ast.BuiltinNode) bool {
	for _, a := range n.Arguments {
		if _, ok := a.(*ast.PredicateNode); ok {
			return true
		}
	}
	return false
}

// nested reports whether another such call stands inside n: each level would multiply the time by the
// length of a list.
func nested(n *ast.BuiltinNode) bool {
	inner := &listFinder{}
	for i := range n.Arguments {
		ast.Walk(&n.Arguments[i], inner)
	}
	return inner.found
}

// listFinder looks for calls with a condition over a list.
type listFinder struct{ found bool }

// Visit is called for each node.
func (f *listFinder) Visit(node *ast.Node) {
	if call, ok := (*node).(*ast.BuiltinNode); ok && overList(call) {
		f.found = true
	}
}
