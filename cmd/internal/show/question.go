package show

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/plan"
)

// Approve asks the person at the terminal whether to apply p. Deletions in a production tenant ask for its name. A
// "no" is an error with exit code 130.
func Approve(ctx context.Context, w *cli.Environment, p *plan.Plan, production bool) error {
	want := "y"
	question := fmt.Sprintf("Apply %s to %s (%s)? [y/N] ", cli.Count(len(p.Changes), "change"), cli.Clean(p.Target.Name, false), cli.Clean(p.Target.URL, false))
	if deletes := p.Counts.DeleteUsers + p.Counts.DeleteTeams; production && deletes > 0 {
		want = p.Target.Name
		question = fmt.Sprintf("%s is a production tenant and %d would be deleted. Type its name to go on: ", cli.Clean(p.Target.Name, false), deletes)
	}
	if _, err := fmt.Fprint(w.Err, "\n"+question); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	answer, err := readLine(ctx, w)
	if err != nil {
		return err
	}
	if answer == want || (want == "y" && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"))) {
		return nil
	}
	return cli.Codef(cli.ExitInterrupted, "declined; nothing was written")
}

// readLine reads an answer, and gives up when ctx ends: a read from a terminal cannot be cancelled, so
// it is left behind and ends with the process.
func readLine(ctx context.Context, w *cli.Environment) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(w.In).ReadString('\n')
		got <- answer{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", cli.Codef(cli.ExitInterrupted, "interrupted; nothing was written")
	case r := <-got:
		if r.err != nil && r.text == "" {
			return "", cli.Codef(cli.ExitInterrupted, "no answer; nothing was written")
		}
		return r.text, nil
	}
}
