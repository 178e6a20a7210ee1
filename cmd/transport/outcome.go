package main

import (
	"slices"

	"sacbridge/cmd/internal/cli"
	"sacbridge/cmd/internal/show"
	"sacbridge/internal/apply"
	"sacbridge/internal/messages"
	"sacbridge/internal/plan"
)

// resultError says by which exit code a finished run ends; nil where all was done.
func resultError(p *plan.Plan, r *apply.Result) error {
	t := show.TallyOf(r.Entities)
	failed := t[apply.Failed] + t[apply.Partly] + t[apply.Pending]
	switch {
	case r.Interrupted:
		return cli.Codef(cli.ExitInterrupted, "interrupted; go on with: transport runs resume %s", r.RunID)
	case failed > 0:
		return cli.Codef(cli.ExitPartial, "done in part: %d of %d failed; to try these once more: transport runs resume %s", failed, len(r.Entities), r.RunID)
	case p != nil && len(p.Conflicts) > 0:
		return cli.Codef(cli.ExitPartial, "done in part: %s left out (%s)", cli.Count(len(p.Conflicts), "conflict"), cli.Some(conflictKeys(p), 3))
	}
	return nil
}

// conflictKeys names what the plan's conflicts are about, each once.
func conflictKeys(p *plan.Plan) []string {
	var keys []string
	for _, c := range p.Conflicts {
		if name := messages.OfFinding(c, messages.Transport).Title + " " + c.Key; !slices.Contains(keys, name) {
			keys = append(keys, name)
		}
	}
	return keys
}
