package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"sacbridge/internal/identity"
	"sacbridge/internal/nearest"
)

const (
	maxRuleBytes = 4 << 10
	maxNodes     = 1000
	maxMemory    = 100_000 // in the library's units: about one for each element made
)

// Rule is a compiled condition on a person. It is safe for concurrent use.
type Rule struct {
	text    string
	program *vm.Program
	usesAge bool
	teams   []string
	roles   []string
}

// RuleError is a fault in a rule's text. Line and Column start at 1; Excerpt is the line with a mark
// below the place.
type RuleError struct {
	Line, Column int
	Message      string
	Excerpt      string
}

// Error gives place and message, and the excerpt on lines of its own.
func (e *RuleError) Error() string {
	place := fmt.Sprintf("column %d", e.Column)
	if e.Line > 1 {
		place = fmt.Sprintf("line %d, column %d", e.Line, e.Column)
	}
	if e.Excerpt == "" {
		return fmt.Sprintf("rule, %s: %s", place, e.Message)
	}
	return fmt.Sprintf("rule, %s: %s\n%s", place, e.Message, e.Excerpt)
}

// ParseRule compiles a condition. The error is a *RuleError that points at the place.
func ParseRule(text string) (*Rule, error) {
	if len(text) > maxRuleBytes {
		return nil, &RuleError{Line: 1, Column: 1, Message: fmt.Sprintf("the rule has %d bytes, and %d are allowed", len(text), maxRuleBytes)}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &RuleError{Line: 1, Column: 1, Message: `the rule is empty: write a condition such as active and domain == "example.com"`}
	}
	inspect := &inspector{}
	program, err := compile(text, inspect)
	if err != nil {
		return nil, ruleError(text, err)
	}
	if inspect.fault != "" {
		return nil, at(text, inspect.at, inspect.fault)
	}
	return &Rule{text: text, program: program, usesAge: inspect.usesAge, teams: inspect.teams, roles: inspect.roles}, nil
}

// Teams lists the teams that the rule names, so that a misspelt one can be told from one without members.
func (r *Rule) Teams() []string { return slices.Clone(r.teams) }

// Roles lists the roles that the rule names, in any of the forms of HasRole.
func (r *Rule) Roles() []string { return slices.Clone(r.roles) }

// compile checks text against the variables. The library reports some faults of a very odd text by a
// panic, which becomes an error here.
func compile(text string, inspect *inspector) (program *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			program, err = nil, fmt.Errorf("the rule cannot be read: %v", r)
		}
	}()
	options := []expr.Option{
		expr.Env(variables{}), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(maxNodes),
		expr.Patch(inspect), expr.Optimize(false),
	}
	for _, b := range builtins {
		options = append(options, expr.EnableBuiltin(b))
	}
	return expr.Compile(text, options...)
}

// String gives the rule's text.
func (r *Rule) String() string { return r.text }

// Match reports whether the condition holds for u. now decides how old an account is. An error names
// the person; it comes from a rule about the age of an account whose date of creation is not known, or
// from a division by zero and the like.
func (r *Rule) Match(u identity.User, now time.Time) (bool, error) {
	if r.usesAge && u.Created.IsZero() {
		return false, fmt.Errorf("rule %q on user %q: %s is not known, the tenant gave no date of creation", r.text, u.UserID, createdDays)
	}
	machine := vm.VM{MemoryBudget: maxMemory}
	out, err := machine.Run(r.program, variablesOf(u, now))
	if err != nil {
		return false, fmt.Errorf("rule %q on user %q: %s", r.text, u.UserID, firstLine(err.Error()))
	}
	matched, _ := out.(bool) // compiled to give a bool
	return matched, nil
}

// ruleError makes our error of the library's.
func ruleError(text string, err error) error {
	fault, ok := errors.AsType[*file.Error](err)
	if !ok {
		return at(text, 0, explain(firstLine(err.Error())))
	}
	return at(text, fault.From, explain(fault.Message))
}

// at makes an error that points at the character with the given offset (in characters, from 0).
func at(text string, offset int, message string) *RuleError {
	before := []rune(text)
	before = before[:min(max(offset, 0), len(before))]
	e := &RuleError{Line: 1, Message: message}
	start := 0
	for i, r := range before {
		if r == '\n' {
			e.Line++
			start = i + 1
		}
	}
	e.Column = len(before) - start + 1
	line, _, _ := strings.Cut(string([]rune(text)[start:]), "\n")
	e.Excerpt = "  " + strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", " ") + "\n  " + strings.Repeat(" ", e.Column-1) + "^"
	return e
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// explain turns the library's messages into ours where ours help more.
func explain(message string) string {
	if name, ok := strings.CutPrefix(message, "unknown name "); ok {
		return unknownName(name)
	}
	if kind, ok := strings.CutPrefix(message, "expected bool, but got "); ok {
		return fmt.Sprintf("the rule gives %s, and it must give yes or no: compare it with something", kindWords(kind))
	}
	switch {
	case message == "unexpected token EOF":
		return "the rule ends too early"
	case message == `unexpected token Operator("=")`:
		return "equality is written =="
	case strings.HasPrefix(message, "unrecognized character: U+201"):
		return "text stands in straight quotation marks"
	}
	return message
}

// kindWords names a type for people who do not program.
func kindWords(kind string) string {
	switch kind {
	case "string":
		return "a text"
	case "int", "float64":
		return "a number"
	case "[]string", "[]interface {}":
		return "a list"
	}
	if strings.HasPrefix(kind, "func") {
		return "a function (call it with parentheses)"
	}
	return "no value that can be used"
}

func unknownName(name string) string {
	known := append(append([]string{}, variableNames...), builtins...)
	if near := nearest.Word(name, known); near != "" {
		return fmt.Sprintf("unknown name %s; did you mean %s?", name, near)
	}
	return fmt.Sprintf("unknown name %s; known are %s", name, strings.Join(known, ", "))
}
