package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/plan"
)

// planFlags are the flags of every verb that ends in a plan: what is shown and how it is approved.
type planFlags struct {
	dryRun  bool
	out     string
	yes     bool
	reasons bool
	output  cli.Output
}

func (p *planFlags) add(f *pflag.FlagSet) {
	p.output = cli.AsTable
	f.BoolVarP(&p.dryRun, "dry-run", "n", false, "show the plan and write nothing")
	f.StringVar(&p.out, "out", "", "write the plan to `FILE`; without --yes and without a terminal nothing else is done")
	f.BoolVarP(&p.yes, "yes", "y", false, "apply without asking; guards hold all the same")
	f.BoolVar(&p.reasons, "reasons", false, "show why, below each change")
	f.VarP(&p.output, "output", "o", "show plan and result as a table or as one JSON document")
}

// approval refuses, before any call, a command that could only end in a question nobody can answer.
func (p *planFlags) approval(a *app) error {
	if p.dryRun && p.yes {
		return cli.Usagef("--dry-run and --yes contradict each other: choose one")
	}
	if a.Ask || p.yes || p.dryRun || p.out != "" {
		return nil
	}
	return cli.Usagef("there is no terminal to ask on: add --yes to apply, --dry-run to look, or --out FILE to keep the plan for `transport apply FILE`")
}

// onlyPlan says that the plan is the whole purpose: nothing is to be applied by this command.
func (p *planFlags) onlyPlan(a *app) bool { return p.dryRun || (p.out != "" && !p.yes && !a.Ask) }

// limitFlags are the flags of every verb that makes a plan from tenants: what it is judged by and how
// fast the tenants are asked.
type limitFlags struct {
	strict  bool
	workers int

	create, update, deactivate, remove, roleRemoval, memberRemoval, sourceSize limit
}

func (l *limitFlags) add(f *pflag.FlagSet) {
	f.BoolVar(&l.strict, "strict", false, "write nothing at all when there is any conflict")
	f.IntVar(&l.workers, "workers", 0, "calls side by side to each tenant (default from the configuration, else 4)")
	for _, g := range []struct {
		v    *limit
		name string
		what string
	}{
		{&l.create, "max-create", "hold the plan if it creates more people and teams than `N or N%`"},
		{&l.update, "max-update", "hold it above this many updates (`N or N%`)"},
		{&l.deactivate, "max-deactivate", "hold it above this many people deactivated (`N or N%`)"},
		{&l.remove, "max-delete", "hold it above this many deletions (`N or N%`)"},
		{&l.roleRemoval, "max-role-removal", "hold it above this many role links removed (`N or N%`)"},
		{&l.memberRemoval, "max-member-removal", "hold it above this many members removed (`N or N%`)"},
		{&l.sourceSize, "min-source-size", "a source team with fewer members than `N or N%` of the target's removes nobody"},
	} {
		f.Var(g.v, g.name, g.what)
	}
}

// check refuses values that no run can have.
func (l *limitFlags) check() error {
	if l.workers < 0 || l.workers > 64 {
		return cli.Usagef("--workers %d: use 1 to 64", l.workers)
	}
	return nil
}

// over replaces in g what flags of the same name say.
func (l *limitFlags) over(g plan.Guards) plan.Guards {
	for _, pair := range []struct {
		flag  limit
		guard *plan.Guard
	}{
		{l.create, &g.MaxCreate},
		{l.update, &g.MaxUpdate},
		{l.deactivate, &g.MaxDeactivate},
		{l.remove, &g.MaxDelete},
		{l.roleRemoval, &g.MaxRoleRemoval},
		{l.memberRemoval, &g.MaxMemberRemoval},
		{l.sourceSize, &g.MinSourceSize},
	} {
		if pair.flag.guard != nil {
			*pair.guard = *pair.flag.guard
		}
	}
	return g
}

// limit is the value of a guard flag: a count or a share. Unset it is nil.
type limit struct{ guard *plan.Guard }

// String gives the limit as it was typed.
func (l *limit) String() string {
	switch {
	case l.guard == nil:
		return ""
	case l.guard.Count != nil:
		return strconv.Itoa(*l.guard.Count)
	}
	return strconv.FormatFloat(*l.guard.Percent, 'g', -1, 64) + "%"
}

// Set takes a count such as 60 or a share such as 2.5%.
func (l *limit) Set(s string) error {
	if share, ok := strings.CutSuffix(s, "%"); ok {
		p, err := strconv.ParseFloat(share, 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return fmt.Errorf("%q is not a share between 0%% and 100%%", s)
		}
		l.guard = &plan.Guard{Percent: &p}
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is neither a count such as 60 nor a share such as 5%%", s)
	}
	l.guard = &plan.Guard{Count: &n}
	return nil
}

// Type names the value in help.
func (*limit) Type() string { return "limit" }

// choice is a flag with a closed set of words.
type choice[T ~string] struct {
	value   *T
	allowed []T
}

// choiceOf binds a flag of words to value, which holds the default.
func choiceOf[T ~string](value *T, allowed ...T) *choice[T] {
	return &choice[T]{value: value, allowed: allowed}
}

// String gives the word.
func (c *choice[T]) String() string {
	if c.value == nil {
		return ""
	}
	return string(*c.value)
}

// Set takes one of the allowed words, spelt exactly so.
func (c *choice[T]) Set(s string) error {
	for _, a := range c.allowed {
		if T(s) == a {
			*c.value = a
			return nil
		}
	}
	return fmt.Errorf("%q is unknown: use %s", s, strings.ReplaceAll(c.Type(), "|", ", "))
}

// Type lists the words in help.
func (c *choice[T]) Type() string {
	words := make([]string, len(c.allowed))
	for i, a := range c.allowed {
		words[i] = string(a)
	}
	return strings.Join(words, "|")
}
