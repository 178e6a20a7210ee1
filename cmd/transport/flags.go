package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
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
	f.StringVar(&p.out, "out", "", "write the plan to `FILE`, or to standard output (-); without --yes and without a terminal nothing else is done")
	f.BoolVarP(&p.yes, "yes", "y", false, "apply without asking; guards hold all the same")
	f.BoolVar(&p.reasons, "reasons", false, "show why, below each change")
	f.VarP(&p.output, "output", "o", "show plan and result as a table or as one JSON document")
}

// approval refuses, before any call, a command that could only end in a question nobody can answer.
func (p *planFlags) approval(a *app) error {
	if p.dryRun && p.yes {
		return cli.Usagef("--dry-run and --yes contradict each other: choose one")
	}
	if p.out == "-" && p.output == cli.AsJSON {
		return cli.Usagef("--out - and -o json both want standard output: choose one")
	}
	if p.out == "-" && p.yes {
		return cli.Usagef("--out - is for a plan that is kept, and --yes applies it: choose one, or name a file")
	}
	if p.reasons && p.output == cli.AsJSON {
		return cli.Usagef("--reasons has no effect with -o json, which has them all")
	}
	if err := show.CheckPlanFile(p.out); err != nil {
		return err
	}
	if a.Ask || p.yes || p.dryRun || p.out != "" {
		return nil
	}
	return cli.Usagef("there is no terminal to ask on: add --yes to apply, --dry-run to look, or --out FILE to keep the plan for `transport apply FILE`")
}

// guardFlags are limits for one run.
type guardFlags struct{ create, update, deactivate, remove, roleRemoval, memberRemoval limit }

func (g *guardFlags) add(f *pflag.FlagSet) {
	for _, one := range []struct {
		v    *limit
		name string
		what string
	}{
		{&g.create, "max-create", "hold the plan if it creates more people and teams than `N or N%`"},
		{&g.update, "max-update", "hold it above this many updates (`N or N%`)"},
		{&g.deactivate, "max-deactivate", "hold it above this many people deactivated (`N or N%`)"},
		{&g.remove, "max-delete", "hold it above this many deletions (`N or N%`)"},
		{&g.roleRemoval, "max-role-removal", "hold it above this many role links removed (`N or N%`)"},
		{&g.memberRemoval, "max-member-removal", "hold it above this many members removed (`N or N%`)"},
	} {
		f.Var(one.v, one.name, one.what)
	}
}

// allow gives the limits that are set.
func (g *guardFlags) allow() plan.Guards {
	var unset plan.Guard
	return plan.Guards{
		MaxCreate: g.create.or(unset), MaxUpdate: g.update.or(unset), MaxDeactivate: g.deactivate.or(unset), MaxDelete: g.remove.or(unset),
		MaxRoleRemoval: g.roleRemoval.or(unset), MaxMemberRemoval: g.memberRemoval.or(unset),
	}
}

// callFlags say how the tenants are asked, and how patiently.
type callFlags struct {
	workers      int
	wait         time.Duration
	retryIgnored bool
}

func (c *callFlags) add(f *pflag.FlagSet) {
	f.IntVar(&c.workers, "workers", 0, "`N` calls side by side to each tenant (default from the configuration, else 4)")
	f.DurationVar(&c.wait, "wait", 0, "wait up to `TIME`, such as 10m, while somebody else is writing to the target")
	f.BoolVar(&c.retryIgnored, "retry-ignored", false, "try again what the target was seen to accept and ignore, such as changed names")
}

// check refuses values that no run can have.
func (c *callFlags) check() error {
	if c.workers < 0 || c.workers > 64 {
		return cli.Usagef("--workers %d: use 1 to 64", c.workers)
	}
	if c.wait < 0 {
		return cli.Usagef("--wait %s: use a time such as 10m", c.wait)
	}
	return nil
}

// limitFlags are the flags of every verb that makes a plan from tenants: what it is judged by and how
// the tenants are asked.
type limitFlags struct {
	guardFlags
	callFlags
	strict     bool
	sourceSize limit
}

func (l *limitFlags) add(f *pflag.FlagSet) {
	f.BoolVar(&l.strict, "strict", false, "write nothing at all when there is any conflict")
	l.callFlags.add(f)
	l.guardFlags.add(f)
	f.Var(&l.sourceSize, "min-source-size", "a source team with fewer members than `N or N%` of the target's removes nobody")
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

// or gives the limit, or another guard where it is not set.
func (l *limit) or(other plan.Guard) plan.Guard {
	if l.guard == nil {
		return other
	}
	return *l.guard
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

// words are the allowed ones, for completion.
func (c *choice[T]) words() ([]string, error) { return strings.Split(c.Type(), "|"), nil }

// Type lists the words in help.
func (c *choice[T]) Type() string {
	words := make([]string, len(c.allowed))
	for i, a := range c.allowed {
		words[i] = string(a)
	}
	return strings.Join(words, "|")
}
