package show

import (
	"fmt"
	"io"
	"os"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/plan"
)

// WritePlanFile replaces path by p's file, whole or not at all. It is readable by its owner only, since it
// names people.
func WritePlanFile(path string, p *plan.Plan) error {
	if _, err := cli.WriteWhole(path, func(w io.Writer) error { return plan.Encode(w, p) }); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// ReadPlanFile reads a plan. One that is broken, was edited by hand or comes from a newer version is refused with exit
// code 2.
func ReadPlanFile(path string) (*plan.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cli.Usagef("read the plan: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	p, err := plan.Decode(f)
	if err != nil {
		return nil, cli.Usagef("plan file %s: %w", path, err)
	}
	return p, nil
}
