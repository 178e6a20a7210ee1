package show

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/plan"
)

// WritePlanFile replaces path by p's file, whole or not at all: written beside it, synced, renamed. It is readable by
// its owner only, since it names people.
func WritePlanFile(path string, p *plan.Plan) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(f.Name()))
		}
	}()
	err = plan.Encode(f, p)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return os.Rename(f.Name(), path)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
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
