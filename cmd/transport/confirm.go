package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"sacbridge/internal/plan"
)

// confirm asks the person at the terminal, unless --yes or a plan file without a terminal answered
// already. Deletions in a production tenant ask for its name. A "no" ends with exit code 130.
func (a *app) confirm(ctx context.Context, w work, p *plan.Plan) error {
	if w.flags.yes || !a.ask {
		return nil
	}
	want := "y"
	question := fmt.Sprintf("Apply %s to %s (%s)? [y/N] ", count(len(p.Changes), "change"), clean(p.Target.Name, false), clean(p.Target.URL, false))
	if deletes := p.Counts.DeleteUsers + p.Counts.DeleteTeams; w.to.production && deletes > 0 {
		want = p.Target.Name
		question = fmt.Sprintf("%s is a production tenant and %d would be deleted. Type its name to go on: ", clean(p.Target.Name, false), deletes)
	}
	if _, err := fmt.Fprint(a.err, "\n"+question); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	answer, err := a.readLine(ctx)
	if err != nil {
		return err
	}
	if answer == want || (want == "y" && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"))) {
		return nil
	}
	return codef(exitInterrupted, "declined; nothing was written")
}

// readLine reads an answer, and gives up when ctx ends: a read from a terminal cannot be cancelled, so
// it is left behind and ends with the process.
func (a *app) readLine(ctx context.Context) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(a.in).ReadString('\n')
		got <- answer{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", codef(exitInterrupted, "interrupted; nothing was written")
	case r := <-got:
		if r.err != nil && r.text == "" {
			return "", codef(exitInterrupted, "no answer; nothing was written")
		}
		return r.text, nil
	}
}
